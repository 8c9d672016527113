import { type Job, JobError, type Window } from '../job.js'
import type { Fragment, Row, Sql } from '../postgres/session.js'
import { redact } from '../text/redact.js'

/** Which of a row's times is that of its failure: not every way of dying sets finished_at. */
export const failedAt = (sql: Sql): Fragment => sql`coalesce(finished_at, claimed_at, created_at)`

/** Epochs: no DateStyle, no time zone, and infinity is a number. Not extract(), which is numeric and slow. */
export const milliseconds = (sql: Sql, time: Fragment): Fragment => sql`date_part('epoch', ${time}) * 1000`

/** What an admin's cancel writes where a job has no error. */
export const cancelNote = (sql: Sql): Fragment => sql`'cancelled by admin'`

/** Characters of an error that are read; the queue's worker writes 2,000, and the janitor appends to them. */
const HEAD = 2_500
const TAIL = 1_000

/**
 * Longer errors lose their middle on the server. The head ends with a whole word, and the tail begins with a whole
 * line or the janitor's words: half a credential is not recognised.
 */
const shortened = (sql: Sql): Fragment => sql`
  case
    when length(last_error) <= ${HEAD + TAIL} then last_error
    else regexp_replace(left(last_error, ${HEAD}), '[^[:space:]]{1,200}$', '')
      || format(E'\n… %s characters in all, cut here …', to_char(length(last_error), 'FM999,999,999,999'))
      || coalesce(substring(right(last_error, ${TAIL}) from '(?:\n|[ |;]+reaped: ).*$'), '')
  end`

/** Names are a few letters long; nothing keeps one from being a megabyte. */
const name = (sql: Sql, column: Fragment): Fragment => sql`left(${column}, 200)`

/** Of the payload only what is needed leaves the server: it may be anything, and of any size. */
export const columns = (sql: Sql): Fragment => sql`
  job.id,
  ${name(sql, sql`source`)} as source,
  ${name(sql, sql`job_type`)} as job_type,
  ${name(sql, sql`target_type`)} as target_type,
  target_id,
  status,
  attempts,
  max_attempts,
  ${milliseconds(sql, sql`run_after`)} as run_after,
  ${milliseconds(sql, sql`claimed_at`)} as claimed_at,
  ${milliseconds(sql, sql`finished_at`)} as finished_at,
  ${milliseconds(sql, failedAt(sql))} as failed_at,
  ${shortened(sql)} as last_error,
  status = 'dead' and last_error is not distinct from ${cancelNote(sql)} as cancelled,
  case when length(payload ->> 'chain_started_at') <= 64 then payload ->> 'chain_started_at' end as chain`

/** Stands in for an error that cannot be read. */
export const UNREADABLE = new JobError('(this row could not be read; the log of job-alert says why)')

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

/** A row of `columns` → a job. */
export function toJob(row: Row): Job {
  const error = row.last_error === null ? null : new JobError(row.last_error)
  return {
    id: BigInt(row.id),
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
    error,
    reaped: error?.reaped === true,
    cancelled: row.cancelled,
    chain: row.chain,
  }
}

/** A Date cannot be before all of PostgreSQL's times. */
export const start = (sql: Sql, since: Window['since']): Fragment =>
  since === 'all' ? sql`'-infinity'::timestamptz` : sql`${since}::timestamptz`
