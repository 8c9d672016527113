import fc from 'fast-check'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { migrateConfig } from '../../src/config.js'
import type { Digest } from '../../src/digest/digest.js'
import type { Message } from '../../src/mail/message.js'
import { type Outcome, preview, type Run, report } from '../../src/report.js'
import type { Answer } from '../../src/sendgrid/exchange.js'
import { createDatabase, type TestDatabase, untouched } from '../support/database.js'
import { mailOf, UNUSED_LOG } from '../support/jobs.js'
import { Worker } from '../support/worker.js'

/**
 * Random histories of a queue and of digest runs, against a model that knows only what an on-call person would
 * say: what has failed for good, and what I have been told.
 */
const RUNS = Number(process.env.MODEL_RUNS ?? 75)
const DAY = 24 * 60 * 60_000
const WINDOW_DAYS = 7
const OVERDUE_DAYS = 5

interface ModelJob {
  readonly id: number
  readonly jobType: string
  readonly maxAttempts: number
  status: 'queued' | 'running' | 'done' | 'dead'
  attempts: number
  error: 'none' | 'some' | 'cancelled'
  /** Days since it failed for good; undefined while it has not. */
  failed: number | undefined
  told: boolean
}

interface News {
  readonly due: readonly ModelJob[]
  readonly overdue: boolean
}

class Model {
  readonly jobs: ModelJob[] = []
  /** The last refresh that succeeded: days since then, and whether I have been told that it is too long ago. */
  success: { days: number; told: boolean } | undefined

  overdue(): boolean {
    return this.success !== undefined && this.success.days >= OVERDUE_DAYS && !this.success.told
  }

  /** The jobs that the next run has to report. */
  due(): readonly ModelJob[] {
    return this.jobs.filter((job) => job.failed !== undefined && job.failed < WINDOW_DAYS && !job.told)
  }

  /** What the next mail has to say; undefined when there must be none. */
  news(): News | undefined {
    const due = this.due()
    return due.length > 0 || this.overdue() ? { due, overdue: this.overdue() } : undefined
  }

  hear({ due, overdue }: News): void {
    for (const job of due) job.told = true
    if (overdue && this.success) this.success.told = true
  }

  older(): number {
    return this.jobs.filter((job) => job.failed !== undefined && job.failed >= WINDOW_DAYS && !job.told).length
  }
}

function die(job: ModelJob, error: ModelJob['error'] = 'some'): void {
  job.status = 'dead'
  job.error = error
  job.failed = job.error === 'cancelled' ? undefined : 0
  job.told = false
}

function retryOrDie(job: ModelJob): void {
  if (job.attempts >= job.maxAttempts) die(job)
  else {
    job.status = 'queued'
    job.error = 'some'
  }
}

let database: TestDatabase
let worker: Worker
beforeAll(async () => {
  database = await createDatabase(inject('serverUrl'))
  worker = new Worker(database.sql)
})
afterAll(() => database.drop())

function freshRun(): { run: Run; abort: AbortController } {
  const abort = new AbortController()
  const run = {
    database: migrateConfig({ DATABASE_URL: database.url }).database,
    render: (digest: Digest) => mailOf(digest),
    runTimeout: 30_000,
    overdueAfter: OVERDUE_DAYS * DAY,
    since: WINDOW_DAYS * DAY,
    includeAlerted: false,
    sendTimeout: 15_000,
    interruptions: { stop: abort.signal, abort: abort.signal, sending: () => {} },
    log: UNUSED_LOG,
  }
  return { run, abort }
}

