import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabaseSettings } from './config/database.js'
import { interruptible } from './interruption.js'
import { isServerError, Session, type Sql, UNBOUNDED } from './postgres/session.js'
import { MARK_TYPE, NotPrepared, readTable, unprepared } from './queue/prepared.js'

/** Beside src/ and dist/, from either of which this file runs. */
const FOLDER = new URL('../sql/', import.meta.url)

/** A second between two questions to the server; unreferenced, so that it does not keep the process alive. */
const pause = () => sleep(1_000, undefined, { ref: false })

/** Reports a line of progress. */
type Say = (line: string) => void

/**
 * Applies every file of sql/, in order, one statement at a time and outside a transaction, since indexes are built
 * concurrently; then proves that the table has the indexes. Reports each applied file, and what it waits for.
 * Needs a server, or a pooler, that gives each client a session of its own. Rejects with NotPrepared if only a person
 * can help, with a ConnectionError, with the server's error, or with the reason of `stop`.
 */
export async function migrate(settings: DatabaseSettings, say: Say, stop: AbortSignal): Promise<void> {
  const [worker, holder, watcher] = [new Session(settings), new Session(settings), new Session(settings)]
  try {
    await interruptible(perform(holder.sql, LOCK_OUT_OTHERS, say), stop)
    const [row] = await worker.sql`select pg_backend_pid() as pid`
    watch(watcher.sql, row?.pid, say).catch(() => {})
    await interruptible(migrateTable(worker.sql, say), stop).finally(async () => {
      // The server would otherwise go on with the build.
      if (stop.aborted) await watcher.sql.unsafe(`select pg_cancel_backend(${row?.pid})`).catch(() => {})
    })
  } catch (error) {
    if (!isServerError(error) || error.code !== '42501') throw error
    const cure = 'run "node bin/job-alert.js migrate" as the owner of the table research_jobs'
    throw new NotPrepared(`${error.message}: ${cure}`)
  } finally {
    await worker.close()
    await watcher.close()
    await holder.close()
  }
}

/**
 * One migration at a time: two concurrent builds on one table would wait for each other's snapshots. The lock belongs
 * to a transaction that is open as long as its session, so that every pooler keeps the lock. That transaction runs
 * nothing else, and fails rather than waits: a build waits for every transaction that has a snapshot, and a statement
 * that waits has one.
 */
const LOCK_OUT_OTHERS = `
  rollback;
  begin isolation level read committed;
  set local idle_in_transaction_session_timeout = 0;
  ${UNBOUNDED};
  do $$
  begin
    if not pg_try_advisory_xact_lock(hashtext('job-alert'), hashtext('migrate')) then
      raise exception 'another migration is at work, process %', (
        select min(pid)
        from pg_locks
        where locktype = 'advisory'
          and database = (select oid from pg_database where datname = current_database())
          and classid = hashtext('job-alert')::oid
          and objid = hashtext('migrate')::oid
      ) using errcode = 'object_in_use';
    end if;
  end
  $$`

/** Raised by LOCK_OUT_OTHERS and by the files of sql/ while another session works on the table. */
const OBJECT_IN_USE = '55006'

/** Repeats the statement until no other session works on the table. */
async function perform(sql: Sql, statement: string, say: Say): Promise<void> {
  for (let told = false; ; told = true) {
    try {
      await sql.unsafe(statement)
      return
    } catch (error) {
      if (!isServerError(error) || error.code !== OBJECT_IN_USE) throw error
      if (!told) say(`waiting: ${error.message}`)
      await pause()
    }
  }
}

/** Reports once each session open for two seconds, and each prepared transaction, that the worker waits for. */
async function watch(watcher: Sql, worker: number, say: Say): Promise<void> {
  for (const told = new Set<string>(); ; await pause()) {
    const rows = await watcher.unsafe(`
      select concat(
        'waiting for process ' || pid,
        ' (' || nullif(application_name, '') || ')',
        ', whose transaction is open',
        to_char(xact_start at time zone 'UTC', '" since "YYYY-MM-DD HH24:MI:SS" UTC"')
      ) as line
      from pg_stat_activity
      where pid = any(pg_blocking_pids(${worker}))
        and coalesce(xact_start < clock_timestamp() - interval '2 seconds', true)
      union all
      select 'waiting for the prepared transaction ' || quote_literal(gid)
      from pg_prepared_xacts
      where 0 = any(pg_blocking_pids(${worker}))
        and database = current_database()`)
    for (const { line } of rows.filter((row) => !told.has(row.line))) say(line)
    for (const { line } of rows) told.add(line)
  }
}

async function migrateTable(sql: Sql, say: Say): Promise<void> {
  const table = await readTable(sql)
  // The first file adds the column if it is missing, and hidden rows concern a digest alone.
  const reason = unprepared({ ...table, markType: table.markType ?? MARK_TYPE, hidesFromReading: false }, 'read')
  if (reason) throw new NotPrepared(reason)
  const partitioned = table.relkind === 'p'
  const builds: string[] = []
  for (const { name, statements } of readFiles()) {
    const build = statements.filter((statement) => statement.startsWith(CONCURRENTLY))
    builds.push(...build)
    if (partitioned && build.length > 0) continue
    const started = performance.now()
    for (const statement of statements) await perform(sql, statement, say)
    say(`applied ${name} in ${((performance.now() - started) / 1_000).toFixed(1)} s`)
  }
  const index = await missingIndex(sql, builds)
  if (index && partitioned)
    throw new NotPrepared(
      `research_jobs is partitioned, and PostgreSQL cannot build the index ${index} on it concurrently: build it on each partition with the statement of sql/, then on the parent with "create index ${index} on only research_jobs …" and "alter index ${index} attach partition …"`,
    )
  if (index)
    throw new NotPrepared(
      `the index ${index} is missing, unfinished, or not what the files of sql/ build: run "drop index concurrently if exists ${index}", then migrate again`,
    )
}

/** The files of sql/, in order. A semicolon and a blank line separate their statements, and nothing else does. */
function readFiles(): readonly { readonly name: string; readonly statements: readonly string[] }[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'))
  return names.sort().map((name) => ({ name, statements: readFileSync(new URL(name, FOLDER), 'utf8').split(/;\n\n/) }))
}

const CONCURRENTLY = 'create index concurrently if not exists'

/**
 * The first index of `builds` that the table lacks: valid, and word for word what the server makes of the same
 * statement on an empty copy of the table, which is rolled back.
 */
async function missingIndex(sql: Sql, builds: readonly string[]): Promise<string | undefined> {
  await sql.unsafe(`
    begin;
    create temporary table research_jobs (like research_jobs);
    ${builds.map((build) => build.replace(CONCURRENTLY, 'create index')).join('')};
    alter table pg_temp.research_jobs rename to wanted`)
  const [row] = await sql`
    with index as (
      select indrelid, relname as name, substring(pg_get_indexdef(indexrelid) from ' USING .*') as definition
      from pg_index
      join pg_class on pg_class.oid = indexrelid
      where indisvalid
    )
    select name, definition from index where indrelid = 'wanted'::regclass
    except
    select name, definition from index where indrelid = 'research_jobs'::regclass
    order by name`
  await sql.unsafe('rollback')
  return row?.name
}
