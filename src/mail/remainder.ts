import type { ChainFailures } from '../digest/chain.js'
import type { Digest } from '../digest/digest.js'
import type { Group } from '../digest/group.js'
import type { Kind } from '../digest/kind.js'
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

function kindsLeft(kinds: readonly Kind[], groups: readonly Group[]): readonly Left[] {
  const shown = new Set(groups)
  return kinds.flatMap(({ name, count, patterns, countedAll, groups: own }) => {
    const sections = own.filter((group) => shown.has(group))
    const jobs = count - sections.reduce((sum, group) => sum + group.count, 0)
    const errors = patterns - sections.reduce((sum, group) => sum + group.patterns, 0)
    if (jobs === 0) return []
    const varied = countedAll ? errors > 1 : errors > 0
    const different = varied ? ` with ${countedAll ? '' : 'more than '}${plural(errors, 'different error')}` : ''
    const what = sections.length > 0 ? `${jobs.toLocaleString('en')} more` : plural(jobs, 'job')
    return [{ count: jobs, text: `${short(name)}: ${what}${different}` }]
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
