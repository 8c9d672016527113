import { type KnownChain, type KnownStep, REFRESH } from '../chains.js'
import type { Job } from '../job.js'
import type { ChainFailures, Digest, Overdue } from './digest.js'
import { hasFailed, isMoving, type Pass, passesOf } from './pass.js'
import { type Remedy, remedyOf } from './remedy.js'

/** A known chain that failed or is overdue: the newest pass that failed, and what is to be done. */
export interface Refresh {
  readonly chain: KnownChain
  /** The newest pass that failed, reported before or not; undefined if none failed since the last success. */
  readonly pass: Pass | undefined
  /** Failures of that pass, the furthest step first. */
  readonly failed: readonly Job[]
  readonly failures: ChainFailures | undefined
  /** Failures to report of other passes, the latest first. */
  readonly others: readonly Job[]
  /** If it is overdue: other passes that were tried since the last success, newest first. */
  readonly tried: readonly Pass[]
  /** In milliseconds since the epoch. */
  readonly lastSuccess: number | null
  /** The furthest step that has failed since the last success. */
  readonly broken: KnownStep
  readonly remedy: Remedy
  readonly overdue: Overdue | undefined
  readonly now: Date
}

/** What is to be said of the refresh, if it failed or is overdue. */
export function refreshIn({ refresh: failures, context, now }: Digest): Refresh | undefined {
  const { overdue } = context
  if (!failures && !overdue) return undefined
  const chain: KnownChain = REFRESH
  const reported = failures?.jobs ?? []
  // A failure is shown as it was when it was claimed: it may have been retried since.
  const rows = [...context.jobs, ...context.latest, ...reported]
  const passes = passesOf(chain, [...new Map(rows.map((job) => [job.id, job])).values()], now)
  const lastSuccess = context.lastSuccess?.finishedAt ?? null
  const since = lastSuccess ?? Number.NEGATIVE_INFINITY
  const ids = new Set(reported.map(({ id }) => id))
  const isReported = ({ jobs }: Pass): boolean => jobs.some(({ job }) => ids.has(job.id))
  const hasFailedSince = ({ state, at }: Pass): boolean => state === 'failed' && at.job.failedAt > since
  const concerned = passes.filter((each) => isReported(each) || hasFailedSince(each))
  // A pass that was cancelled or came to a standstill is as good as none.
  const pass = concerned.find(({ state }) => state !== 'cancelled' && state !== 'stalled') ?? concerned[0]
  const tried = overdue ? passes.filter(({ at }) => isMoving(at.job) || at.job.failedAt > since) : []
  const failed = (pass?.jobs ?? []).map(({ job }) => job).filter(hasFailed)
  const own = new Set(failed.map(({ id }) => id))
  return {
    chain,
    pass,
    failed: failed.toReversed(),
    failures,
    others: reported.filter(({ id }) => !own.has(id)),
    tried: tried.filter((each) => each !== pass),
    lastSuccess,
    broken: brokenStep(chain, passes, since),
    remedy: remedyOf(chain, pass ?? tried[0], passes, overdue !== undefined, now),
    overdue,
    now,
  }
}

/** A job that was cancelled while it ran may have done half its work. */
function brokenStep({ steps }: KnownChain, passes: readonly Pass[], since: number): KnownStep {
  const broken = passes
    .flatMap(({ jobs }) => jobs)
    .filter(({ job }) => (hasFailed(job) || (job.cancelled && job.claimedAt !== null)) && job.failedAt > since)
  return steps.findLast((step) => broken.some((each) => each.step === step)) ?? (steps[0] as KnownStep)
}
