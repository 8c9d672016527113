import type { Presentation } from '../config.js'
import type { Digest } from '../digest.js'
import { cut, oneLine } from '../redact.js'
import { jobName, plural } from './letter.js'
import { Clock } from './time.js'

const LENGTH = 77

/** What failed, where and when, in one line of at most 77 characters. */
export function subject(digest: Digest, { timezone, environment }: Presentation): string {
  const when = new Clock(timezone, digest.now)
  const what = whatFailed(digest)
  const line = `${environment ? `${environment}: ` : ''}${what.text}`
  const dated = what.at === undefined ? line : `${line}, ${when.short(what.at)}`
  // The time goes first when there is no room: every mail has its own.
  return cut(oneLine(dated.length <= LENGTH ? dated : line), LENGTH)
}

function whatFailed({ count, chains: [chain], groups: [group] }: Digest): { text: string; at?: number } {
  if (chain) {
    const text = `${chain.shortTitle} failed at ${chain.failedAt.at(-1)}`
    const others = count - chain.failures.count
    return others > 0 ? { text: `${text}, and ${plural(others, 'other job')}` } : { text, at: chain.failures.last }
  }
  if (!group) return { text: plural(count, 'failed job') }
  const others = count - group.count
  const name = cut(jobName(group.jobs[0]), 44)
  const own = group.count === 1 ? `${name} failed` : `${plural(group.count, `${name} job`)} failed`
  return others > 0 ? { text: `${own}, and ${plural(others, 'other job')}` } : { text: own, at: group.last }
}