/** The mails say just that: every failure by its kind in both parts, their number, and whether the refresh is overdue. */
function expectSaid(mails: readonly Message[], news: News | undefined): void {
  expect(mails).toHaveLength(news ? 1 : 0)
  for (const { text, html } of mails) {
    const due = news?.due ?? []
    expect(text.includes('Apple Music refresh is overdue')).toBe(news?.overdue)
    const number =
      due.length === 0
        ? ''
        : `${due.length} ${news?.overdue ? 'other job' : 'JOB'}${due.length === 1 ? '' : news?.overdue ? 's' : 'S'} `
    expect(text).toContain(number)
    const words = [text, html.replaceAll('<wbr>', '')].map((part) => new Set(part.match(/spotify\/type_\d+/g)))
    for (const said of words)
      expect([...said].toSorted()).toEqual(due.map(({ jobType }) => `spotify/${jobType}`).toSorted())
    expect(ids(due)).toEqual(expect.arrayContaining([...mailed(text)]))
    if (due.length <= SHOWN) expect(mailed(text)).toEqual(ids(due))
  }
}

/** As many jobs as one section lists when there are several. */
const SHOWN = 3

function mailed(text: string): readonly number[] {
  return [...text.matchAll(/^ {2}job (\d+) {2}/gm)].map(([, id]) => Number(id)).toSorted((a, b) => a - b)
}

const ids = (jobs: readonly ModelJob[]): readonly number[] => jobs.map(({ id }) => id).toSorted((a, b) => a - b)
const accepted: Answer = { is: 'accepted', messageId: 'model' }

async function table(): Promise<readonly unknown[]> {
  return untouched(await database.sql`select * from research_jobs order by id`)
}

type Command = fc.AsyncCommand<Model, undefined>

/** Something that happens to one job that is in a state for it. */
function happens(
  name: string,
  applies: (job: ModelJob) => boolean,
  change: (job: ModelJob) => void,
  really: (id: number) => Promise<unknown>,
): fc.Arbitrary<Command> {
  return fc.nat().map((pick) => {
    let done = ''
    return {
      check: (model) => model.jobs.some(applies),
      async run(model) {
        const candidates = model.jobs.filter(applies)
        const job = candidates[pick % candidates.length] as ModelJob
        done = `${name}(${job.id})`
        await really(job.id)
        change(job)
      },
      toString: () => done || name,
    }
  })
}

/** Two chains, and none. */
const CHAINS = [{}, { chain_started_at: '2026-01-01T00:00:00Z' }, { chain_started_at: '2026-01-02T00:00:00Z' }] as const

async function enqueued(model: Model, maxAttempts: number, payload: (typeof CHAINS)[number]): Promise<ModelJob> {
  const jobType = `type_${Math.max(0, ...model.jobs.map(({ id }) => id)) + 1}`
  const id = await worker.enqueue({ maxAttempts, jobType, payload })
  const job: ModelJob = {
    id,
    jobType,
    maxAttempts,
    status: 'queued',
    attempts: 0,
    error: 'none',
    failed: undefined,
    told: false,
  }
  model.jobs.push(job)
  return job
}

const enqueue = fc.tuple(fc.constantFrom(1, 2, 5), fc.constantFrom(...CHAINS)).map(
  ([maxAttempts, payload]): Command => ({
    // Few jobs, so that much happens to each of them.
    check: (model) => model.jobs.length < 4,
    async run(model) {
      await enqueued(model, maxAttempts, payload)
    },
    toString: () => `enqueue(max ${maxAttempts})`,
  }),
)

/** Chains of many jobs and kinds. */
const storm = fc.constant<Command>({
  check: (model) => model.jobs.length < 60,
  async run(model) {
    for (let index = 0; index < 30; index++) {
      const job = await enqueued(model, 1, CHAINS[index % CHAINS.length] ?? {})
      await worker.claim(job.id)
      await worker.failPermanently(job.id, `permanent ${index % 4 === 0 ? 'too' : ''}`)
      job.attempts = 1
      die(job)
    }
  },
  toString: () => 'a storm',
})

const is =
  (...statuses: readonly ModelJob['status'][]) =>
  (job: ModelJob): boolean =>
    statuses.includes(job.status)

