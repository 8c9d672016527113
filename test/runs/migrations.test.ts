import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, expect, inject, test } from 'vitest'
import type { Sql } from '../../src/postgres/session.js'
import { readChainJobs } from '../../src/queue/chain.js'
import { claimFailures, countUnreported } from '../../src/queue/failures.js'
import { run } from '../support/command.js'
import { createDatabase, type TestDatabase } from '../support/database.js'
import { Worker } from '../support/worker.js'

let database: TestDatabase
let worker: Worker
beforeEach(async () => {
  database = await createDatabase(inject('serverUrl'), { migrated: false })
  worker = new Worker(database.sql)
  return () => database.drop()
})

const migrate = () => run(['migrate'], { DATABASE_URL: database.url })

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
  for (const args of [['digest', '--dry-run'], ['digest']]) {
    const { code, summary } = await run(args, {
      DATABASE_URL: database.url,
      SENDGRID_API_KEY: 'SG.x',
      FROM_EMAIL: 'a@example.com',
      ALERT_EMAIL_TO: 'b@example.com',
    })
    expect(code).toBe(2)
    expect(summary.msg).toContain('node bin/job-alert.js migrate')
  }
  expect((await migrate()).code).toBe(0)
  expect((await run(['digest', '--dry-run'], { DATABASE_URL: database.url })).code).toBe(0)
})

test('a database without the table is exit 2, and says so', async () => {
  await database.sql`drop table research_jobs`
  const { code, summary } = await run(['digest', '--dry-run'], { DATABASE_URL: database.url })
  expect(code).toBe(2)
  expect(summary.msg).toContain('the table research_jobs was not found')
  const migration = await migrate()
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
  const visit = () => run(['migrate'], { DATABASE_URL: url.href })
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
  expect((await run(['digest', '--dry-run'], { DATABASE_URL: database.url })).summary).toMatchObject({ found: 1 })
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
    await countUnreported(session, window)
    await readChainJobs(session, ['2026-11-23T03:00:00+00:00'])
    const after = await scans()
    const made = Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]))
    expect(made).toEqual({ research_jobs: 0, research_jobs_unreported_failures: 2, research_jobs_chain: 1 })
  })
})
