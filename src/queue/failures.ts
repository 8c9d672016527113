import { FAILURES_PER_MAIL } from '../caps.js'
import { type Backlog, type Job, type RawJob, toJob, type Window } from '../job.js'
import { type Fragment, isServerError, type Sql } from '../postgres/session.js'
import { cancelNote, columns, failedAt, milliseconds, start } from './row.js'

/** Rows at a time: few enough for the memory, even if stdout is read slowly. */
const BATCH = 1_000

/** Final, and not cancelled before it had an error. A dead job may have attempts left, after a permanent error. */
const failedForGood = (sql: Sql): Fragment => sql`
  (status = 'dead' or (status = 'failed' and attempts >= max_attempts))
    and last_error is distinct from ${cancelNote(sql)}`

/** An admin's retry leaves last_alerted_at alone, so a mark before the failure belongs to an earlier failure. */
const notReported = (sql: Sql): Fragment => sql`
  (last_alerted_at is null or last_alerted_at < ${failedAt(sql)})`

const due = (sql: Sql, { since, includeAlerted }: Window): Fragment => sql`
  ${failedForGood(sql)}
    and ${includeAlerted ? sql`true` : notReported(sql)}
    and ${failedAt(sql)} >= ${start(sql, since)}`

/** Chains first, then the oldest. With includeAlerted the latest marks come last, so that the next run takes others. */
const inTurn = (sql: Sql, { includeAlerted }: Window): Fragment => sql`
  (payload ->> 'chain_started_at') is null,
  ${includeAlerted ? sql`last_alerted_at nulls first,` : sql``}
  ${failedAt(sql)},
  id`

/**
 * A mark is the clock's time, not now(), because a job may have failed after this transaction began; and it is never
 * before the failure, whose time may come from a clock that is ahead.
 */
const newMark = (sql: Sql): Fragment => sql`greatest(clock_timestamp(), ${failedAt(sql)})`

/** One run at a time: takes a lock until the transaction ends. False when another run holds it. */
export async function lockOutOtherRuns(sql: Sql): Promise<boolean> {
  const [row] = await sql`select pg_try_advisory_xact_lock(hashtextextended('job-alert digest', 0)) as locked`
  return row?.locked
}

/** The run with the lock: its server process, and when its transaction began, as far as this role may know. */
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

/** The marks do not hold on this table, so nothing may be sent. */
export class NotMarked extends Error {}

const SUSPECT = 'probably a trigger or a rule on research_jobs skips or undoes the update of last_alerted_at'

function notMarked(missing: number, all: number): NotMarked {
  return new NotMarked(`${missing} of ${all} failures could not be marked: ${SUSPECT}`)
}

/** An array, because a join with so many ids would read the whole table; a parameter would cost a round trip. */
const among = (sql: Sql, ids: string): Fragment => sql.unsafe(`any(array(select unnest('{${ids}}'::bigint[])))`)

/**
 * Locks and marks the failures that are due, at most 100,000, and hands each to `onJob` as it comes back; returns how
 * many. Rows locked by another session are left for the next run. Throws NotMarked unless all of its own come back.
 * All batches of marks are sent at once, so that the server writes one while the run reads those before it.
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
  const onRow = (row: RawJob): void => {
    marked += 1
    onJob(toJob(row))
  }
  const claims = batches.map(({ ids }) => {
    const rows = sql<RawJob[]>`
      update research_jobs as job
      set last_alerted_at = ${newMark(sql)}
      where id = ${among(sql, ids)}
      returning ${columns(sql)}`
    return rows.forEach(onRow)
  })
  await Promise.all(claims).catch((error) => {
    // PostgreSQL refuses RETURNING where a rule rewrites the update.
    throw isServerError(error) && error.code === '0A000' ? new NotMarked(`${error.message}: ${SUSPECT}`) : error
  })
  if (marked !== locked) throw notMarked(locked - marked, locked)
  return marked
}

/** Reads all failures that are due, without a lock or a mark. The next batch is read when `onJobs` has resolved. */
export async function readFailures(
  sql: Sql,
  window: Window,
  onJobs: (jobs: readonly Job[]) => Promise<void> | void,
): Promise<void> {
  const rows = sql<RawJob[]>`
    select ${columns(sql)}
    from research_jobs as job
    where ${due(sql, window)}
    order by ${inTurn(sql, window)}`
  let isLost = false
  const reading = rows.cursor(BATCH, async (some) => {
    await onJobs(some.map(toJob))
    // The library would ask for the next ones on a connection that is gone, and throw where nobody can catch it.
    if (isLost) await new Promise(() => {})
  })
  reading.catch(() => {
    isLost = true
  })
  await reading
}

/** Marks one job as reported. */
export async function mark(sql: Sql, id: bigint): Promise<void> {
  await sql`
    update research_jobs
    set last_alerted_at = ${newMark(sql)}
    where id = ${`${id}`}`
}

/**
 * Throws NotMarked unless each job has a mark of this transaction: at or after its beginning, now(), and the failure.
 * A trigger or a rule may have skipped or undone the update.
 */
export async function demandMarked(sql: Sql, ids: readonly bigint[]): Promise<void> {
  // A deferred trigger would otherwise fail, or undo the mark, only at COMMIT.
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

/** Numbers of failures that this transaction has not marked. */
export interface Unmarked {
  /** Before the window, and never reported. */
  readonly older: Backlog
  /** Due: locked by another session, beyond what one mail takes, or failed since the claim. */
  readonly left: number
}

export async function countUnmarked(sql: Sql, window: Window): Promise<Unmarked> {
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