const work = [
  happens(
    'claim',
    is('queued'),
    (job) => {
      job.status = 'running'
      job.attempts += 1
    },
    (id) => worker.claim(id),
  ),
  happens(
    'succeed',
    is('running'),
    (job) => {
      job.status = 'done'
      job.error = 'none'
    },
    (id) => worker.succeed(id),
  ),
  happens('fail', is('running'), retryOrDie, (id) => worker.fail(id, 'to be retried')),
  happens(
    'failPermanently',
    is('running'),
    (job) => die(job),
    (id) => worker.failPermanently(id, 'permanent'),
  ),
  happens(
    'exhaustQuota',
    is('running'),
    (job) => {
      job.status = 'queued'
      job.attempts -= 1
      job.error = 'some'
    },
    (id) => worker.exhaustQuota(id),
  ),
  happens('reap', is('running'), retryOrDie, (id) => worker.reap(id)),
  happens(
    'cancel',
    is('queued', 'running'),
    (job) => die(job, job.error === 'none' ? 'cancelled' : job.error),
    (id) => worker.cancel(id),
  ),
  happens(
    'retry',
    is('done', 'dead'),
    (job) => {
      job.status = 'queued'
      job.attempts = 0
      job.error = 'none'
      job.failed = undefined
    },
    (id) => worker.retry(id),
  ),
]

/** The life that matters most, in one step: random single steps seldom get there twice. */
const anotherDeath = happens(
  'retryAndDie',
  is('dead', 'done'),
  (job) => {
    job.attempts = 1
    die(job)
  },
  async (id) => {
    await worker.retry(id)
    await worker.claim(id)
    await worker.failPermanently(id, 'once more')
  },
)

const death = happens(
  'claimAndDie',
  is('queued'),
  (job) => {
    job.attempts += 1
    die(job)
  },
  async (id) => {
    await worker.claim(id)
    await worker.failPermanently(id, 'permanent')
  },
)

const remove = fc.nat().map(
  (pick): Command => ({
    check: (model) => model.jobs.length > 0,
    async run(model) {
      const [job] = model.jobs.splice(pick % model.jobs.length, 1)
      await database.sql`delete from research_jobs where id = ${job?.id as number}`
    },
    toString: () => 'delete',
  }),
)

const refreshSucceeds = fc.constant<Command>({
  check: () => true,
  async run(model) {
    const steps = await worker.refresh('rebuild_index')
    await worker.succeed(steps[3] as number)
    model.success = { days: 0, told: false }
  },
  toString: () => 'a refresh succeeds',
})

const timePasses = fc.constantFrom(1, 3, 8).map(
  (days): Command => ({
    check: () => true,
    async run(model) {
      const past = `${days} days`
      await database.sql`
        update research_jobs
        set created_at = created_at - ${past}::interval,
          claimed_at = claimed_at - ${past}::interval,
          finished_at = finished_at - ${past}::interval,
          run_after = run_after - ${past}::interval,
          last_alerted_at = last_alerted_at - ${past}::interval`
      for (const job of model.jobs) if (job.failed !== undefined) job.failed += days
      if (model.success) model.success.days += days
    },
    toString: () => `${days} days pass`,
  }),
)

/** How SendGrid and the world treat one run: what the sender does, and what must come of it. */
interface Fate {
  readonly name: string
  readonly send: (abort: AbortController) => Promise<Answer>
  readonly outcome: Outcome['is'] | 'interrupted'
  readonly told: boolean
}

const FATES: readonly Fate[] = [
  { name: 'succeeds', send: async () => accepted, outcome: 'sent', told: true },
  {
    name: 'is refused',
    send: async () => ({ is: 'refused', reason: 'refused' }),
    outcome: 'not sent',
    told: false,
  },
  {
    name: 'gets no answer',
    send: async () => ({ is: 'unknown', reason: 'no answer' }),
    outcome: 'outcome unknown',
    told: false,
  },
  {
    name: 'loses the database, then is accepted',
    send: async () => {
      await database.killSessions()
      return accepted
    },
    outcome: 'sent but not marked',
    told: false,
  },
  {
    name: 'loses the database, then is refused',
    send: async () => {
      await database.killSessions()
      return { is: 'refused', reason: 'refused' }
    },
    outcome: 'not sent',
    told: false,
  },
  {
    // As the database sees it: the connection is gone, and nobody asks what became of the transaction.
    name: 'is killed after the 202',
    send: async (abort) => {
      await database.killSessions()
      abort.abort(new Error('killed'))
      return accepted
    },
    outcome: 'sent, perhaps not marked',
    told: false,
  },
]

