import { isStep, REFRESH, SUCCESSES_KEPT_DAYS } from '../chains.js'
import type { Job } from '../job.js'
import { DAY } from '../text/time.js'

export type StepState =
  | 'done'
  | 'dead'
  | 'failed'
  | 'cancelled'
  | 'running'
  | 'queued'
  | 'not started'
  | 'done (row deleted)'
  | 'unknown'

/** A step of a chain, with its row if there is one. */
export interface Step {
  readonly name: string
  readonly state: StepState
  readonly job: Job | undefined
  /** From claim to end, or to now while it runs, in milliseconds. */
  readonly duration: number | undefined
}

/** All steps of a refresh; one that was enqueued twice stands there twice. */
export function knownSteps(jobs: readonly Job[], now: Date): readonly Step[] {
  const rows = REFRESH.steps.map((known) => jobs.filter((job) => isStep(known, job)))
  const last = rows.findLastIndex((found) => found.length > 0)
  const after = mayHaveGoneOn(rows[last]?.at(-1), now) ? 'unknown' : 'not started'
  return REFRESH.steps.flatMap(({ name }, index): readonly Step[] => {
    const found = rows[index] ?? []
    if (found.length > 0) return found.map((job) => stepOf(name, job, now))
    return [{ name, state: index < last ? 'done (row deleted)' : after, job: undefined, duration: undefined }]
  })
}

/** A step that was reaped may have queued the next one before, whose row is deleted by now. */
function mayHaveGoneOn(job: Job | undefined, now: Date): boolean {
  return job?.reaped === true && now.getTime() - job.failedAt > SUCCESSES_KEPT_DAYS * DAY
}

/** Whether the rows of later steps may be missing because they are deleted. */
export function pruned(steps: readonly Step[]): boolean {
  return steps.some(({ state }) => state === 'unknown')
}

/** A step that has a row. */
export function stepOf(name: string, job: Job, now: Date): Step {
  const end = job.status === 'running' ? now.getTime() : job.finishedAt
  const duration = job.claimedAt === null || end === null ? undefined : end - job.claimedAt
  return {
    name,
    state: job.cancelled ? 'cancelled' : (job.status as StepState),
    job,
    duration: duration !== undefined && duration >= 0 && Number.isFinite(duration) ? duration : undefined,
  }
}
