import { REFRESH } from '../chains.js'
import { type Digest, leading } from '../digest/digest.js'
import type { Grouped } from '../digest/group.js'
import { isDate } from '../text/time.js'
import { cut, oneLine, plural } from '../text/words.js'
import { chainFailed } from './chain.js'
import { Clock } from './clock.js'
import type { Presentation } from './presentation.js'

/** Longer lines are folded or cut on the way. */
const LENGTH = 78
const NAME_LENGTH = 44

/** What failed, where and when, in one line of at most 78 characters. The time goes before anything else does. */
export function subject(digest: Digest, { timezone, environment }: Presentation): string {
  const { at, write } = whatFailed(digest)
  const line = (when?: string): string => oneLine(environment ? `${environment}: ${write(when)}` : write(when))
  const times =
    at !== undefined && isDate(at) ? [timezone, 'UTC'].map((zone) => new Clock(zone, digest.now).short(at)) : []
  const dated = times.map(line).find((candidate) => candidate.length <= LENGTH)
  return dated ?? cut(line(), LENGTH)
}

interface Words {
  /** In milliseconds since the epoch. */
  readonly at?: number
  readonly write: (when?: string) => string
}

function whatFailed(digest: Digest): Words {
  const { section, overdue, kind } = leading(digest)
  const dated = (text: string, at: number): Words => ({ at, write: (when) => (when ? `${text}, ${when}` : text) })
  const others = (count: number): string =>
    digest.count > count ? `, and ${plural(digest.count - count, 'other job')}` : ''
  if (section?.chain) {
    const { chain, failures } = section
    const jobs = failures.count > 1 ? ` (${plural(failures.count, 'job')})` : ''
    return dated(chainFailed(chain) + jobs + others(failures.count), chain.leading.failedAt)
  }
  if (overdue) {
    const failed = digest.count > 0 ? `, and ${plural(digest.count, 'job')} failed` : ''
    return {
      at: overdue.anchor + overdue.after,
      write: (when) => `${REFRESH.shortTitle} ${when ? `has been overdue since ${when}` : 'is overdue'}${failed}`,
    }
  }
  return kind
    ? dated(kindFailed(kind) + others(kind.count), kind.last)
    : { write: () => plural(digest.count, 'failed job') }
}

function kindFailed({ name, count }: Grouped['kinds'][number]): string {
  const short = cut(oneLine(name), NAME_LENGTH)
  return count === 1 ? `${short} failed` : `${plural(count, `${short} job`)} failed`
}
