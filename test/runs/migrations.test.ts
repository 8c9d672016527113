import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type postgres from 'postgres'
import { beforeAll, beforeEach, expect, inject, test } from 'vitest'
import type { Sql } from '../../src/postgres/session.js'
import { readChainJobs } from '../../src/queue/chain.js'
import { claimFailures, countUnmarked } from '../../src/queue/failures.js'
import { type Running, run, said, start } from '../support/command.js'
import { createDatabase, TABLE, type TestDatabase, until } from '../support/database.js'
import { migrateHere, previewHere, reportHere } from '../support/run.js'
import { Worker } from '../support/worker.js'

let database: TestDatabase
let worker: Worker
beforeAll(async () => {
  database = await createDatabase(inject('serverUrl'), { migrated: false })
  worker = new Worker(database.sql)
  return () => database.drop()
})
beforeEach(async () => {
  await database.sql.unsafe(`
    drop schema public cascade;
    create schema public;
    grant usage on schema public to public;
    ${TABLE}`)
})

const migrate = () => migrateHere({ DATABASE_URL: database.url })
const spawnMigrate = () => run(['migrate'], { DATABASE_URL: database.url })

/** Migrates beside a transaction that keeps a concurrent build waiting until `meanwhile` is over. */
async function besideOpenTransaction<T>(meanwhile: (holder: number) => Promise<T>): Promise<T> {
  await worker.dead()
  await database.sql`alter table research_jobs add column if not exists last_alerted_at timestamptz`
  const { result } = await database.sql.begin(async (holder) => {
    const [row] = await holder`select pg_backend_pid() as pid`
    await holder`update research_jobs set priority = 1`
    // In an object: begin() would await what the tests go on to await after the commit.
    return { result: await meanwhile(row?.pid) }
  })
  return result
}

const startMigration = () => start(['migrate'], { DATABASE_URL: database.url })

/** Resolves once an index of this database is being built. */
function building(): Promise<postgres.Row> {
  return until(async () => {
    const [row] = await database.sql`
      select pid, index_relid::int as index
      from pg_stat_progress_create_index
      where datname = current_database() and index_relid > 0`
    return row
  })
}

async function indexes(): Promise<Record<string, boolean>> {
  const rows = await database.sql`
    select relname, indisvalid
    from pg_index join pg_class on pg_class.oid = indexrelid
    where relname in ('research_jobs_unreported_failures', 'research_jobs_chain')
      or relname like 'research_jobs%invalid'`
  return Object.fromEntries(rows.map(({ relname, indisvalid }) => [relname, indisvalid]))
}

const BOTH_VALID = { research_jobs_unreported_failures: true, research_jobs_chain: true }

test('a missing migration is exit 2, with the command that cures it', async () => {
  await worker.dead()
  const variables = {
    DATABASE_URL: database.url,
    SENDGRID_API_KEY: 'SG.x',
    FROM_EMAIL: 'a@example.com',
    ALERT_EMAIL_TO: 'b@example.com',
  }
  for (const { code, summary } of [await previewHere(variables), await reportHere(variables)]) {
    expect(code).toBe(2)
    expect(summary.msg).toContain('node bin/job-alert.js migrate')
  }
  expect((await spawnMigrate()).code).toBe(0)
  expect((await previewHere({ DATABASE_URL: database.url })).code).toBe(0)
})

test('a database without the table is exit 2, and says so', async () => {
  await database.sql`drop table research_jobs`
  const { code, summary } = await previewHere({ DATABASE_URL: database.url })
  expect(code).toBe(2)
  expect(summary.msg).toContain('the table research_jobs was not found')
  const migration = await spawnMigrate()
  expect(migration.code).toBe(2)
  expect(migration.summary.msg).toContain('the table research_jobs was not found')
  expect(migration.summary.msg).not.toMatch(/sent|mail/)
})

