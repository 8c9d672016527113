import { parseChainStart } from '../chains.js'
import type { Presentation } from '../config.js'
import { howItDied } from '../digest.js'
import type { Backlog, Job, Window } from '../failures.js'
import { isDate } from './time.js'

/** Every failure, without caps, for scripts. Times are ISO 8601 in UTC, or null where there is none. */
export function jsonDigest(
  subject: string | null,
  jobs: readonly Job[],
  older: Backlog,
  { since }: Window,
  { adminBaseUrl, environment }: Presentation,
): string {
  const digest = {
    subject,
    environment: environment ?? null,
    since: since.toISOString(),
    failures: jobs.map((job) => ({
      id: job.id,
      source: job.source,
      job_type: job.jobType,
      target_type: job.targetType,
      target_id: job.targetId,
      status: job.status,
      attempts: job.attempts,
      max_attempts: job.maxAttempts,
      how_it_died: howItDied(job),
      failed_at: iso(job.failedAt),
      chain_started_at: iso(parseChainStart(job.chain ?? '') ?? null),
      error: job.error,
      url: `${adminBaseUrl}/research/jobs/${job.id}`,
    })),
    older_unreported: { count: older.count, oldest: iso(older.oldest) },
  }
  return `${JSON.stringify(digest, null, 2)}\n`
}

function iso(time: number | null): string | null {
  return time !== null && isDate(time) ? new Date(time).toISOString() : null
}
