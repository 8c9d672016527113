import { type KnownChain, type KnownStep, parseChainStart, SUCCESSES_KEPT_DAYS, stepOf } from '../chains.js'
import { inOrderOfCreation, type Job } from '../job.js'
import { DAY, HOUR } from '../text/time.js'

/** A job that is a step of a known chain. */
export interface StepJob {
  readonly step: KnownStep
  readonly job: Job
}

/**
 * The jobs of a known chain with one chain_started_at. A run stands at the step that is queued or running, else at the
 * step that began last; the state of that step is the state of the run.
 */
export interface Run {
  /** Undefined if the row does not tell. */
  readonly startedAt: number | undefined
  readonly state: 'succeeded' | 'under way' | 'failed' | 'cancelled' | 'stalled'
  readonly at: StepJob
  /** In the order of the steps, those of one step in the order of creation. */
  readonly jobs: readonly StepJob[]
}

/** A step with its job, if it has a row. */
export interface Step {
  readonly name: string
  readonly state: string
  readonly job: Job | undefined
  /** From claim to end, or to now while it runs, in milliseconds. */
  readonly duration: number | undefined
}

/** False for a job that an admin cancelled before it had an error. */
export const hasFailed = ({ status, cancelled }: Job): boolean =>
  (status === 'dead' || status === 'failed') && !cancelled

export const isMoving = ({ status }: Job): boolean => status === 'queued' || status === 'running'

/** When its last attempt began, as far as the row tells: the janitor clears the claim. */
export const begunAt = ({ claimedAt, runAfter }: Job): number => claimedAt ?? runAfter

/** The chain's jobs → its runs, the newest first. */
export function runsOf(chain: KnownChain, jobs: readonly Job[], now: Date): readonly Run[] {
  const runs = new Map<number | undefined, StepJob[]>()
  for (const job of jobs) {
    const step = stepOf(chain, job)
    const startedAt = parseChainStart(job.chain)
    if (!step || (startedAt === undefined && !isMoving(job))) continue
    runs.set(startedAt, [...(runs.get(startedAt) ?? []), { step, job }])
  }
  const place = ({ step }: StepJob): number => chain.steps.indexOf(step)
  return [...runs]
    .sort(([a = Number.POSITIVE_INFINITY], [b = Number.POSITIVE_INFINITY]) => b - a)
    .map(([startedAt, found]) => {
      const ordered = found.sort((a, b) => place(a) - place(b) || inOrderOfCreation(a.job, b.job))
      const at = ordered.findLast(({ job }) => isMoving(job)) ?? ordered.reduce(laterBegun)
      return { startedAt, state: stateOf(at, chain, now), at, jobs: ordered }
    })
}

function laterBegun(a: StepJob, b: StepJob): StepJob {
  return begunAt(b.job) >= begunAt(a.job) ? b : a
}

/** A step queues the next one while it ends: a run between two steps has no row that is queued or running. */
function stateOf({ step, job }: StepJob, { steps }: KnownChain, now: Date): Run['state'] {
  if (isMoving(job)) return 'under way'
  if (job.cancelled) return 'cancelled'
  if (job.status !== 'done') return 'failed'
  if (step === steps.at(-1)) return 'succeeded'
  return now.getTime() - (job.finishedAt ?? 0) < HOUR ? 'under way' : 'stalled'
}

/** Every step of the chain with what became of it in the run; a step that was enqueued twice is there twice. */
export function ladder({ steps }: KnownChain, { jobs }: Run, now: Date): readonly Step[] {
  const furthest = jobs.at(-1)
  const last = furthest ? steps.indexOf(furthest.step) : -1
  const after = mayHaveGoneOn(furthest?.job, now) ? 'unknown' : 'not started'
  return steps.flatMap((step, index): readonly Step[] => {
    const own = jobs.filter((each) => each.step === step)
    if (own.length > 0) return own.map(({ job }) => rung(step.name, job, now))
    return [
      { name: step.name, state: index < last ? 'done (row deleted)' : after, job: undefined, duration: undefined },
    ]
  })
}

/** True if the rows of later steps may be deleted: a step that was reaped may have queued the next one before. */
export function mayHaveGoneOn(job: Job | undefined, now: Date): boolean {
  return job?.reaped === true && now.getTime() - job.failedAt > SUCCESSES_KEPT_DAYS * DAY
}

function rung(name: string, job: Job, now: Date): Step {
  const end = job.status === 'running' ? now.getTime() : job.finishedAt
  const duration = job.claimedAt === null || end === null ? undefined : end - job.claimedAt
  return {
    name,
    state: job.cancelled ? 'cancelled' : job.reaped ? 'given up' : job.status === 'dead' ? 'failed' : job.status,
    job,
    duration: duration !== undefined && duration >= 0 && Number.isFinite(duration) ? duration : undefined,
  }
}
