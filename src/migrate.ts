import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabaseSettings } from './config/database.js'
import { interruptible } from './interruption.js'
import { isServerError, openSession, type Sql, UNBOUNDED } from './postgres/session.js'
import { MARK_TYPE, NotPrepared, readTable, type Table, unprepared } from './queue/prepared.js'

/** Takes a line for whoever runs the migration. */
type Say = (line: string) => void

interface File {
  readonly name: string
  readonly statements: readonly string[]
}

/** Beside src/ and beside dist/, from which this runs. */
const FOLDER = new URL('../sql/', import.meta.url)

/** How often the server is asked what the migration waits for, in milliseconds. */
const POLL = 1_000

/**
 * Applies every file of sql/, in order, one statement at a time and outside a transaction, since indexes are built
 * concurrently; then proves that the table has what they add. Says each file that was applied, and each session that it
 * waits for, another migration's included. Needs a server, or a pooler, that gives it a session of its own. Rejects
 * with NotPrepared where only a person can help, with the server's error, or with the reason of `stop`.
 */
export async function migrate(settings: DatabaseSettings, say: Say, stop: AbortSignal): Promise<void> {
  const [worker, watcher] = [openSession(settings), openSession(settings)]
  const done = new AbortController()
  try {
    await interruptible(lockOutOtherMigrations(watcher.sql, say, done.signal), stop)
    const [row] = await worker.sql`select pg_backend_pid() as pid`
    watch(watcher.sql, row?.pid, say, done.signal).catch(() => {})
    await interruptible(migrateTable(worker.sql, say), stop).finally(async () => {
      // The server would go on with a build whose client has gone.
      if (stop.aborted) await watcher.sql.unsafe(`select pg_cancel_backend(${row?.pid})`).catch(() => {})
    })
  } catch (error) {
    explainMigration(error)
  } finally {
    done.abort()
    await worker.close()
    await watcher.close()
  }
}

async function migrateTable(sql: Sql, say: Say): Promise<void> {
  const files = await readFiles()
  const table = await readTable(sql)
  const partitioned = table.relkind === 'p'
  // A column that is missing is what the first file adds.
  demandTable({ ...table, markType: table.markType ?? MARK_TYPE })
  for (const file of files) if (!(partitioned && buildOf(file))) await apply(sql, file, say)
  demandTable(await readTable(sql))
  const builds = files.flatMap((file) => buildOf(file) ?? [])
  await demandIndexes(sql, builds, partitioned ? onPartitions : rebuilt)
}

/** Throws NotPrepared for what the files of sql/ cannot cure. Rows that are hidden concern a digest alone. */
function demandTable(table: Table): void {
  const reason = unprepared({ ...table, hidesFromReading: false }, 'read')
  if (reason) throw new NotPrepared(reason)
}

async function readFiles(): Promise<readonly File[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort()
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, FOLDER), 'utf8')))
  // In these files a blank line after a semicolon, and nothing else, separates statements.
  return names.map((name, index) => ({ name, statements: texts[index]?.split(/;\n\n/) ?? [] }))
}

/** The error of these files where somebody else builds an index of the table. */
const OBJECT_IN_USE = '55006'

const CONCURRENTLY = 'create index concurrently if not exists'

/** The statement of a file that builds an index, if there is one. */
function buildOf({ statements }: File): string | undefined {
  return statements.find((statement) => statement.startsWith(CONCURRENTLY))
}

async function apply(sql: Sql, { name, statements }: File, say: Say): Promise<void> {
  const started = performance.now()
  for (const statement of statements) await perform(sql, statement, say)
  say(`applied ${name} in ${((performance.now() - started) / 1_000).toFixed(1)} s`)
}

/** Performs the statement, after a build that somebody else has begun. */
async function perform(sql: Sql, statement: string, say: Say): Promise<void> {
  for (let told = false; ; told = true) {
    try {
      await sql.unsafe(statement)
      return
    } catch (error) {
      if (!isServerError(error) || error.code !== OBJECT_IN_USE) throw error
      if (!told) say(`waiting: ${error.message}`)
      await sleep(POLL)
    }
  }
}

/**
 * One migration at a time: two concurrent builds on one table would wait for each other's snapshots. The lock belongs
 * to a transaction that is open as long as the session, so that every pooler keeps it. Asks again and again, because a
 * statement that waits for the lock holds a snapshot, for which the other migration's build would wait.
 */
