import type { ChainDefinition } from '../chains.js'
import type { Job } from '../job.js'
import { isMoving, type Run, runsSince } from './runs.js'

/** A chain that has not succeeded for too long. Times are milliseconds since the epoch, durations milliseconds. */
export interface Overdue {
  readonly definition: ChainDefinition
  readonly lastSuccess: number
  /** It is expected to succeed at least that often. */
  readonly after: number
  /** What has been tried since, newest first, whenever it was started. */
  readonly runs: readonly Run[]
}

/** The job by which a chain last succeeded, when that is longer ago than `after` milliseconds. */
export interface Lapse {
  readonly anchor: Job
  readonly after: number
}

export function overdueOf(
  definition: ChainDefinition,
  { anchor, after }: Lapse,
  latest: readonly Job[],
  now: Date,
): Overdue {
  const runs = runsSince(definition, latest, Number.NEGATIVE_INFINITY, now).filter(
    ({ state, reached: { job } }) => isMoving(job) || (state !== 'succeeded' && job.failedAt > anchor.failedAt),
  )
  return { definition, lastSuccess: anchor.failedAt, after, runs }
}
