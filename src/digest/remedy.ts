import type { KnownChain } from '../chains.js'
import { HOUR } from '../text/time.js'
import { begunAt, hasFailed, mayHaveGoneOn, type Run, type StepJob } from './run.js'

/** What is to be done about a chain, and why. */
export type Remedy =
  /** This run came to its end. */
  | { readonly do: 'nothing'; readonly run: Run }
  /** This run is under way. */
  | { readonly do: 'wait'; readonly run: Run }
  /** This run has been queued or running for longer than a worker that lives would leave it. */
  | { readonly do: 'restart the worker'; readonly run: Run }
  /** The steps in `keeps` need not be done again. */
  | { readonly do: 'resume'; readonly at: StepJob; readonly keeps: readonly string[] }
  /** `run` cannot be resumed; it stands at `at`. */
  | { readonly do: 'start again'; readonly run: Run; readonly because: Obstacle }
  /** Nothing was tried. */
  | { readonly do: 'start' }

export type Obstacle = 'cancelled' | 'stalled' | 'rows deleted' | 'out of order'

/** A step that waits for longer has no thread of the worker that would take it. */
const QUEUED_AT_MOST = HOUR
/** The janitor gives a job up after 95 minutes, if a worker lives at all. */
const RUNNING_AT_MOST = 2 * HOUR

/** Somebody has to act. */
export function isNeeded(remedy: Remedy): boolean {
  return remedy.do !== 'nothing' && remedy.do !== 'wait'
}

/**
 * The first rule that applies. `runs` are all runs of the chain, newest first; `run` is the newest that failed, or else
 * the last one that was tried. A run is resumed at its furthest failed step, on all of these conditions.
 */
export function remedyOf(
  chain: KnownChain,
  run: Run | undefined,
  runs: readonly Run[],
  overdue: boolean,
  now: Date,
): Remedy {
  const ended = runs.find(({ state, startedAt }) => state === 'succeeded' && isSince(startedAt, run))
  if (ended && !overdue) return { do: 'nothing', run: ended }

  const underWay = [...(run ? [run] : []), ...runs].find(({ state }) => state === 'under way')
  if (underWay) return { do: isStuck(underWay, now) ? 'restart the worker' : 'wait', run: underWay }

  if (run === undefined) return { do: 'start' }
  if (run.state === 'cancelled' || run.state === 'stalled') return { do: 'start again', run, because: run.state }
  if (mayHaveGoneOn(run.jobs.at(-1)?.job, now)) return { do: 'start again', run, because: 'rows deleted' }

  const failed = run.jobs.findLast(({ job }) => hasFailed(job))
  if (failed !== run.at || failed === undefined) return { do: 'start again', run, because: 'out of order' }
  return { do: 'resume', at: failed, keeps: keptBy(chain, run, failed) }
}

function isSince(startedAt: number | undefined, run: Run | undefined): boolean {
  return startedAt !== undefined && run?.startedAt !== undefined && startedAt >= run.startedAt
}

function isStuck({ at: { job } }: Run, now: Date): boolean {
  const since = now.getTime() - begunAt(job)
  return (job.status === 'queued' && since >= QUEUED_AT_MOST) || (job.status === 'running' && since >= RUNNING_AT_MOST)
}

/** The steps before it whose last job was done. A step without a row was: its row is deleted. */
function keptBy({ steps }: KnownChain, { jobs }: Run, { step }: StepJob): readonly string[] {
  const before = steps.slice(0, steps.indexOf(step))
  const last = (name: string) => jobs.findLast((each) => each.step.name === name)?.job
  return before.map(({ name }) => name).filter((name) => (last(name)?.status ?? 'done') === 'done')
}