async function lockOutOtherMigrations(watcher: Sql, say: Say, done: AbortSignal): Promise<void> {
  await watcher.unsafe('begin isolation level read committed')
  await watcher.unsafe('set local idle_in_transaction_session_timeout = 0')
  await watcher.unsafe(UNBOUNDED)
  const told = new Set<number>()
  while (!(await lockedOut(watcher))) {
    for (const session of await newSessions(watcher, LOCK_HOLDERS, told))
      say(`another migration is at work, waiting for ${session}`)
    await sleep(POLL, undefined, { signal: done })
  }
}

const LOCK_HOLDERS = `
  select pid
  from pg_locks
  where locktype = 'advisory'
    and database = (select oid from pg_database where datname = current_database())
    and classid = hashtext('job-alert')::oid
    and objid = hashtext('migrate')::oid
    and granted`

async function lockedOut(watcher: Sql): Promise<boolean> {
  const [row] = await watcher.unsafe(
    "select pg_try_advisory_xact_lock(hashtext('job-alert'), hashtext('migrate')) as locked",
  )
  return row?.locked === true
}

/** Looks on from a second session, because the first one is busy. That it cannot look stops nothing. */
async function watch(watcher: Sql, worker: number, say: Say, done: AbortSignal): Promise<void> {
  const told = new Set<number>()
  while (!done.aborted) {
    await sleep(POLL, undefined, { signal: done })
    for (const session of await newSessions(watcher, `select unnest(pg_blocking_pids(${worker}))`, told))
      say(`waiting for ${session}`)
  }
}

/**
 * The sessions of these pids whose transaction is open for some seconds, each once. Queries without parameters: after
 * one with parameters, the transaction keeps the snapshot, for which the build would wait.
 */
async function newSessions(watcher: Sql, pids: string, told: Set<number>): Promise<readonly string[]> {
  // Otherwise a transaction that asks for the activity twice gets the same answer.
  await watcher.unsafe('select pg_stat_clear_snapshot()')
  const rows = await watcher.unsafe(`
    select
      pid,
      application_name as name,
      to_char(xact_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') as since
    from pg_stat_activity
    where pid in (${pids})
      and coalesce(xact_start < clock_timestamp() - interval '2 seconds', true)`)
  const sessions = rows.filter(({ pid }) => !told.has(pid))
  for (const { pid } of sessions) told.add(pid)
  return sessions.map(
    ({ pid, name, since }) =>
      `process ${pid}${name ? ` (${name})` : ''}, whose transaction is open${since ? ` since ${since}` : ''}`,
  )
}

/**
 * Throws NotPrepared unless the table has the index of each of these statements: valid, and word for word what the
 * server makes of the statement on an empty copy of the table, which is not kept.
 */
async function demandIndexes(sql: Sql, builds: readonly string[], cure: (index: string) => string): Promise<void> {
  const [table] = await sql`select 'research_jobs'::regclass::oid as oid`
  await sql.unsafe('begin')
  await sql.unsafe('create temporary table research_jobs (like research_jobs)')
  for (const build of builds) await sql.unsafe(build.replace(CONCURRENTLY, 'create index'))
  const rows = await sql`
    select
      relname as name,
      indisvalid as valid,
      substring(pg_get_indexdef(indexrelid) from ' USING .*') as definition,
      indrelid = ${table?.oid} as built
    from pg_index
    join pg_class on pg_class.oid = indexrelid
    where indrelid in (${table?.oid}, 'pg_temp.research_jobs'::regclass)`
  await sql.unsafe('rollback')
  for (const wanted of rows.filter(({ built }) => !built)) {
    const found = rows.find(({ built, name }) => built && name === wanted.name)
    if (!found?.valid || found.definition !== wanted.definition) throw new NotPrepared(cure(wanted.name))
  }
}

function rebuilt(name: string): string {
  return `the index ${name} is missing, unfinished, or not what the files of sql/ build: run "drop index concurrently if exists ${name}", then migrate again`
}

function onPartitions(name: string): string {
  return `research_jobs is partitioned, and PostgreSQL cannot build the index ${name} on it concurrently: build it on each partition with the statement of sql/, then on the parent with "create index ${name} on only research_jobs …" and "alter index ${name} attach partition …"`
}

function explainMigration(error: unknown): never {
  if (!isServerError(error)) throw error
  if (error.code === '42501')
    throw new NotPrepared(
      `${error.message}: run "node bin/job-alert.js migrate" as the owner of the table research_jobs`,
    )
  if (error.code === '57014' && error.message.includes('statement timeout'))
    error.message += ' (migrate had turned it off: use the direct host, or a pooler that keeps the session)'
  throw error
}
