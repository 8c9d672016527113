import type { Chain } from '../digest/chain.js'
import type { Digest } from '../digest/digest.js'
import type { Kind } from '../digest/kind.js'
import { cut, oneLine, plural } from '../text/words.js'
import { Clock } from './clock.js'
import type { Presentation } from './presentation.js'

/** Longer lines are folded or cut on the way. */
const LENGTH = 78
const NAME_LENGTH = 44

/** What failed, where and when, in one line of at most 78 characters. The time goes before anything else does. */
export function subject(digest: Digest, { timezone, environment }: Presentation): string {
  const { text, at } = whatFailed(digest)
  const line = oneLine(environment ? `${environment}: ${text}` : text)
  const times = [timezone, 'UTC'].map((zone) => new Clock(zone, digest.now).short(at))
  const dated = times.map((time) => `${line}, ${time}`).find((candidate) => candidate.length <= LENGTH)
  return dated ?? cut(line, LENGTH)
}

function whatFailed(digest: Digest): { readonly text: string; readonly at: number } {
  const [section] = digest.chains
  const [kind] = digest.kinds
  const others = (count: number): string =>
    digest.count > count ? `, and ${plural(digest.count - count, count > 0 ? 'other job' : 'failed job')}` : ''
  if (section?.chain)
    return { text: chainFailed(section.chain) + others(section.failures.count), at: section.chain.leading.failedAt }
  if (digest.overdue)
    return {
      text: `${digest.overdue.definition.shortTitle} is overdue${others(0)}`,
      at: kind?.last ?? digest.now.getTime(),
    }
  if (!kind || section) return { text: plural(digest.count, 'failed job'), at: digest.now.getTime() }
  return { text: kindFailed(kind) + others(kind.count), at: kind.last }
}

function chainFailed({ shortTitle, failedAt, leading, outlook }: Chain): string {
  const how = leading.reaped ? 'was reaped' : 'failed'
  if (outlook?.course.kind === 'finished') return `${shortTitle} finished although ${failedAt} ${how}`
  if (outlook?.course.kind === 'goes on') return `${shortTitle} goes on although ${failedAt} ${how}`
  return `${shortTitle} failed at ${failedAt}`
}

function kindFailed({ name, count }: Kind): string {
  const short = cut(oneLine(name), NAME_LENGTH)
  return count === 1 ? `${short} failed` : `${plural(count, `${short} job`)} failed`
}
