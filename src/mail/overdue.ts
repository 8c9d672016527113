import { REFRESH } from '../chains.js'
import type { Overdue } from '../digest/overdue.js'
import { type ChainRun, isUnderWay } from '../digest/runs.js'
import { plural } from '../text/words.js'
import type { Clock } from './clock.js'
import { span } from './duration.js'
import { allJobs } from './group.js'
import { stands } from './outlook.js'
import { NONE, type Section, type Style, UNSAID } from './section.js'

const RUNS_SHOWN = 5

/** A refresh that is overdue, where no section is about one that has to be resumed. */
export function overdueSection({ lastSuccess, anchor, after, runs }: Overdue, { clock, pages }: Style): Section {
  const since = anchor + after
  return {
    ...NONE,
    headline: `${REFRESH.title} is overdue`,
    brief: `${REFRESH.shortTitle} is overdue`,
    when: `since ${clock.short(since)}`,
    summary: `Overdue since ${clock.moment(since)}. ${last(lastSuccess, anchor, clock)} ${expected(after)}.`,
    outlook: [`${REFRESH.consequence}.`, ...runLines(runs, clock), advice(runs)],
    links: [{ label: 'Open the admin page', url: pages.at(REFRESH.page) }],
  }
}

function last(success: number | null, anchor: number, clock: Clock): string {
  return success === null
    ? `No successful refresh is on record; the oldest job of one is of ${clock.moment(anchor)}, ${clock.ago(anchor)}.`
    : `The last refresh succeeded on ${clock.moment(success)}, ${clock.ago(success)}.`
}

function advice(runs: readonly ChainRun[]): string {
  const [last] = runs
  if (last === undefined) return 'No refresh has been tried since: start one on the admin page.'
  if (runs.some(isUnderWay)) return 'Wait until it has ended.'
  const resume = last.state === 'failed' ? 'resume it with the statement in its mail, or ' : ''
  return `Find out why the last one stopped. Then ${resume}start a new one on the admin page.`
}

/** For one that cannot be said as it should be. */
export function bareOverdue({ pages }: Style): Section {
  const headline = 'A refresh is overdue'
  return { ...NONE, headline, brief: headline, when: '', summary: UNSAID, links: [allJobs(pages)] }
}

/** In the section of a refresh that failed: that it is overdue, and what was tried beside the runs that it names. */
export function overdueBeside({ after, runs }: Overdue, named: readonly unknown[], clock: Clock): readonly string[] {
  const others = runs.filter(({ startedAt }) => !named.includes(startedAt))
  return [`A successful refresh is overdue. ${expected(after)}.`, ...runLines(others, clock)]
}

function expected(after: number): string {
  return `One is expected every ${span(after)} (REFRESH_OVERDUE_AFTER)`
}

/** Refreshes that were tried while none succeeded. */
function runLines(runs: readonly ChainRun[], clock: Clock): readonly string[] {
  const shown = runs.slice(0, RUNS_SHOWN).map((run) => runLine(run, clock))
  return runs.length > RUNS_SHOWN ? [...shown, `… and ${plural(runs.length - RUNS_SHOWN, 'earlier one')}.`] : shown
}

function runLine({ startedAt, state, reached: { step, job } }: ChainRun, clock: Clock): string {
  const start = `The refresh of ${clock.moment(startedAt)}`
  if (state === 'failed') return `${start} failed at ${step} (job ${job.id}).`
  if (state === 'cancelled') return `${start} was cancelled at ${step} (job ${job.id}).`
  if (state === 'stalled') return `${start} stopped after ${step} (job ${job.id}): the next step was never queued.`
  return `${start} is under way: ${stands({ step, job })}.`
}