const digest = fc.constantFrom(...FATES, ...Array<Fate>(4).fill(FATES[0] as Fate)).map(
  (fate): Command => ({
    check: () => true,
    async run(model) {
      const before = await table()
      const news = model.news()
      const mails: Message[] = []
      const { run, abort } = freshRun()
      const outcome = await report(run, async (message) => {
        mails.push(message)
        return fate.send(abort)
      })
      expect(outcome.is).toBe(news ? fate.outcome : 'nothing to report')
      if ('older' in outcome) expect(outcome.older.count).toBe(model.older())
      expectSaid(mails, news)
      expect(await table()).toEqual(before)
      if (news && fate.told) model.hear(news)
    },
    toString: () => `a run ${fate.name}`,
  }),
)

const overlap = fc.constant<Command>({
  check: () => true,
  async run(model) {
    const news = model.news()
    const mails: Message[] = []
    const send = async (message: Message) => {
      mails.push(message)
      const other = await report(freshRun().run, send)
      expect(other.is).toBe('another run is at work')
      return accepted
    }
    await report(freshRun().run, send)
    expectSaid(mails, news)
    if (news) model.hear(news)
  },
  toString: () => 'two runs overlap',
})

/** The run has begun, and waits for the table, when a running job dies and the table is free again. */
const diesAfterBegin = fc.constant<Command>({
  check: (model) => model.jobs.some(is('running')),
  async run(model) {
    const job = model.jobs.find(is('running')) as ModelJob
    const mails: Message[] = []
    const outcome = await database.sql.begin(async (sql) => {
      await sql`lock table research_jobs in access exclusive mode`
      const reporting = report(freshRun().run, async (message) => {
        mails.push(message)
        return accepted
      })
      await database.blocked()
      await sql`
        update research_jobs
        set status = 'dead', finished_at = clock_timestamp(), last_error = 'died late'
        where id = ${job.id}`
      return () => reporting
    })
    die(job)
    const news = model.news() as News
    expect((await outcome()).is).toBe('sent')
    expectSaid(mails, news)
    model.hear(news)
  },
  toString: () => 'a job dies between BEGIN and the claim',
})

const dryRun = fc.constant<Command>({
  check: () => true,
  async run(model) {
    const before = await database.sql`select *, xmin::text from research_jobs order by id`
    const found: number[] = []
    const { older, overdue, message } = await preview(freshRun().run, (jobs) => {
      found.push(...jobs.map(({ id }) => Number(id)))
    })
    expect(found.toSorted((a, b) => a - b)).toEqual(ids(model.due()))
    expect(overdue).toBe(model.overdue())
    expect(older.count).toBe(model.older())
    expectSaid(message ? [message] : [], model.news())
    expect(await database.sql`select *, xmin::text from research_jobs order by id`).toEqual(before)
  },
  toString: () => 'a dry run',
})

test(`${RUNS} random histories: every final failure and every overdue refresh is mailed, once, and nothing else is touched`, async () => {
  const histories = [
    enqueue,
    enqueue,
    storm,
    ...work,
    death,
    death,
    anotherDeath,
    anotherDeath,
    remove,
    refreshSucceeds,
    timePasses,
    timePasses,
    digest,
    digest,
    digest,
    overlap,
    diesAfterBegin,
    dryRun,
  ]
  const commands = fc.commands(histories, { maxCommands: 30, size: 'max' })
  await fc.assert(
    fc.asyncProperty(commands, async (history) => {
      await database.clear()
      await fc.asyncModelRun(() => ({ model: new Model(), real: undefined }), history)
    }),
    { numRuns: RUNS, ...(process.env.MODEL_SEED ? { seed: Number(process.env.MODEL_SEED) } : {}) },
  )
}, 3_600_000)
