import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { mask } from '../../src/digest/shape.js'
import { redact } from '../../src/text/redact.js'
import { BIN } from './command.js'
import { createDatabase, type TestDatabase } from './database.js'
import { temporaryFolder } from './folder.js'
import { startPostgres } from './postgres.js'
import { startSendGrid } from './sendgrid.js'
import { Worker } from './worker.js'

/**
 * `npm run bench`: how long runs take, as ratios. Every figure has a partner that is measured in turn with it, as a
 * whole process; the median of the ratios counts, because machines are shared and noisy.
 */
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15)
const MANY = Number(process.env.BENCH_ROWS ?? 3_000_000)
const STORM = 100_000
const POSTGRES_MODULE = new URL('../../node_modules/postgres/src/index.js', import.meta.url).href
const folder = temporaryFolder('bench')

interface Run {
  readonly command: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Before each run; not measured. */
  readonly prepare?: () => Promise<unknown>
}

interface Measured {
  readonly seconds: number
  readonly megabytes: number
}

/** A shell's word for the peak memory of its last child, where the system has one. */
const TIME = existsSync('/usr/bin/time') ? ['/usr/bin/time', '-f', 'peak %M'] : []

async function measure({ command, env, prepare }: Run): Promise<Measured> {
  await prepare?.()
  const [file, ...args] = [...TIME, ...command] as [string, ...string[]]
  const started = performance.now()
  const child = spawn(file, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  const seconds = (performance.now() - started) / 1_000
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${stderr}`)
  return { seconds, megabytes: Number(/peak (\d+)/.exec(stderr)?.[1] ?? Number.NaN) / 1_024 }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}

const rows: Record<string, string>[] = []

/** The two in turn, after a warm-up of each. */
async function compare(what: string, wanted: string, run: Run, partner: Run, rounds = ROUNDS): Promise<void> {
  await measure(run)
  await measure(partner)
  const pairs: [Measured, Measured][] = []
  for (let round = 0; round < rounds; round++) pairs.push([await measure(run), await measure(partner)])
  const milliseconds = (side: 0 | 1) => `${Math.round(1_000 * median(pairs.map((pair) => pair[side].seconds)))} ms`
  report(
    what,
    median(pairs.map(([a, b]) => a.seconds / b.seconds)).toFixed(2),
    wanted,
    milliseconds(0),
    milliseconds(1),
  )
}

function report(what: string, ratio: string, wanted: string, ours = '', partner = ''): void {
  rows.push({ what, ratio, wanted, ours, partner })
  console.log(`${what}: ${ratio} (wanted: ${wanted})`)
}

const QUERIES = {
  settings: `select set_config('statement_timeout', '60000ms', true), set_config('idle_in_transaction_session_timeout', '60000ms', true), set_config('lock_timeout', '5s', true), set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`,
  lock: `select pg_try_advisory_xact_lock(hashtextextended('job-alert digest', 0)) as locked`,
  security: `select row_security_active('research_jobs')`,
  claim: (returning: string) => `
    with due as (
      select id from research_jobs
      where (status = 'dead' or (status = 'failed' and attempts >= max_attempts)) and last_error is distinct from 'cancelled by admin'
        and (last_alerted_at is null or last_alerted_at < coalesce(finished_at, claimed_at, created_at))
        and coalesce(finished_at, claimed_at, created_at) >= now() - interval '7 days'
      for update skip locked
    )
    update research_jobs as job
    set last_alerted_at = greatest(clock_timestamp(), coalesce(finished_at, claimed_at, created_at))
    where job.id = any(array(select id from due))
    returning ${returning}`,
  older: `
    select count(*)::float8, min(coalesce(finished_at, claimed_at, created_at)) from research_jobs
    where (status = 'dead' or (status = 'failed' and attempts >= max_attempts)) and last_error is distinct from 'cancelled by admin'
      and (last_alerted_at is null or last_alerted_at < coalesce(finished_at, claimed_at, created_at))
      and coalesce(finished_at, claimed_at, created_at) < now() - interval '7 days'`,
}
const COLUMNS =
  "id, source, job_type, target_type, target_id, status, attempts, max_attempts, run_after, claimed_at, finished_at, last_error, payload ->> 'chain_started_at'"

const BARE_DRIVER = `
import postgres from '${POSTGRES_MODULE}'
const sql = postgres(process.env.DATABASE_URL, { max: 1, prepare: false, fetch_types: false, onnotice: () => {} })
await sql.unsafe('begin')
for (const query of [${JSON.stringify(QUERIES.settings)}, ${JSON.stringify(QUERIES.lock)}, ${JSON.stringify(QUERIES.security)}]) await sql.unsafe(query)
let rows = 0
await sql.unsafe(${JSON.stringify(QUERIES.claim(COLUMNS))}).forEach(() => { rows += 1 })
await sql.unsafe(${JSON.stringify(QUERIES.older)})
await sql.unsafe('commit')
await sql.end()
console.log(rows)
`

const PYTHON = `
import os, psycopg
with psycopg.connect(os.environ['DATABASE_URL']) as connection:
    with connection.cursor() as cursor:
        for query in (${JSON.stringify(QUERIES.settings)}, ${JSON.stringify(QUERIES.lock)}, ${JSON.stringify(QUERIES.security)}):
            cursor.execute(query)
        cursor.execute(${JSON.stringify(QUERIES.claim(COLUMNS).replaceAll('\n', ' '))})
        rows = cursor.fetchall()
        cursor.execute(${JSON.stringify(QUERIES.older.replaceAll('\n', ' '))})
        cursor.fetchall()
print(len(rows))
`

function script(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

async function fill(database: TestDatabase, count: number, dead: number): Promise<void> {
  await database.sql`
    insert into research_jobs (source, job_type, target_type, target_id, status, attempts, claimed_at, finished_at, last_error)
    select 'spotify', 'match_song', 'song', gen_random_uuid(), case when number <= ${dead} then 'dead' else 'done' end, 1, now(), now(), 'Spotify match failed: 503'
    from generate_series(1, ${count}::int) as number`
  await database.sql`vacuum analyze research_jobs`
  await database.sql`update research_jobs set last_alerted_at = now() where status = 'dead'`
}

const server = await startPostgres()
const sendGrid = await startSendGrid()
const variables = (database: TestDatabase) => ({
  DATABASE_URL: database.url,
  SENDGRID_BASE_URL: sendGrid.url,
  SENDGRID_API_KEY: 'SG.bench.key',
  FROM_EMAIL: 'alerts@example.com',
  ALERT_EMAIL_TO: 'oncall@example.com',
})
const digest = (database: TestDatabase, prepare?: Run['prepare']): Run => ({
  command: [process.execPath, BIN, 'digest'],
  env: variables(database),
  ...(prepare ? { prepare } : {}),
})

try {
  const [small, large, storm] = [
    await createDatabase(server.url),
    await createDatabase(server.url),
    await createDatabase(server.url),
  ]
  await fill(small, 10_000, 100)

  const driver: Run = { command: [process.execPath, script('bare.mjs', BARE_DRIVER)], env: { DATABASE_URL: small.url } }
  await compare('silent run : ten lines with the bare driver', '1.20', digest(small), driver)
  const python = ['/usr/bin/python3', 'python3'].find((each) => spawnSync(each, ['-c', 'import psycopg']).status === 0)
  const inPython: Run = { command: [python ?? '', script('bare.py', PYTHON)], env: { DATABASE_URL: small.url } }
  if (python) await compare('silent run : twenty lines of Python with psycopg', '1.0', digest(small), inPython)
  else console.log('no Python with psycopg on this machine: left out')

  const drop = async () => spawnSync('sh', ['-c', 'sync; echo 3 >/proc/sys/vm/drop_caches'])
  if ((await drop()).status === 0) {
    await compare(
      'the same, page cache dropped : the bare driver',
      '',
      digest(small, drop),
      { ...driver, prepare: drop },
      7,
    )
    if (python)
      await compare('the same, page cache dropped : Python', '', digest(small, drop), { ...inPython, prepare: drop }, 7)
  } else console.log('the page cache cannot be dropped here: left out')

  await fill(large, MANY, Math.round(MANY / 5))
  await compare(
    `silent run on ${MANY.toLocaleString('en')} rows, a fifth just marked : on 10,000`,
    '1.1',
    digest(large),
    digest(small),
  )

  await new Worker(storm.sql).storm(STORM, {}, 'MB has no release %2$s (mbid=%1$s): 404 deleted/merged')
  const reset = async () => {
    await storm.sql`update research_jobs set last_alerted_at = null`
    await storm.sql`vacuum research_jobs`
  }
  const bareStorm: Run = { command: driver.command, env: { DATABASE_URL: storm.url }, prepare: reset }
  await compare(
    `storm of ${STORM.toLocaleString('en')} : bare update … returning`,
    '1.25',
    digest(storm, reset),
    bareStorm,
    7,
  )

  await reset()
  const { megabytes: peak } = await measure(digest(storm))
  const { megabytes: silent } = await measure(digest(storm))
  await new Worker(storm.sql).dead()
  const { megabytes: single } = await measure(digest(storm))
  const megabytes = (value: number) => `${Math.round(value)} MB`
  const memory = (partner: string, wanted: string, value: number) =>
    report(
      `peak memory of that storm : of ${partner}`,
      (peak / value).toFixed(2),
      wanted,
      megabytes(peak),
      megabytes(value),
    )
  if (TIME.length > 0) {
    memory('a silent run', '< 1.5', silent)
    memory('a run that mails one failure', '1.15', single)
  }

  const errors = Array.from(
    { length: 20_000 },
    (_, id) =>
      `MB has no release ${id} (mbid=5f0e8a52-91fb-4f63-a85e-${String(id).padStart(12, '0')}): 404 deleted/merged, ${'asked again later '.repeat(8)}`,
  )
  for (const [name, work] of Object.entries({ redaction: redact, normalisation: mask })) {
    const started = performance.now()
    for (const error of errors) work(error)
    const speed = errors.join('').length / 1e6 / ((performance.now() - started) / 1_000)
    report(name, `${Math.round(speed)} MB/s`, '')
  }
  const cpu = cpus()[0]?.model ?? 'an unknown processor'
  console.log(
    `\nNode ${process.version}, ${cpus().length} × ${cpu}, ${Math.round(totalmem() / 2 ** 30)} GiB; medians of ${ROUNDS}`,
  )
  for (const row of rows) console.log(`| ${Object.values(row).join(' | ')} |`)
} finally {
  await sendGrid.close()
  await server.remove()
}
