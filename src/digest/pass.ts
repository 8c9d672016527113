import { type KnownChain, type KnownStep, parseChainStart, SUCCESSES_KEPT_DAYS, stepOf } from '../chains.js'
import { inOrderOfCreation, type Job } from '../job.js'
import { DAY, HOUR } from '../text/time.js'

/** A job that is a step of a known chain. */
export interface StepJob {
  readonly step: KnownStep
  readonly job: Job
}

/**
 * One pass through a known chain: its jobs with one chain_started_at. It stands at the step that is queued or running,
 * else at the step that began last; the state of that step is the state of the pass.
 */
export interface Pass {
  /** Undefined if the row does not tell. */
  readonly startedAt: number | undefined
  readonly state: 'succeeded' | 'under way' | 'failed' | 'cancelled' | 'stalled'
  readonly at: StepJob
  /** In the order of the steps, those of one step in the order of creation. */
  readonly jobs: readonly StepJob[]
}

/** False for a job that an admin cancelled before it had an error. */
export const hasFailed = ({ status, cancelled }: Job): boolean =>
  (status === 'dead' || status === 'failed') && !cancelled

export const isInFlight = ({ status }: Job): boolean => status === 'queued' || status === 'running'

/** When its last attempt began, as far as the row tells: the janitor clears the claim. */
export const begunAt = ({ claimedAt, runAfter }: Job): number => claimedAt ?? runAfter

/** The chain's jobs → the passes through it, the newest first. */
export function passesOf(chain: KnownChain, jobs: readonly Job[], now: Date): readonly Pass[] {
  const passes = new Map<number | undefined, StepJob[]>()
  for (const job of jobs) {
    const step = stepOf(chain, job)
    const startedAt = parseChainStart(job.chain)
    if (!step || (startedAt === undefined && !isInFlight(job))) continue
    passes.set(startedAt, [...(passes.get(startedAt) ?? []), { step, job }])
  }
  const place = ({ step }: StepJob): number => chain.steps.indexOf(step)
  return [...passes]
    .sort(([a = Number.POSITIVE_INFINITY], [b = Number.POSITIVE_INFINITY]) => b - a)
    .map(([startedAt, found]) => {
      const ordered = found.sort((a, b) => place(a) - place(b) || inOrderOfCreation(a.job, b.job))
      const laterBegun = (a: StepJob, b: StepJob): StepJob => (begunAt(b.job) >= begunAt(a.job) ? b : a)
      const at = ordered.findLast(({ job }) => isInFlight(job)) ?? ordered.reduce(laterBegun)
      return { startedAt, state: stateOf(at, chain, now), at, jobs: ordered }
    })
}

/** A step queues the next one while it ends: between two steps no row is queued or running. */
function stateOf({ step, job }: StepJob, { steps }: KnownChain, now: Date): Pass['state'] {
  if (isInFlight(job)) return 'under way'
  if (job.cancelled) return 'cancelled'
  if (job.status !== 'done') return 'failed'
  if (step === steps.at(-1)) return 'succeeded'
  return now.getTime() - (job.finishedAt ?? 0) < HOUR ? 'under way' : 'stalled'
}

/** True if the rows of later steps may be deleted: a step that was reaped may have queued the next one before. */
export function mayHaveGoneOn(job: Job | undefined, now: Date): boolean {
  return job?.reaped === true && now.getTime() - job.failedAt > SUCCESSES_KEPT_DAYS * DAY
}
