import { createServer, type Server } from 'node:http'
import { beforeEach, expect, test } from 'vitest'
import { migrateConfig } from '../../src/config.js'
import { outcomeSummary } from '../../src/outcome.js'
import { type Run, report, WINDOW } from '../../src/report.js'
import { preloaded } from '../support/command.js'
import { mailOf, UNUSED_LOG } from '../support/jobs.js'
import { freePort, listen } from '../support/ports.js'
import { useScene } from '../support/scene.js'
import { refusal } from '../support/sendgrid.js'

const scene = useScene()
let beats: string[]
let answer: (respond: (status: number) => void) => void
let url: string

beforeEach(async () => {
  beats = []
  answer = (respond) => respond(200)
  const server: Server = createServer((request, response) => {
    beats.push(`${request.method} ${request.url}`)
    answer((status) => response.writeHead(status, { location: '/elsewhere' }).end())
  })
  url = `http://127.0.0.1:${await listen(server)}/hunter2`
  return () => {
    server.closeAllConnections()
    server.close()
  }
})

/** What takes five seconds takes one. */
const HURRIED = preloaded(`const { setTimeout } = globalThis
  globalThis.setTimeout = (work, time, ...rest) => setTimeout(work, time === 5_000 ? 1_000 : time, ...rest)`)

const digest = (args: readonly string[] = [], variables = {}) =>
  scene.digest(args, { HEARTBEAT_URL: url, ...variables })

test('it is requested once after a run that sent a mail, and after one that had nothing to report', async () => {
  await scene.worker.dead()
  expect((await digest()).summary.outcome).toBe('sent')
  expect(beats).toEqual(['GET /hunter2'])
  expect((await digest()).summary.outcome).toBe('nothing to report')
  expect(beats).toEqual(['GET /hunter2', 'GET /hunter2'])
})

test('it is not requested after a run that failed, and not for a dry run', async () => {
  await scene.worker.dead()
  scene.sendGrid.answer(refusal(401, 'revoked'))
  expect((await digest()).code).toBe(1)
  expect((await digest(['--dry-run'])).code).toBe(0)
  expect((await digest([], { ALERT_EMAIL_TO: 'nobody' })).code).toBe(2)
  expect(beats).toEqual([])
})

test.each([
  ['answers 500', () => (answer = (respond) => respond(500)), /it answered 500/],
  ['redirects', () => (answer = (respond) => respond(302)), /it answered 302/],
  ['is silent', () => (answer = () => {}), /no answer within 5 seconds/],
] as const)('one that %s is a line in the log, without the URL, and changes nothing', async (_, behave, says) => {
  behave()
  const id = await scene.worker.dead()
  const { code, log, stderr, summary } = await digest([], HURRIED)
  expect({ code, outcome: summary.outcome }).toEqual({ code: 0, outcome: 'sent' })
  expect(log[0]).toMatchObject({ level: 'warn', msg: expect.stringMatching(says) })
  expect(log.filter((line) => 'outcome' in line)).toHaveLength(1)
  expect(stderr).not.toContain('hunter2')
  expect(await scene.marked()).toEqual([id])
})

test('one that cannot be reached is a line in the log', async () => {
  const { code, log } = await digest([], { HEARTBEAT_URL: `http://127.0.0.1:${await freePort()}/hunter2` })
  expect(code).toBe(0)
  expect(log[0]?.msg).toBe('the heartbeat was not delivered: it cannot be reached (ECONNREFUSED)')
})

test('one on a port that fetch does not request is a line in the log', async () => {
  const { code, log } = await digest([], { HEARTBEAT_URL: 'http://127.0.0.1:25/hunter2' })
  expect(code).toBe(0)
  expect(log[0]?.msg).toContain('the heartbeat was not delivered: it cannot be reached')
})

test('a run beside another one has seen nothing of the queue: no heartbeat', async () => {
  const { summary } = await scene.sql.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('job-alert digest', 0))`
    return digest()
  })
  expect(summary).toMatchObject({ outcome: 'another run is at work', exitCode: 0 })
  expect(beats).toEqual([])
})

test('a run that holds the lock for longer than a run may take is exit 1, and named', async () => {
  const never = new AbortController().signal
  const run: Run = {
    database: migrateConfig({ DATABASE_URL: scene.database.url }).database,
    runTimeout: 1_000,
    sendTimeout: 0,
    overdueAfter: undefined,
    since: WINDOW,
    includeAlerted: false,
    interruptions: { stop: never, abort: never, sending: () => {} },
    log: UNUSED_LOG,
    render: (digest) => mailOf(digest),
  }
  const { exitCode, outcome, message, details } = await scene.sql.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('job-alert digest', 0))`
    for (;;) {
      const outcome = await report(run, () => Promise.reject(new Error('there is nothing to send')))
      if (outcome.is !== 'another run is at work') return outcomeSummary(outcome)
    }
  })
  expect({ exitCode, outcome }).toEqual({ exitCode: 1, outcome: 'another run hangs' })
  expect(message).toMatch(/has held the lock since 20\d\d-.*pg_terminate_backend\(\d+\)/)
  expect(details).toEqual({ pid: expect.any(Number) })
})
