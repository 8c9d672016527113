import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import postgres from 'postgres'
import { migrateConfig } from '../../src/config.js'
import { migrate } from '../../src/migrate.js'

/** A database of its own with the queue's table; `sql` is a superuser's pool beside the command under test. */
export interface TestDatabase {
  readonly name: string
  readonly url: string
  readonly sql: postgres.Sql
  /** Removes all rows; ids begin at 1 again. */
  clear(): Promise<unknown>
  /** Resolves once a run waits for a lock. */
  blocked(): Promise<void>
  /** Resolves once a run has a session. */
  arrived(): Promise<void>
  /** Resolves once no run has a session any more: a killed client's backend needs a moment to notice. */
  left(): Promise<void>
  /** As a failover does it: the sessions of the runs end, and their transactions with them. */
  killSessions(): Promise<void>
  drop(): Promise<void>
}

/** Rows of the queue without what a digest may change. */
export function untouched(rows: readonly postgres.Row[]): readonly unknown[] {
  return rows.map(({ last_alerted_at, updated_at, ...rest }) => rest)
}

/** Creates the table as its owner does, without the migrations. */
export const TABLE = readFileSync(new URL('research_jobs.sql', import.meta.url), 'utf8')

/** The server has no event for it: asked again after a pause that leaves the processor to others. */
export async function until<T>(reached: () => Promise<T | false | undefined>): Promise<T> {
  for (;;) {
    const found = await reached()
    if (found) return found
    await setTimeout(10)
  }
}

/** `serverUrl` names any database of the server, as an account that may create databases. */
export async function createDatabase(serverUrl: string, { migrated = true } = {}): Promise<TestDatabase> {
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} })
  const name = `job_alert_${randomUUID().replaceAll('-', '')}`
  await admin`create database ${admin(name)} template template0`
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const sql = postgres(url.href, { max: 8, onnotice: () => {} })
  await sql.unsafe(TABLE)
  if (migrated)
    await migrate(migrateConfig({ DATABASE_URL: url.href }).database, () => {}, new AbortController().signal)
  const sessions = () => sql`
    select pid, wait_event_type
    from pg_stat_activity
    where application_name = 'job-alert' and datname = ${name}`
  const once = async (isReached: (found: Awaited<ReturnType<typeof sessions>>) => boolean) => {
    await until(async () => isReached(await sessions()))
  }
  const left = () => once(({ length }) => length === 0)
  return {
    name,
    url: url.href,
    sql,
    // Truncating takes thirty times as long: it makes new files. The lock waits for what an earlier test has left behind.
    clear: () =>
      sql.unsafe(`
        lock table research_jobs in access exclusive mode;
        delete from research_jobs;
        select setval('research_jobs_id_seq', 1, false)`),
    blocked: () => once((found) => found.some(({ wait_event_type }) => wait_event_type === 'Lock')),
    arrived: () => once(({ length }) => length > 0),
    left,
    async killSessions() {
      // Waiting on the server's side would take it a tenth of a second at least.
      for (const { pid } of await sessions()) await sql`select pg_terminate_backend(${pid})`
      await left()
    },
    async drop() {
      await sql.end({ timeout: 1 })
      await admin`drop database if exists ${admin(name)} with (force)`
      await admin.end()
    },
  }
}
