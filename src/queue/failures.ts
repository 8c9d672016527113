import type { Backlog, Job, Window } from '../job.js'
import type { Fragment, Sql } from '../postgres/session.js'
import { explain } from './prepared.js'
import { cancelNote, columns, failedAt, milliseconds, start, toJob } from './row.js'

type OnFailure = (job: Job) => void

/** Final, and not an admin's cancel. A dead job may have attempts left: its error was permanent. */
const failedForGood = (sql: Sql): Fragment => sql`
  (status = 'dead' or (status = 'failed' and attempts >= max_attempts))
    and last_error is distinct from ${cancelNote(sql)}`

/** An admin's retry leaves last_alerted_at alone, so a mark older than the failure is a mark of an earlier one. */
const notReported = (sql: Sql): Fragment => sql`
  (last_alerted_at is null or last_alerted_at < ${failedAt(sql)})`

const due = (sql: Sql, { since, includeAlerted }: Window): Fragment => sql`
  ${failedForGood(sql)}
    and ${includeAlerted ? sql`true` : notReported(sql)}
    and ${failedAt(sql)} >= ${start(sql, since)}`

/** One run at a time. False when another one holds the lock; it is released with the transaction. */
export async function lockOutOtherRuns(sql: Sql): Promise<boolean> {
  const [row] = await sql`select pg_try_advisory_xact_lock(hashtextextended('job-alert digest', 0)) as locked`
  return row?.locked === true
}

/**
 * Marks every due failure and hands each to `onFailure` as it arrives; returns how many were marked.
 * Rows that somebody else has locked are left for the next run. The mark is the clock's time, not now(): a job may
 * have died after this transaction began. It is never before failed_at, which another clock may have written.
 * The ids go through an array, because the planner cannot know how few they are, and a join would read the table.
 */
export async function claimFailures(sql: Sql, window: Window, onFailure: OnFailure): Promise<number> {
  const { count } = await sql`
    with due as (
      select id
      from research_jobs
      where ${due(sql, window)}
      for update skip locked
    )
    update research_jobs as job
    set last_alerted_at = greatest(clock_timestamp(), ${failedAt(sql)})
    where job.id = any(array(select id from due))
    returning ${columns(sql)}`
    .forEach((row) => void onFailure(toJob(row)))
    .catch(explain)
  return count
}

/** The same failures, left as they are. */
export async function readFailures(sql: Sql, window: Window, onFailure: OnFailure): Promise<number> {
  const { count } = await sql`
    select ${columns(sql)}
    from research_jobs as job
    where ${due(sql, window)}`
    .forEach((row) => void onFailure(toJob(row)))
    .catch(explain)
  return count
}

/** What was never reported and lies before the window. */
export function countOlder(sql: Sql, { since }: Window): Promise<Backlog> {
  return counted(sql, sql`${failedForGood(sql)} and ${notReported(sql)} and ${failedAt(sql)} < ${start(sql, since)}`)
}

/** What the next run would report. */
export function countDue(sql: Sql, window: Window): Promise<Backlog> {
  return counted(sql, due(sql, window))
}

async function counted(sql: Sql, condition: Fragment): Promise<Backlog> {
  const [row] = await sql`
    select count(*)::float8 as count, ${milliseconds(sql, sql`min(${failedAt(sql)})`)} as oldest
    from research_jobs
    where ${condition}`.catch(explain)
  return { count: row?.count, oldest: row?.oldest }
}
