import { type Job, readError, type Window } from '../job.js'
import type { Fragment, Row, Sql } from '../postgres/session.js'
import { redact } from '../text/redact.js'

/** Which of a row's times is that of its failure: not every way of dying sets finished_at. */
export const failedAt = (sql: Sql): Fragment => sql`coalesce(finished_at, claimed_at, created_at)`

/** Epochs: no DateStyle, no time zone, and infinity is a number. Not extract(), which is numeric and slow. */
export const milliseconds = (sql: Sql, time: Fragment): Fragment => sql`date_part('epoch', ${time}) * 1000`

/** What an admin's cancel writes where a job has no error. */
export const cancelNote = (sql: Sql): Fragment => sql`'cancelled by admin'`

/** Of the payload only what is needed leaves the server: it may be anything, and of any size. */
export const columns = (sql: Sql): Fragment => sql`
  job.id,
  source,
  job_type,
  target_type,
  target_id,
  status,
  attempts,
  max_attempts,
  ${milliseconds(sql, sql`run_after`)} as run_after,
  ${milliseconds(sql, sql`claimed_at`)} as claimed_at,
  ${milliseconds(sql, sql`finished_at`)} as finished_at,
  ${milliseconds(sql, failedAt(sql))} as failed_at,
  last_error,
  status = 'dead' and last_error is not distinct from ${cancelNote(sql)} as cancelled,
  case when length(payload ->> 'chain_started_at') <= 64 then payload ->> 'chain_started_at' end as chain`

/** The same few names stand in every row. */
const names = new Map<string, string>()
const NAMES_KEPT = 1_000

function redactedName(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size >= NAMES_KEPT) names.clear()
  const redacted = redact(name)
  names.set(name, redacted)
  return redacted
}

/** A row of `columns` → a job whose texts are fit to be shown. */
export function toJob(row: Row): Job {
  return {
    id: Number(row.id),
    source: redactedName(row.source),
    jobType: redactedName(row.job_type),
    targetType: redactedName(row.target_type),
    targetId: row.target_id,
    status: row.status,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    runAfter: row.run_after,
    claimedAt: row.claimed_at,
    finishedAt: row.finished_at,
    failedAt: row.failed_at,
    ...readError(row.last_error),
    cancelled: row.cancelled,
    chain: row.chain,
  }
}

/** A Date cannot be before all of PostgreSQL's times. */
export const start = (sql: Sql, since: Window['since']): Fragment =>
  since === 'all' ? sql`'-infinity'::timestamptz` : sql`${since}::timestamptz`