test('a role that is not the owner of the table is told to migrate as the owner: exit 2', async () => {
  const role = `visitor_${database.name}`
  await database.sql.unsafe(`
    create role ${role} login password 'visitor';
    grant select, update on research_jobs to ${role}`)
  const url = new URL(database.url)
  url.username = role
  url.password = 'visitor'
  const visit = () => migrateHere({ DATABASE_URL: url.href })
  // First the column is refused, and once the owner has added it, the index.
  const refused = [await visit()]
  await database.sql`alter table research_jobs add column last_alerted_at timestamptz`
  refused.push(await visit())
  await database.sql.unsafe(`drop owned by ${role}; drop role ${role}`)
  for (const { code, summary } of refused) {
    expect({ code, outcome: summary.outcome }).toEqual({ code: 2, outcome: 'not prepared' })
    expect(summary.msg).toMatch(/must be owner of table research_jobs: .* as the owner of the table research_jobs$/)
    expect(summary.msg).not.toContain('README')
  }
})

test('migrating twice changes nothing the second time', async () => {
  await worker.dead()
  expect((await migrate()).code).toBe(0)
  const catalog = () =>
    database.sql`select oid, relfilenode from pg_class where relname like 'research_jobs%' order by oid`
  const before = await catalog()
  expect((await migrate()).code).toBe(0)
  expect(await catalog()).toEqual(before)
  expect(await indexes()).toEqual(BOTH_VALID)
})

const MISSING = 'psql is not on the PATH: install the PostgreSQL client (Debian: postgresql-client) to run this test'

test('psql -f does the same with the files of sql/, also the second time', async (context) => {
  const hasPsql = spawnSync('psql', ['--version']).status === 0
  if (!hasPsql && process.env.CI) throw new Error(MISSING)
  if (!hasPsql) context.skip(MISSING)
  const folder = fileURLToPath(new URL('../../sql/', import.meta.url))
  for (let time = 0; time < 2; time++)
    for (const name of readdirSync(folder).sort()) {
      const flags = [
        '--no-psqlrc',
        '--quiet',
        '--set=ON_ERROR_STOP=1',
        '--dbname',
        database.url,
        '--file',
        join(folder, name),
      ]
      const { status, stderr } = spawnSync('psql', flags, { encoding: 'utf8' })
      expect({ name, status, stderr: stderr.replace(/.*NOTICE:.*\n/g, '') }).toEqual({ name, status: 0, stderr: '' })
    }
  expect(await indexes()).toEqual(BOTH_VALID)
  await worker.dead()
  expect((await previewHere({ DATABASE_URL: database.url })).summary).toMatchObject({ found: 1 })
})

test('an index that an interrupted build left invalid is built again', async () => {
  await migrate()
  await database.sql`
    update pg_index
    set indisvalid = false
    where indexrelid in ('research_jobs_chain'::regclass, 'research_jobs_unreported_failures'::regclass)`
  expect((await migrate()).code).toBe(0)
  expect(await indexes()).toEqual(BOTH_VALID)
})

test('migrating does not hold up workers, and they do not hold it up for ever', async () => {
  const stop = new AbortController()
  const working = (async () => {
    let jobs = 0
    for (; !stop.signal.aborted; jobs++) await worker.dead()
    return jobs
  })()
  expect((await migrate()).code).toBe(0)
  stop.abort()
  expect(await working).toBeGreaterThan(0)
})

test('a table that is locked fails the migration within seconds, and it can be run again', async () => {
  await database.sql.begin(async (sql) => {
    await sql`lock table research_jobs in access share mode`
    const { code, summary } = await migrate()
    expect(code).toBe(1)
    expect(summary.msg).toContain('lock timeout')
  })
  expect((await migrate()).code).toBe(0)
})

test('a build that waits for an open transaction says for which process, and since when', async () => {
  const migration = await besideOpenTransaction(async (holder) => {
    const running = startMigration()
    await said(running, `waiting for process ${holder}`)
    return running
  })
  const { code, log } = await migration.finished
  expect(code).toBe(0)
  expect(log.map(({ msg }) => msg).join('\n')).toMatch(
    /whose transaction is open since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/,
  )
})

test('a build that waits for a prepared transaction names it', async () => {
  await worker.dead()
  await database.sql`alter table research_jobs add column last_alerted_at timestamptz`
  await database.sql.begin(async (sql) => {
    await sql`update research_jobs set priority = 1`
    await sql.prepare(database.name)
  })
  const running = startMigration()
  await said(running, `waiting for the prepared transaction '${database.name}'`)
  await database.sql.unsafe(`commit prepared '${database.name}'`)
  expect((await running.finished).code).toBe(0)
})

