import { type ChainDefinition, isStep } from '../chains.js'
import type { Job } from '../job.js'

export type StepState =
  | 'done'
  | 'dead'
  | 'failed'
  | 'cancelled'
  | 'running'
  | 'queued'
  | 'not started'
  | 'done (row pruned)'

export interface Step {
  readonly name: string
  readonly state: StepState
  readonly job: Job | undefined
  /** From claim to end, or to now while it runs, in milliseconds. */
  readonly duration: number | undefined
}

/** The whole ladder; a step that was enqueued twice stands there twice. */
export function knownSteps(definition: ChainDefinition, jobs: readonly Job[], now: Date): readonly Step[] {
  const rows = definition.steps.map((known) => jobs.filter((job) => isStep(known, job)))
  const last = rows.findLastIndex((found) => found.length > 0)
  return definition.steps.flatMap(({ name }, index): readonly Step[] => {
    const found = rows[index] ?? []
    if (found.length > 0) return found.map((job) => stepOf(name, job, now))
    return [{ name, state: index < last ? 'done (row pruned)' : 'not started', job: undefined, duration: undefined }]
  })
}

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
