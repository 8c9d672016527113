import type { Backlog, Job, Window } from '../job.js'
import { type Fragment, isServerError, type Sql } from '../postgres/session.js'
import { cancelNote, columns, failedAt, milliseconds, start, toJob } from './row.js'

/** Failures in one mail: as many as half a processor reads and writes in RUN_TIMEOUT. */
export const FAILURES_PER_MAIL = 100_000

/** Rows handed over at a time where a reader may be slow. */
const BATCH = 1_000

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

/** Chains first, then the oldest. With includeAlerted the latest marks come last: the next run goes on with the rest. */
const inTurn = (sql: Sql, { includeAlerted }: Window): Fragment => sql`
  (payload ->> 'chain_started_at') is null,
  ${includeAlerted ? sql`last_alerted_at nulls first,` : sql``}
  ${failedAt(sql)},
  id`

/** A table on which the marks do not hold; nothing may be sent. */
export class NotMarked extends Error {}

/**
 * Marks the rows that `rows` selects and hands each to `onJob` as it arrives; returns how many there were.
 * Rows that another session has locked are left for the next run. The mark is the clock's time, not now(): a job may
 * have died after this transaction began. It is never before failed_at, which another clock may have written.
 * Throws NotMarked unless every selected row comes back with such a mark: a trigger may skip or undo the update.
 * The ids go through an array, because the planner cannot know how few they are, and a join would read the table.
 */
export async function mark(sql: Sql, rows: Fragment, onJob: (job: Job) => void): Promise<number> {
  let [selected, marked] = [0, 0]
  await sql`
    with selected as materialized (
      ${rows}
      for update skip locked
    ),
    marked as (
      update research_jobs as job
      set last_alerted_at = greatest(clock_timestamp(), ${failedAt(sql)})
      where job.id = any(array(select id from selected))
      returning ${columns(sql)}, last_alerted_at >= ${failedAt(sql)} as is_marked
    )
    select total.selected, marked.*
    from (select count(*)::float8 as selected from selected) as total
    left join marked on true`
    .forEach((row) => {
      selected = row.selected
      if (row.is_marked === true) marked += 1
      if (row.id !== null) onJob(toJob(row))
    })
    .catch((error) => {
      // A rule refuses RETURNING as a feature that is not supported.
      throw isServerError(error) && error.code === '0A000' ? new NotMarked(`${error.message}: ${SUSPECT}`) : error
    })
  if (marked !== selected) throw notMarked(selected - marked, selected)
  // A deferred trigger would fail, or undo the mark, only at COMMIT.
  if (marked > 0) await sql`set constraints all immediate`
  return marked
}

const SUSPECT = 'probably a trigger or a rule on research_jobs skips or undoes the update of last_alerted_at'

function notMarked(missing: number, selected: number): NotMarked {
  return new NotMarked(`${missing} of ${selected} failures could not be marked: ${SUSPECT}`)
}

/** Marks the failures that are due, at most 100,000, and hands each to `onJob`; returns how many. Throws as `mark`. */
export function claimFailures(sql: Sql, window: Window, onJob: (job: Job) => void): Promise<number> {
  return mark(
    sql,
    sql`
      select id
      from research_jobs
      where ${due(sql, window)}
      order by ${inTurn(sql, window)}
      limit ${FAILURES_PER_MAIL}`,
    onJob,
  )
}

/** The same failures, left as they are. The next ones are read when `onJobs` has resolved. */
export async function readFailures(
  sql: Sql,
  window: Window,
  onJobs: (jobs: readonly Job[]) => Promise<void> | void,
): Promise<void> {
  await sql`
    select ${columns(sql)}
    from research_jobs as job
    where ${due(sql, window)}
    order by ${inTurn(sql, window)}`.cursor(BATCH, (rows) => onJobs(rows.map(toJob)))
}

/** Failures that were not reported, apart from those that this transaction has marked. */
export interface Unreported {
  /** Before the window. */
  readonly older: Backlog
  /** In it: locked by another session, beyond what one mail takes, or failed since the claim. */
  readonly left: number
}

/**
 * A version of a row that this transaction made, or a trigger's subtransaction, which has an id of its own: of what is
 * in progress, only that can be seen.
 */
const isOurs = (sql: Sql): Fragment => sql`
  age(xmin) <= 0
    and pg_xact_status((pg_current_xact_id_if_assigned()::text::bigint - age(xmin))::text::xid8) = 'in progress'`

/** Counts what is still unreported. Throws NotMarked if that includes a row which this transaction has marked. */
export async function countUnreported(sql: Sql, window: Window): Promise<Unreported> {
  const inWindow = sql`${failedAt(sql)} >= ${start(sql, window.since)}`
  const notOurs = window.includeAlerted ? sql`(last_alerted_at is null or last_alerted_at < now())` : notReported(sql)
  const [row] = await sql`
    select
      count(*) filter (where not ${inWindow} and ${notReported(sql)})::float8 as older,
      ${milliseconds(sql, sql`min(${failedAt(sql)}) filter (where not ${inWindow} and ${notReported(sql)})`)} as oldest,
      count(*) filter (where ${inWindow})::float8 as left,
      count(*) filter (where ${isOurs(sql)})::float8 as undone
    from research_jobs
    where ${failedForGood(sql)}
      and ${notOurs}`
  if (row?.undone > 0) throw notMarked(row?.undone, row?.undone)
  return { older: { count: row?.older, oldest: row?.oldest }, left: row?.left }
}