test('nothing runs in the transaction that holds the lock: a build that looks then would wait for it for ever', async () => {
  const [migration, last] = await besideOpenTransaction(async (holder) => {
    const running = startMigration()
    // By then the sessions that are waited for have been looked for.
    await said(running, `waiting for process ${holder}`)
    const [row] = await database.sql`
      select query
      from pg_locks
      join pg_stat_activity using (pid)
      where locktype = 'advisory' and datname = current_database()`
    return [running, row?.query] as const
  })
  expect(last).toContain('pg_try_advisory_xact_lock')
  expect((await migration.finished).code).toBe(0)
})

test('of two migrations at once the second waits for the first, and both end with everything in place', async () => {
  const [first, second] = await besideOpenTransaction(async () => {
    const one = startMigration()
    await building()
    const other = startMigration()
    await said(other, 'waiting: another migration is at work, process')
    return [one, other] as const
  })
  expect([(await first.finished).code, (await second.finished).code]).toEqual([0, 0])
  expect(await indexes()).toEqual(BOTH_VALID)
})

test.each(['research_jobs_unreported_failures', 'research_jobs_chain'])(
  'a build of %s that is still running is waited for, and not taken for an interrupted one',
  async (name) => {
    await migrate()
    const [row] = await database.sql`select pg_get_indexdef(${name}::regclass) as definition`
    await database.sql`drop index ${database.sql(name)}`
    const [migration, build, index] = await besideOpenTransaction(async () => {
      const byHand = database.sql.unsafe(row?.definition.replace('INDEX', 'INDEX CONCURRENTLY')).execute()
      const { pid, index } = await building()
      const running = startMigration()
      await said(running, `waiting: process ${pid} is building`)
      return [running, byHand, index] as const
    })
    await build
    expect((await migration.finished).code).toBe(0)
    expect(await indexes()).toEqual(BOTH_VALID)
    expect(await database.sql`select ${name}::regclass::oid::int as index`).toEqual([{ index }])
  },
)

test.each<[string, (running: Running) => unknown, number]>([
  ['cancelled', async () => database.sql`select pg_cancel_backend(${(await building()).pid})`, 1],
  ['stopped by SIGTERM', ({ child }) => child.kill('SIGTERM'), 143],
])('a build that is %s ends the migration, and the next one builds it again', async (_, end, exitCode) => {
  const { code, log } = await besideOpenTransaction(async () => {
    const running = startMigration()
    await building()
    await end(running)
    const finished = await running.finished
    // While the transaction is still open: no build goes on without its migration.
    await database.left()
    return finished
  })
  expect({ code, ends: log.filter(({ outcome }) => outcome).length }).toEqual({ code: exitCode, ends: 1 })
  expect(log.at(-1)?.msg).toContain('run migrate again to finish')
  expect((await migrate()).code).toBe(0)
  expect(await indexes()).toEqual(BOTH_VALID)
})

test.each([
  ['expression', "create index research_jobs_chain on research_jobs using hash ((payload ->> 'chain'))"],
  [
    'predicate',
    "create index research_jobs_chain on research_jobs using hash ((payload ->> 'chain_started_at')) where id > 0",
  ],
])(
  'an index whose name is right and whose %s is wrong is exit 2, and the cure that is said cures it',
  async (_, build) => {
    await database.sql.unsafe(build)
    const { code, summary } = await migrate()
    expect(code).toBe(2)
    const [, cure = ''] = /run "(drop index [^"]*)"/.exec(summary.msg ?? '') ?? []
    await database.sql.unsafe(cure)
    expect((await migrate()).code).toBe(0)
    expect(await indexes()).toEqual(BOTH_VALID)
  },
)

test.each(['date', 'timestamp'])('a column of type %s is exit 2, and the cure that is said cures it', async (type) => {
  await database.sql.unsafe(`alter table research_jobs add column last_alerted_at ${type}`)
  const { code, summary } = await migrate()
  expect(code).toBe(2)
  const [, cure = ''] = /run "(alter table [^"]*)"/.exec(summary.msg ?? '') ?? []
  await database.sql.unsafe(cure)
  expect((await migrate()).code).toBe(0)
})

