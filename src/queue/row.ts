import { ERROR_HEAD, ERROR_TAIL, NAME_READ } from '../caps.js'
import type { Window } from '../job.js'
import type { Fragment, Sql } from '../postgres/session.js'

/** The time of a row's failure: not every failure sets finished_at. */
export const failedAt = (sql: Sql): Fragment => sql`coalesce(finished_at, claimed_at, created_at)`

/** Since the epoch: no DateStyle, no time zone, and infinity is a number. extract() is numeric, and slow. */
export const milliseconds = (sql: Sql, time: Fragment): Fragment => sql`date_part('epoch', ${time}) * 1000`

/** What an admin's cancel writes where a job has no error. */
export const cancelNote = (sql: Sql): Fragment => sql`'cancelled by admin'`

/** Start of the window; "all" is no Date, because the time of a failure may be -infinity. */
export const start = (sql: Sql, since: Window['since']): Fragment =>
  since === 'all' ? sql`'-infinity'::timestamptz` : sql`${since}::timestamptz`

/**
 * last_error, without the middle of a longer one: the queue's worker writes 2,000 characters, and the janitor appends
 * to them. The head ends with a whole word, and the tail begins with a whole line or the janitor's words, because half
 * a credential is not recognised. Without parameters, because they cost the claim a round trip per batch.
 */
const SHORTENED = `
  case
    when length(last_error) <= ${ERROR_HEAD + ERROR_TAIL} then last_error
    else regexp_replace(left(last_error, ${ERROR_HEAD}), '[^[:space:]]{1,200}$', '')
      || format(E'\n… %s characters in all, cut here …', to_char(length(last_error), 'FM999,999,999,999'))
      || coalesce(substring(right(last_error, ${ERROR_TAIL}) from '(?:\n|[ |;]+reaped: ).*$'), '')
  end`

const nameIn = (sql: Sql, column: string): Fragment => sql.unsafe(`left(${column}, ${NAME_READ})`)

/** The columns of a RawJob. Of the payload only chain_started_at is read: the rest may be anything, of any size. */
export const columns = (sql: Sql): Fragment => sql`
  job.id,
  ${nameIn(sql, 'source')} as source,
  ${nameIn(sql, 'job_type')} as "jobType",
  ${nameIn(sql, 'target_type')} as "targetType",
  target_id as "targetId",
  status,
  attempts,
  max_attempts as "maxAttempts",
  ${milliseconds(sql, sql`run_after`)} as "runAfter",
  ${milliseconds(sql, sql`claimed_at`)} as "claimedAt",
  ${milliseconds(sql, sql`finished_at`)} as "finishedAt",
  ${milliseconds(sql, failedAt(sql))} as "failedAt",
  ${sql.unsafe(SHORTENED)} as error,
  status = 'dead' and last_error is not distinct from ${cancelNote(sql)} as cancelled,
  case when length(payload ->> 'chain_started_at') <= 64 then payload ->> 'chain_started_at' end as chain`
