import type { ChainFailures } from '../digest/chain.js'
import type { Digest } from '../digest/digest.js'
import type { Group, Grouped } from '../digest/group.js'
import { plural } from '../text/words.js'
import { short } from './section.js'

/** What lies beyond the sections, by source and job type, so that none of them is left out. */
export function remainder(
  { kinds, moreChains }: Digest,
  groups: readonly Group[],
  chainsLeft: readonly ChainFailures[],
  most: number,
): readonly string[] {
  const lines = [...kindsLeft(kinds, groups), ...inChains([...chainsLeft, ...moreChains])]
  const left = lines.slice(most)
  const jobs = left.reduce((sum, { count }) => sum + count, 0)
  return [
    ...lines.slice(0, most).map(({ text }) => text),
    ...(left.length > 0 ? [`and ${plural(jobs, 'more job')} of ${plural(left.length, 'more job type')}`] : []),
  ]
}

interface Left {
  readonly count: number
  readonly text: string
}

function kindsLeft(kinds: Grouped['kinds'], groups: readonly Group[]): readonly Left[] {
  return kinds.flatMap(({ name, count }) => {
    const shown = groups.flatMap((group) => group.kinds.filter((kind) => kind.name === name))
    const left = count - shown.reduce((sum, kind) => sum + kind.count, 0)
    const what = shown.length > 0 ? `${left.toLocaleString('en')} more with other errors` : plural(left, 'job')
    return left > 0 ? [{ count: left, text: `${short(name)}: ${what}` }] : []
  })
}

function inChains(chains: readonly ChainFailures[]): readonly Left[] {
  const names = [...new Set(chains.flatMap(({ kinds }) => [...kinds.keys()]))]
  return names.map((name) => {
    const concerned = chains.filter(({ kinds }) => kinds.has(name))
    const count = concerned.reduce((sum, { kinds }) => sum + (kinds.get(name) ?? 0), 0)
    return {
      count,
      text: `${short(name)}: ${count.toLocaleString('en')} more in ${plural(concerned.length, 'other chain')}`,
    }
  })
}
