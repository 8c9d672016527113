import type { ChildProcess } from 'node:child_process'
import { type Finished, start, type Variables } from './command.js'
import { createDatabase, type TestDatabase } from './database.js'
import { startPostgres } from './postgres.js'
import { startSendGrid } from './sendgrid.js'
import { Worker } from './worker.js'

/**
 * `npm run storms`: the worst that a queue has for a run, on a heap of 96 MB, each in as many runs as it needs. Prints
 * how long each run took, what memory it needed and what became of its mail. `npm run storms -- chains` takes one.
 */
interface Storm {
  readonly name: string
  readonly jobs: number
  readonly rage: (worker: Worker, sql: TestDatabase['sql'], jobs: number) => Promise<void>
  /** Stops and continues the process by turns, as a share of half a processor does. */
  readonly halved?: boolean
}

const RETRIES = `HTTPSConnectionPool(host='www.googleapis.com', port=443): Max retries exceeded with url: /youtube/v3/search?part=snippet&q=%2$s&key=AIzaSyA-not-a-real-key-%1$s (Caused by ReadTimeoutError("Read timed out."))`
/** Letters, so that no rule for numbers or ids makes them alike. */
const wordsOf = (count: number): string =>
  `(select string_agg(translate(substr(md5(number || ' ' || word), 1, 4 + word %% 7), '0123456789', 'ghijklmnop'), ' ') from generate_series(1, ${count}) as word)`

const STORMS: readonly Storm[] = [
  {
    name: 'paths with a query of their own',
    jobs: 71_000,
    rage: (worker, _, jobs) => worker.storm(jobs, { source: 'youtube', jobType: 'match_recording' }, RETRIES),
  },
  {
    name: 'errors that differ in ids',
    jobs: 71_000,
    rage: (worker, _, jobs) => worker.storm(jobs, {}, 'MB has no release %2$s (mbid=%1$s): 404 deleted/merged'),
  },
  { name: 'different errors', jobs: 71_000, rage: (_, sql, jobs) => different(sql, jobs, 8) },
  { name: 'different errors of 2,000 characters', jobs: 200_000, rage: (_, sql, jobs) => different(sql, jobs, 250) },
  {
    name: 'different errors of 2,000 characters and a failed refresh, on half a processor',
    jobs: 300_000,
    rage: async (worker, sql, jobs) => {
      await different(sql, jobs - 1, 250)
      const [albums] = await worker.refresh('albums')
      await worker.failPermanently(albums as number, 'download_feed(albums) failed: Read timed out.')
    },
    halved: true,
  },
  {
    name: 'jobs of 400 types',
    jobs: 5_000,
    rage: async (_, sql, jobs) => {
      await different(sql, jobs, 4)
      await sql`update research_jobs set job_type = 'type_' || id % 400`
    },
  },
  {
    name: 'chains',
    jobs: 300,
    rage: async (_, sql, jobs) => {
      await different(sql, jobs, 8)
      await sql`
        update research_jobs
        set source = 'apple', job_type = 'refresh_catalog', target_type = 'catalog',
          target_id = '11111111-1111-1111-1111-bbbbbbbbbbbb',
          payload = jsonb_build_object('chain_started_at', now() - id * interval '10 minutes')`
    },
  },
]

async function different(sql: TestDatabase['sql'], jobs: number, words: number): Promise<void> {
  await sql.unsafe(`
    insert into research_jobs (source, job_type, target_type, target_id, status, attempts, claimed_at, finished_at, last_error)
    select 'spotify', 'match_song', 'song', gen_random_uuid(), 'dead', 1, now(), now(), ${wordsOf(words).replaceAll('%%', '%')}
    from generate_series(1, ${jobs}) as number`)
}

/** The process tells its peak at its end, in kilobytes; a heap of 96 MB stands for a small machine. */
const PROBE =
  'process.on("exit",()=>process.stderr.write(JSON.stringify({peak:process.resourceUsage().maxRSS,cpu:process.resourceUsage().userCPUTime+process.resourceUsage().systemCPUTime})+"\\n"))'
const SMALL: Variables = {
  NODE_OPTIONS: `--max-old-space-size=96 --import=data:text/javascript,${encodeURIComponent(PROBE)}`,
}

/** In milliseconds; the scheduler of a small machine gives and takes in turns about as long. */
const TURN = 50

/** The command; `halved`: it runs every other turn, so that it gets half of the time. */
async function runOn(halved: boolean, variables: Variables): Promise<Finished> {
  const { child, finished } = start(['digest'], variables)
  const turns = halved ? setInterval(takeTurns(child), TURN) : undefined
  return finished.finally(() => clearInterval(turns))
}

function takeTurns(child: ChildProcess): () => void {
  let stopped = false
  return () => {
    stopped = !stopped
    child.kill(stopped ? 'SIGSTOP' : 'SIGCONT')
  }
}

const server = await startPostgres()
const sendGrid = await startSendGrid()

/** Runs until nothing is left to report; a row of the table for each run. */
async function* runsOn({ name, jobs, rage, halved = false }: Storm) {
  const database = await createDatabase(server.url)
  await rage(new Worker(database.sql), database.sql, jobs)
  const variables = {
    ...SMALL,
    DATABASE_URL: database.url,
    SENDGRID_BASE_URL: sendGrid.url,
    SENDGRID_API_KEY: 'SG.storm.key',
    FROM_EMAIL: 'alerts@example.com',
    ALERT_EMAIL_TO: 'oncall@example.com',
  }
  for (let reported = 0; reported < jobs; ) {
    const mails = sendGrid.accepted.length
    const { code, log } = await runOn(halved, variables)
    const summary = log.find(({ outcome }) => outcome) ?? {}
    const mail = sendGrid.accepted[mails]
    const [text, html] = mail?.content ?? []
    const [left] = await database.sql`select count(*)::int as jobs from research_jobs where last_alerted_at is null`
    console.log(mail?.subject)
    yield {
      storm: `${jobs.toLocaleString('en')} ${name}`,
      exit: code,
      reported: summary.reported,
      waiting: summary.waiting,
      'not marked': left?.jobs,
      mails: sendGrid.accepted.length - mails,
      seconds: Math.round((summary.durationMs as number) / 100) / 10,
      'CPU seconds': Math.round((log.at(-1)?.cpu as number) / 100_000) / 10,
      'peak MB': Math.round((log.at(-1)?.peak as number) / 1_024),
      'text kB': Math.round(Buffer.byteLength(text?.value ?? '') / 100) / 10,
      'HTML kB': Math.round(Buffer.byteLength(html?.value ?? '') / 100) / 10,
    }
    if (code !== 0) break
    reported += summary.reported as number
  }
  await database.drop()
}

try {
  const rows: Record<string, unknown>[] = []
  const wanted = STORMS.filter(({ name }) => name.includes(process.argv[2] ?? ''))
  for (const storm of wanted) for await (const row of runsOn(storm)) rows.push(row)
  console.table(rows)
} finally {
  await sendGrid.close()
  await server.remove()
}
