import type { Sql } from '../postgres/session.js'

/** One run at a time. False when another one holds the lock; it is released with the transaction. */
export async function lockOutOtherRuns(sql: Sql): Promise<boolean> {
  const [row] = await sql`select pg_try_advisory_xact_lock(hashtextextended('job-alert digest', 0)) as locked`
  return row?.locked === true
}

/** Who holds it, as far as this role may know: its process, and when its transaction began. */
export async function otherRun(
  sql: Sql,
): Promise<{ readonly pid: number | undefined; readonly since: Date | undefined }> {
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
