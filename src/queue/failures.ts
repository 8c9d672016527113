import type { Backlog, Job, Window } from '../job.js'
import { type Fragment, isServerError, type Row, type Sql } from '../postgres/session.js'
import { cancelNote, columns, failedAt, milliseconds, start, toJob } from './row.js'

/** Failures in one mail: as many as half a processor reads and writes in RUN_TIMEOUT. */
export const FAILURES_PER_MAIL = 100_000

/** Rows at a time: few enough for the memory, and for a reader that may be slow. */
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

/** Through an array, because a join with so many would read the table; not as a parameter, for which the driver waits. */
const among = (sql: Sql, ids: string): Fragment => sql.unsafe(`any(array(select unnest('{${ids}}'::bigint[])))`)

/**
 * Marks the failures that are due, at most 100,000, and hands each to `onJob` as it comes back; returns how many. Rows
 * that another session has locked are left for the next run. Throws NotMarked unless all that were locked come back.
 * The marks are written in batches that are sent at once: the server writes one while those before it are read.
 */
export async function claimFailures(sql: Sql, window: Window, onJob: (job: Job) => void): Promise<number> {
  const batches = await sql`
    with locked as (
      select id
      from research_jobs
      where ${due(sql, window)}
      order by ${inTurn(sql, window)}
      limit ${FAILURES_PER_MAIL}
      for update skip locked
    ),
    numbered as (
      select id, row_number() over (order by id) as number
      from locked
    )
    select string_agg(id::text, ',') as ids, count(*)::int as count
    from numbered
    group by number / ${BATCH}`
  const locked = batches.reduce((sum, { count }) => sum + count, 0)
  let marked = 0
  const onRow = (row: Row): void => {
    marked += 1
    onJob(toJob(row))
  }
  const claims = batches.map(({ ids }) => {
    const rows = sql`
      update research_jobs as job
      set last_alerted_at = ${newMark(sql)}
      where id = ${among(sql, ids)}
      returning ${columns(sql)}`
    return rows.forEach(onRow)
  })
  await Promise.all(claims).catch((error) => {
    // A rule refuses RETURNING as a feature that is not supported.
    throw isServerError(error) && error.code === '0A000' ? new NotMarked(`${error.message}: ${SUSPECT}`) : error
  })
  if (marked !== locked) throw notMarked(locked - marked, locked)
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

/**
 * Throws NotMarked unless every one has a mark of this transaction, which is not before its beginning, now(): a trigger
 * or a rule may skip or undo the update.
 */
export async function demandMarked(sql: Sql, ids: readonly bigint[]): Promise<void> {
  // A deferred trigger would fail, or undo the mark, only at COMMIT.
  if (ids.length > 0) await sql`set constraints all immediate`
  let missing = ids.length
  for (let first = 0; first < ids.length; first += BATCH) {
    const [row] = await sql`
      select count(*)::int as marked
      from research_jobs
      where id = ${among(sql, ids.slice(first, first + BATCH).join())}
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
