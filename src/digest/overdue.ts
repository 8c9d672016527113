import type { Job } from '../job.js'
import { type ChainRun, isMoving, runsSince } from './runs.js'

/** That no refresh has succeeded for too long. Times are milliseconds since the epoch, durations milliseconds. */
export interface Overdue {
  readonly lastSuccess: number | null
  readonly anchor: number
  /** One is expected to succeed at least that often. */
  readonly after: number
  /** What has been tried since, newest first, whenever it was started. */
  readonly runs: readonly ChainRun[]
}

/** The job by which a refresh last succeeded, when that is longer ago than `after` milliseconds. */
export interface Lapse {
  readonly lastSuccess: Job | undefined
  readonly anchor: number
  readonly after: number
}

/** A lapse and the latest jobs of all runs → what has been tried since. */
export function overdueOf({ lastSuccess, anchor, after }: Lapse, latest: readonly Job[], now: Date): Overdue {
  const runs = runsSince(latest, Number.NEGATIVE_INFINITY, now).filter(
    ({ state, reached: { job } }) => isMoving(job) || (state !== 'succeeded' && job.failedAt > anchor),
  )
  return { lastSuccess: lastSuccess?.failedAt ?? null, anchor, after, runs }
}
