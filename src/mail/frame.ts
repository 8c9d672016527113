import type { Digest } from '../digest/digest.js'
import type { Grouped } from '../digest/group.js'
import type { Backlog } from '../job.js'
import { isDate, MINUTE } from '../text/time.js'
import { list, plural } from '../text/words.js'
import type { Clock } from './clock.js'

/** What failed, in all. */
export interface Total {
  readonly headline: string
  readonly summary: string
}

/** `overdue` where that has a section of its own. */
export function total(digest: Digest, overdue: boolean, clock: Clock): Total {
  const { count, first, last, chains, moreChains, kinds, groups, window } = digest
  const chainCount = chains.length + moreChains.length
  const others = kinds.reduce((sum, kind) => sum + kind.count, 0)
  const parts = [
    ...(chainCount > 0 ? [plural(chainCount, 'chain')] : []),
    ...(others > 0
      ? [`${plural(others, chainCount > 0 ? 'other job' : 'job')} in ${groupCount({ kinds, groups })}`]
      : []),
  ]
  const when = isDate(first) && isDate(last) ? `, ${clock.range(first, last)}` : ''
  return {
    headline: `${plural(count, 'job')} failed for good`,
    summary: [
      ...(parts.length > 0 ? [`${list(parts)}${when}.`] : []),
      ...(overdue ? ['A refresh is overdue.'] : []),
      ...(window.includeAlerted ? ['Failures that were reported before are included.'] : []),
    ].join(' '),
  }
}

/** "4 groups", or the kinds where the errors were too many to be told apart. */
function groupCount({ kinds, groups }: Grouped): string {
  const failures = kinds.reduce((sum, { count }) => sum + count, 0)
  const grouped = groups.reduce((sum, { count }) => sum + count, 0)
  return grouped === failures ? plural(groups.length, 'group') : plural(kinds.length, 'job type')
}

/** What was left out, what the mail is about, and who sent it when. */
export function footer({ count, window, older, waiting, now }: Digest, clock: Clock): readonly string[] {
  const one = count === 1
  const since = window.since === 'all' ? ', however long ago' : ` since ${clock.moment(window.since.getTime())}`
  const reported = window.includeAlerted
    ? `, whether or not ${one ? 'it was' : 'they were'} reported before`
    : `${window.since === 'all' ? ',' : ''} and ${one ? 'was' : 'were'} not reported before`
  return [
    ...(older.count > 0
      ? [
          `${neverReported(older, clock)} To report ${older.count === 1 ? 'it' : 'them'}:`,
          `  node bin/job-alert.js digest --since ${sinceWhen(older.oldest)}`,
        ]
      : []),
    ...(waiting > 0
      ? [
          `${plural(waiting, 'more failure')} did not fit into this mail; the next run reports ${waiting === 1 ? 'it' : 'them'}.`,
        ]
      : []),
    ...(count > 0 ? [`This mail is about ${plural(count, 'job')} that failed for good${since}${reported}.`] : []),
    `Sent by job-alert, ${clock.moment(now.getTime())}.`,
  ]
}

function neverReported({ count, oldest }: Backlog, clock: Clock): string {
  const from = clock.moment(oldest)
  return count === 1
    ? `1 older failure, from ${from}, has never been reported.`
    : `${plural(count, 'older failure')} have never been reported, the oldest from ${from}.`
}

/** A --since that reaches back to `oldest`. */
function sinceWhen(oldest: number | null): string {
  const year = oldest !== null && isDate(oldest) ? new Date(oldest).getUTCFullYear() : 0
  if (oldest === null || year < 1 || year > 9_999) return 'all'
  return new Date(Math.floor(oldest / MINUTE) * MINUTE).toISOString().replace(':00.000Z', 'Z')
}
