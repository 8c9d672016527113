import { type ChainDefinition, parseChainStart } from '../chains.js'
import type { Job } from '../job.js'
import { type Run, runsSince } from './outlook.js'

/** A chain that has not succeeded for too long. Times are milliseconds since the epoch, durations milliseconds. */
export interface Overdue {
  readonly title: string
  readonly shortTitle: string
  readonly page: string
  readonly consequence: string
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
  const { title, shortTitle, page, consequence } = definition
  const startedAt = parseChainStart(anchor.chain ?? '') ?? anchor.failedAt
  const runs = runsSince(definition, latest, startedAt)
  return { title, shortTitle, page, consequence, lastSuccess: anchor.failedAt, after, runs }
}