test('a view in place of the table is exit 2, and nothing is changed', async () => {
  await database.sql`alter table research_jobs rename to jobs`
  await database.sql`create view research_jobs as select * from jobs`
  const { code, summary } = await migrate()
  expect({ code, msg: summary.msg }).toEqual({ code: 2, msg: expect.stringContaining('research_jobs is not a table') })
  expect(await database.sql`select from pg_attribute where attname = 'last_alerted_at'`).toEqual([])
})

test('a partitioned table gets its column, and exit 2 says how its indexes are built; then all is in place', async () => {
  await database.sql`alter table research_jobs rename to part`
  await database.sql`create table research_jobs (like part) partition by range (id)`
  await database.sql`alter table research_jobs attach partition part default`
  const { code, summary } = await migrate()
  expect(code).toBe(2)
  expect(summary.msg).toContain('research_jobs is partitioned')
  const folder = fileURLToPath(new URL('../../sql/', import.meta.url))
  for (const name of ['002_unreported_failures_index.sql', '003_chain_index.sql']) {
    const build = readFileSync(join(folder, name), 'utf8').split(/;\n\n/).at(-1) ?? ''
    const [, index = ''] = /exists (\w+)/.exec(build) ?? []
    await database.sql.unsafe(build.replace(index, `${index}_part`).replace('on research_jobs', 'on part'))
    await database.sql.unsafe(build.replace('concurrently', '').replace('on research_jobs', 'on only research_jobs'))
    expect((await migrate()).code).toBe(2)
    await database.sql.unsafe(`alter index ${index} attach partition ${index}_part`)
  }
  expect((await migrate()).code).toBe(0)
})

test('a worker may insert a payload of any kind after the migration', async () => {
  await migrate()
  const odd = [5, null, [], 'chain_started_at', { chain_started_at: 'x'.repeat(200_000) }, { chain_started_at: {} }]
  for (const payload of odd) await worker.enqueue({ payload })
  expect(await database.sql`select 1 from research_jobs`).toHaveLength(odd.length)
})

test('a run and the rows of a chain are served by their indexes, however large the table', async () => {
  await migrate()
  await database.sql`
    insert into research_jobs (source, job_type, target_type, target_id, status, attempts, finished_at, payload)
    select 'spotify', 'match_song', 'song', gen_random_uuid(), (array['done', 'queued', 'dead'])[1 + number % 3], 1, now(), '{}'
    from generate_series(1, 60000) as number`
  await database.sql`update research_jobs set last_alerted_at = now() where status = 'dead' and id > 15`
  await database.sql`analyze research_jobs`
  await database.sql.begin(async (sql) => {
    // A transaction's handle has everything that the queries use of a connection's.
    const session = sql as unknown as Sql
    const scans = async (): Promise<Record<string, number>> => {
      const rows = await sql`
        select relname, pg_stat_get_xact_numscans(oid)::int as count
        from pg_class
        where relname in ('research_jobs', 'research_jobs_unreported_failures', 'research_jobs_chain')`
      return Object.fromEntries(rows.map(({ relname, count }) => [relname, count]))
    }
    const window = { since: new Date(0), includeAlerted: false }
    const before = await scans()
    expect(await claimFailures(session, window, () => {})).toBe(5)
    await countUnmarked(session, window)
    await readChainJobs(session, ['2026-11-23T03:00:00+00:00'])
    const after = await scans()
    const made = Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]))
    expect(made).toEqual({ research_jobs: 0, research_jobs_unreported_failures: 2, research_jobs_chain: 1 })
  })
})

// The last one: the sessions that it opens keep these timeouts.
test('timeouts that the server sets for everybody do not end a build', async () => {
  const rows = await database.sql`
    select name
    from pg_settings
    where name in ('statement_timeout', 'lock_timeout', 'transaction_timeout')`
  for (const { name } of rows) await database.sql.unsafe(`alter database ${database.name} set ${name} = '300ms'`)
  const migration = await besideOpenTransaction(async () => {
    const running = startMigration()
    await said(running, 'waiting for process')
    return running
  })
  expect((await migration.finished).code).toBe(0)
  expect(await indexes()).toEqual(BOTH_VALID)
})
