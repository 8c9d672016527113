import fc from 'fast-check'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { migrateConfig } from '../src/config.js'
import { MailError } from '../src/mailer.js'
import type { Message } from '../src/render/message.js'
import { type Outcome, preview, type Run, report } from '../src/report.js'
import { createDatabase, type TestDatabase, untouched } from './support/database.js'
import { PRODUCTION } from './support/jobs.js'
import { Worker } from './support/worker.js'

/**
 * Random histories of a queue and of digest runs, against a model that knows only what an on-call person would
 * say: what has failed for good, and what I have been told.
 */
const RUNS = Number(process.env.MODEL_RUNS ?? 300)
const DAY = 24 * 60 * 60_000
const WINDOW_DAYS = 7

interface ModelJob {
  readonly id: number
  readonly maxAttempts: number
  status: 'queued' | 'running' | 'done' | 'dead'
  attempts: number
  error: 'none' | 'some' | 'cancelled'
  /** Days since it failed for good; undefined while it has not. */
  failed: number | undefined
  told: boolean
}

class Model {
  readonly jobs: ModelJob[] = []

  /** The jobs that the next run has to report. */
  due(): readonly ModelJob[] {
    return this.jobs.filter((job) => job.failed !== undefined && job.failed < WINDOW_DAYS && !job.told)
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
  const now = new Date()
  const run = {
    database: migrateConfig({ DATABASE_URL: database.url }).database,
    presentation: PRODUCTION,
    limits: { run: 30_000 },
    window: { since: new Date(now.getTime() - WINDOW_DAYS * DAY), includeAlerted: false },
    now,
    interruptions: { stop: abort.signal, abort: abort.signal },
  }
  return { run, abort }
}

/** Every job has a type of its own, so that the mail has a group and an entry for each. */
function mailed({ text }: Message): readonly number[] {
  return [...text.matchAll(/^ {2}job (\d+) {2}/gm)].map(([, id]) => Number(id)).toSorted((a, b) => a - b)
}

const ids = (jobs: readonly ModelJob[]): readonly number[] => jobs.map(({ id }) => id).toSorted((a, b) => a - b)
const receipt = { messageId: 'model' }

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

const enqueue = fc.constantFrom(1, 2, 5).map(
  (maxAttempts): Command => ({
    // Few jobs, so that much happens to each of them.
    check: (model) => model.jobs.length < 4,
    async run(model) {
      const id = await worker.enqueue({ maxAttempts, jobType: `type_${model.jobs.length}` })
      model.jobs.push({ id, maxAttempts, status: 'queued', attempts: 0, error: 'none', failed: undefined, told: false })
    },
    toString: () => `enqueue(max ${maxAttempts})`,
  }),
)

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
          last_alerted_at = last_alerted_at - ${past}::interval`
      for (const job of model.jobs) if (job.failed !== undefined) job.failed += days
    },
    toString: () => `${days} days pass`,
  }),
)

/** How SendGrid and the world treat one run: what the sender does, and what must come of it. */
interface Fate {
  readonly name: string
  readonly send: (abort: AbortController) => Promise<typeof receipt>
  readonly outcome: Outcome['kind'] | 'interrupted'
  readonly told: boolean
}

const FATES: readonly Fate[] = [
  { name: 'succeeds', send: async () => receipt, outcome: 'sent', told: true },
  {
    name: 'is refused',
    send: async () => {
      throw new MailError('refused', false)
    },
    outcome: 'not sent',
    told: false,
  },
  {
    name: 'gets no answer',
    send: async () => {
      throw new MailError('no answer', true)
    },
    outcome: 'not sent',
    told: false,
  },
  {
    name: 'loses the database, then is accepted',
    send: async () => {
      await database.killSessions()
      return receipt
    },
    outcome: 'sent but not marked',
    told: false,
  },
  {
    name: 'loses the database, then is refused',
    send: async () => {
      await database.killSessions()
      throw new MailError('refused', false)
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
      return receipt
    },
    outcome: 'sent but not marked',
    told: false,
  },
]

const digest = fc.constantFrom(...FATES, ...Array<Fate>(4).fill(FATES[0] as Fate)).map(
  (fate): Command => ({
    check: () => true,
    async run(model) {
      const before = await table()
      const due = model.due()
      const mails: Message[] = []
      const { run, abort } = freshRun()
      const outcome = await report(run, async (message) => {
        mails.push(message)
        return fate.send(abort)
      })
      expect(outcome.kind).toBe(due.length === 0 ? 'nothing to report' : fate.outcome)
      if ('older' in outcome) expect(outcome.older.count).toBe(model.older())
      expect(mails.map(mailed)).toEqual(due.length === 0 ? [] : [ids(due)])
      expect(await table()).toEqual(before)
      if (fate.told) for (const job of due) job.told = true
    },
    toString: () => `a run ${fate.name}`,
  }),
)

const overlap = fc.constant<Command>({
  check: () => true,
  async run(model) {
    const due = model.due()
    const mails: Message[] = []
    const send = async (message: Message) => {
      mails.push(message)
      const other = await report(freshRun().run, send)
      expect(other.kind).toBe('another run is at work')
      return receipt
    }
    await report(freshRun().run, send)
    expect(mails.map(mailed)).toEqual(due.length === 0 ? [] : [ids(due)])
    for (const job of due) job.told = true
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
        return receipt
      })
      await database.blocked()
      await sql`
        update research_jobs
        set status = 'dead', finished_at = clock_timestamp(), last_error = 'died late'
        where id = ${job.id}`
      return () => reporting
    })
    die(job)
    const due = model.due()
    expect((await outcome()).kind).toBe('sent')
    expect(mails.map(mailed)).toEqual([ids(due)])
    for (const each of due) each.told = true
  },
  toString: () => 'a job dies between BEGIN and the claim',
})

const dryRun = fc.constant<Command>({
  check: () => true,
  async run(model) {
    const before = await database.sql`select *, xmin::text from research_jobs order by id`
    const { jobs, older } = await preview(freshRun().run)
    expect(jobs.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(ids(model.due()))
    expect(older.count).toBe(model.older())
    expect(await database.sql`select *, xmin::text from research_jobs order by id`).toEqual(before)
  },
  toString: () => 'a dry run',
})

test(`${RUNS} random histories: every final failure is mailed, once, and nothing else is touched`, async () => {
  const histories = [
    enqueue,
    enqueue,
    ...work,
    death,
    death,
    anotherDeath,
    anotherDeath,
    remove,
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
      await database.sql`truncate research_jobs restart identity`
      await fc.asyncModelRun(() => ({ model: new Model(), real: undefined }), history)
    }),
    { numRuns: RUNS, ...(process.env.MODEL_SEED ? { seed: Number(process.env.MODEL_SEED) } : {}) },
  )
}, 3_600_000)
