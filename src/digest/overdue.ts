import type { ChainDefinition } from '../chains.js'
import type { Job } from '../job.js'
import { type ChainRun, isMoving, runsSince } from './runs.js'

/** A chain that has not succeeded for too long. Times are milliseconds since the epoch, durations milliseconds. */
export interface Overdue {
  readonly definition: ChainDefinition
  readonly lastSuccess: number
  /** It is expected to succeed at least that often. */
  readonly after: number
  /** What has been tried since, newest first, whenever it was started. */
  readonly runs: readonly ChainRun[]
}

/** The job by which a chain last succeeded, when that is longer ago than `after` milliseconds. */
export interface Lapse {
  readonly lastSuccess: Job
  readonly after: number
}

/** A lapse and the latest jobs of all runs → what has been tried since. */
export function overdueOf(
  definition: ChainDefinition,
  { lastSuccess, after }: Lapse,
  latest: readonly Job[],
  now: Date,
): Overdue {
  const runs = runsSince(definition, latest, Number.NEGATIVE_INFINITY, now).filter(
    ({ state, reached: { job } }) => isMoving(job) || (state !== 'succeeded' && job.failedAt > lastSuccess.failedAt),
  )
  return { definition, lastSuccess: lastSuccess.failedAt, after, runs }
}
