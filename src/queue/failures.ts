import type { Backlog, Job, Window } from '../job.js'
import { type Fragment, isServerError, type Row, type Sql } from '../postgres/session.js'
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

/**
 * The mark of a run: the clock's time, not now(), since a job may have died after this transaction began. It is never
 * before the failure, which another clock may have dated.
 */
const newMark = (sql: Sql): Fragment => sql`greatest(clock_timestamp(), ${failedAt(sql)})`

/** One run at a time. False when another one holds the lock; it is released with the transaction. */
export async function lockOutOtherRuns(sql: Sql): Promise<boolean> {
  const [row] = await sql`select pg_try_advisory_xact_lock(hashtextextended('job-alert digest', 0)) as locked`
  return row?.locked
}

/** Who holds it, as far as this role may know: its process, and when its transaction began. */
export async function otherRun(sql: Sql): Promise<{ pid: number | undefined; since: Date | undefined }> {
  const [row] = await sql`
    select pid, date_part('epoch', xact_start) * 1000 as since
    from pg_locks
    left join pg_stat_activity using (pid)
    where locktype = 'advisory'
      and granted
      and objsubid = 1
      and pg_locks.database = (select oid from pg_database where datname = current_database())
      and (classid::bigint << 32 | objid::bigint) = hashtextextended('job-alert digest', 0)`
  return { pid: row?.pid ?? undefined, since: row?.since ? new Date(row.since) : undefined }
}

/** A table on which the marks do not hold; nothing may be sent. */
export class NotMarked extends Error {}

const SUSPECT = 'probably a trigger or a rule on research_jobs skips or undoes the update of last_alerted_at'

function notMarked(missing: number, all: number): NotMarked {
  return new NotMarked(`${missing} of ${all} failures could not be marked: ${SUSPECT}`)
}

/**
 * Marks the failures that are due, at most 100,000, and hands each to `onJob` as it comes back; returns how many. Rows
 * that another session has locked are left for the next run. Throws NotMarked unless all that were selected come back.
 * Their ids go through an array, because a join with so many would read the table.
 */
export async function claimFailures(sql: Sql, window: Window, onJob: (job: Job) => void): Promise<number> {
  let [selected, marked] = [0, 0]
  const rows = sql`
    with selected as materialized (
      select id
      from research_jobs
      where ${due(sql, window)}
      order by ${inTurn(sql, window)}
      limit ${FAILURES_PER_MAIL}
      for update skip locked
    ),
    marked as (
      update research_jobs as job
      set last_alerted_at = ${newMark(sql)}
      where id = any(array(select id from selected))
      returning ${columns(sql)}
    )
    select total.selected, marked.*
    from (select count(*)::int as selected from selected) as total
    left join marked on true`
  const onRow = (row: Row): void => {
    selected = row.selected
    if (row.id === null) return
    marked += 1
    onJob(toJob(row))
  }
  await rows.forEach(onRow).catch((error) => {
    // A rule refuses RETURNING as a feature that is not supported.
    throw isServerError(error) && error.code === '0A000' ? new NotMarked(`${error.message}: ${SUSPECT}`) : error
  })
  if (marked !== selected) throw notMarked(selected - marked, selected)
  return marked
}

/** The same failures, left as they are. The next ones are read when `onJobs` has resolved. */
export async function readFailures(
  sql: Sql,
  window: Window,
  onJobs: (jobs: readonly Job[]) => Promise<void> | void,
): Promise<void> {
  const rows = sql`
    select ${columns(sql)}
    from research_jobs as job
    where ${due(sql, window)}
    order by ${inTurn(sql, window)}`
  await rows.cursor(BATCH, (some) => onJobs(some.map(toJob)))
}

/** Marks one job as reported. */
export async function mark(sql: Sql, id: bigint): Promise<void> {
  await sql`
    update research_jobs
    set last_alerted_at = ${newMark(sql)}
    where id = ${`${id}`}`
}

/** Throws NotMarked unless every one has a mark of this transaction: a trigger or a rule may skip or undo the update. */
export async function demandMarked(sql: Sql, ids: readonly bigint[]): Promise<void> {
  // A deferred trigger would fail, or undo the mark, only at COMMIT.
  if (ids.length > 0) await sql`set constraints all immediate`
  let missing = ids.length
  // Some thousand ids at a time: those of a storm would take 5 MB on their way to the server.
  for (let first = 0; first < ids.length; first += 5 * BATCH) {
    const some = ids.slice(first, first + 5 * BATCH).join()
    const [row] = await sql`
      select count(*)::int as marked
      from research_jobs
      where id = any(array(select unnest(string_to_array(${some}, ','))::bigint))
        and last_alerted_at >= greatest(now(), ${failedAt(sql)})`
    missing -= row?.marked
  }
  if (missing !== 0) throw notMarked(missing, ids.length)
}

/** Failures that were not reported, apart from those that this transaction has marked. */
export interface Unreported {
  /** Before the window. */
  readonly older: Backlog
  /** In it: locked by another session, beyond what one mail takes, or failed since the claim. */
  readonly left: number
}

export async function countUnreported(sql: Sql, window: Window): Promise<Unreported> {
  const isOlder = sql`${failedAt(sql)} < ${start(sql, window.since)} and ${notReported(sql)}`
  const [row] = await sql`
    select
      count(*) filter (where ${isOlder})::float8 as count,
      ${milliseconds(sql, sql`min(${failedAt(sql)}) filter (where ${isOlder})`)} as oldest,
      count(*) filter (where ${failedAt(sql)} >= ${start(sql, window.since)})::float8 as left
    from research_jobs
    where ${failedForGood(sql)}
      and ${window.includeAlerted ? sql`(last_alerted_at is null or last_alerted_at < now())` : notReported(sql)}`
  return { older: { count: row?.count, oldest: row?.oldest }, left: row?.left }
}
