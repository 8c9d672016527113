import { type ChainDefinition, parseChainStart } from '../chains.js'
import type { Job } from '../job.js'
import { type Run, runsSince } from './runs.js'

/** A chain that has not succeeded for too long. Times are milliseconds since the epoch, durations milliseconds. */
export interface Overdue {
  readonly definition: ChainDefinition
  readonly lastSuccess: number
  /** It is expected to succeed at least that often. */
  readonly after: number
  /** What has been started since, newest first. */
  readonly runs: readonly Run[]
}

/** The job by which a chain last succeeded, when that is longer ago than `after` milliseconds. */
export interface Lapse {
  readonly anchor: Job
  readonly after: number
}

export function overdueOf(definition: ChainDefinition, { anchor, after }: Lapse, latest: readonly Job[]): Overdue {
  const startedAt = parseChainStart(anchor.chain ?? '') ?? anchor.failedAt
  return { definition, lastSuccess: anchor.failedAt, after, runs: runsSince(definition, latest, startedAt) }
}
