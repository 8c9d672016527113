import type { KnownChain, KnownStep } from '../chains.js'
import type { Job } from '../job.js'
import type { ChainFailures } from './chain.js'
import { type Remedy, remedyOf } from './remedy.js'
import { hasFailed, isMoving, ladder, type Run, runsOf, type Step } from './run.js'

/** What the database says about a known chain beyond the failures themselves. */
export interface ChainContext {
  /** Every job of the runs that failed. */
  readonly jobs: readonly Job[]
  /** What is queued or running, then the latest jobs of all its runs. */
  readonly latest: readonly Job[]
  /** The job by which a run last came to its end. */
  readonly lastSuccess: Job | undefined
}

/** That no run has succeeded for too long. */
export interface Overdue {
  /** The last success or, where none is on record, the oldest job on record; in milliseconds since the epoch. */
  readonly anchor: number
  /** A success is expected that often, in milliseconds. */
  readonly after: number
  /** In milliseconds since the epoch; null when none is on record. */
  readonly lastSuccess: number | null
}

/** A known chain that failed or is overdue: the newest run that failed, and what is to be done. */
export interface Refresh {
  readonly chain: KnownChain
  /** The newest run that failed, reported before or not; undefined if none failed since the last success. */
  readonly run: Run | undefined
  readonly steps: readonly Step[]
  /** Failures of that run, the furthest step first. */
  readonly failed: readonly Job[]
  readonly failures: ChainFailures | undefined
  /** Failures to report of other runs, the latest first. */
  readonly others: readonly Job[]
  /** If it is overdue: other runs that were tried since the last success, newest first. */
  readonly tried: readonly Run[]
  /** In milliseconds since the epoch. */
  readonly lastSuccess: number | null
  /** The furthest step that has failed since the last success. */
  readonly broken: KnownStep
  readonly remedy: Remedy
  readonly overdue: Overdue | undefined
}

/** `failures` of the chain, and whether it is overdue → what the mail says of it. */
export function refreshOf(
  chain: KnownChain,
  failures: ChainFailures | undefined,
  context: ChainContext,
  overdue: Overdue | undefined,
  now: Date,
): Refresh {
  const reported = failures?.jobs ?? []
  // A failure is shown as it was when it was claimed: it may have been retried since.
  const rows = [...context.jobs, ...context.latest, ...reported]
  const runs = runsOf(chain, [...new Map(rows.map((job) => [job.id, job])).values()], now)
  const lastSuccess = context.lastSuccess?.finishedAt ?? null
  const since = lastSuccess ?? Number.NEGATIVE_INFINITY
  const ids = new Set(reported.map(({ id }) => id))
  const isReported = ({ jobs }: Run): boolean => jobs.some(({ job }) => ids.has(job.id))
  const concerned = runs.filter((each) => isReported(each) || (each.state === 'failed' && each.at.job.failedAt > since))
  // A run that was cancelled or came to a standstill is as good as none.
  const run = concerned.find(({ state }) => state !== 'cancelled' && state !== 'stalled') ?? concerned[0]
  const tried = overdue ? runs.filter(({ at }) => isMoving(at.job) || at.job.failedAt > since) : []
  const failed = (run?.jobs ?? []).map(({ job }) => job).filter(hasFailed)
  const own = new Set(failed.map(({ id }) => id))
  return {
    chain,
    run,
    steps: run ? ladder(chain, run, now) : [],
    failed: failed.toReversed(),
    failures,
    others: reported.filter(({ id }) => !own.has(id)),
    tried: tried.filter((each) => each !== run),
    lastSuccess,
    broken: brokenStep(chain, runs, since),
    remedy: remedyOf(chain, run ?? tried[0], runs, overdue !== undefined, now),
    overdue,
  }
}

/** A job that was cancelled while it ran may have done half its work. */
function brokenStep({ steps }: KnownChain, runs: readonly Run[], since: number): KnownStep {
  const broken = runs
    .flatMap(({ jobs }) => jobs)
    .filter(({ job }) => (hasFailed(job) || (job.cancelled && job.claimedAt !== null)) && job.failedAt > since)
  return steps.findLast((step) => broken.some((each) => each.step === step)) ?? (steps[0] as KnownStep)
}
