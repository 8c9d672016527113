import { expect, onTestFinished, test } from 'vitest'
import { preloaded, said, type Variables } from '../support/command.js'
import { startProxy } from '../support/proxy.js'
import { useScene } from '../support/scene.js'
import { type Answer, acceptance, refusal } from '../support/sendgrid.js'

const scene = useScene()

/** Starts a run that waits at the table's lock, and interrupts it there. */
async function beforeTheSend(signals: readonly NodeJS.Signals[], variables: Variables = {}) {
  await scene.worker.dead()
  return scene.sql.begin(async (sql) => {
    await sql`lock table research_jobs in access exclusive mode`
    const { child, finished } = scene.startDigest([], variables)
    await scene.database.blocked()
    for (const signal of signals) child.kill(signal)
    return finished
  })
}

/** Starts a run whose mail is answered only when told, and resolves once SendGrid has it. */
async function duringTheSend(reply: Answer = acceptance, variables: Variables = {}) {
  const id = await scene.worker.dead()
  let answer: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  scene.sendGrid.answer(async (response, request) => {
    await held
    await reply(response, request)
  })
  const arrival = scene.sendGrid.arrival()
  const { child, finished } = scene.startDigest([], { LOG_LEVEL: 'debug', ...variables })
  const stopping = new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: string) => chunk.includes('asked to stop') && resolve())
  })
  await arrival
  return { id, child, finished, answer, stopping }
}

async function expectFreeAndUnmarked(): Promise<void> {
  expect(await scene.marked()).toEqual([])
  await scene.database.left()
  const sent = scene.sendGrid.accepted.length
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(scene.sendGrid.accepted).toHaveLength(sent + 1)
}

test.each(['pg_try_advisory_xact_lock', 'for update skip locked', 'update research_jobs as job'])(
  'SIGTERM while the server is at "%s": no update comes after the rollback and is committed by itself',
  async (statement) => {
    await scene.worker.storm(2_500)
    const proxy = await startProxy(scene.database.url)
    onTestFinished(() => proxy.close())
    const running = scene.startDigest([], { DATABASE_URL: proxy.url, LOG_LEVEL: 'debug' })
    const stopped = said(running, 'asked to stop')
    proxy.onClientData = async (data) => {
      if (data.includes(statement)) {
        running.child.kill('SIGTERM')
        await stopped
      }
      return true
    }
    const { code, summary } = await running.finished
    expect({ code, outcome: summary.outcome }).toEqual({ code: 143, outcome: 'stopped' })
    await scene.database.left()
    expect(await scene.marked()).toEqual([])
    expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 2_500 })
  },
)

const SIGNALS = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 143],
  ['SIGQUIT', 143],
  ['SIGALRM', 143],
  ['SIGUSR2', 143],
] as const

test.each(SIGNALS)('%s before the send: nothing sent, nothing marked, exit %i', async (signal, exitCode) => {
  const { code, summary, log } = await beforeTheSend([signal])
  expect({ code, lines: log.length }).toEqual({ code: exitCode, lines: 1 })
  expect(summary).toMatchObject({ outcome: 'stopped', exitCode })
  expect(scene.sendGrid.requests).toHaveLength(0)
  await expectFreeAndUnmarked()
})

test.each(SIGNALS)('%s during the send: the send is finished, marked, and exit is 0', async (signal) => {
  const { id, child, finished, answer, stopping } = await duringTheSend()
  child.kill(signal)
  await stopping
  answer()
  const { code, summary } = await finished
  expect({ code, outcome: summary.outcome }).toEqual({ code: 0, outcome: 'sent' })
  expect(await scene.marked()).toEqual([id])
})

test('the second SIGHUP of a terminal that is closed cuts no send off', async () => {
  const { id, child, finished, answer, stopping } = await duringTheSend()
  child.kill('SIGHUP')
  await stopping
  child.kill('SIGHUP')
  answer()
  expect((await finished).code).toBe(0)
  expect(await scene.marked()).toEqual([id])
})

test('SIGTERM during a send that is refused: exit 1, nothing marked', async () => {
  const { child, finished, answer, stopping } = await duringTheSend(refusal(401, 'revoked'))
  child.kill('SIGTERM')
  await stopping
  answer()
  const { code, summary } = await finished
  expect({ code, outcome: summary.outcome }).toEqual({ code: 1, outcome: 'not sent' })
  await expectFreeAndUnmarked()
})

test('SIGTERM during a send that nobody answers: rolled back within 10 seconds, outcome unknown, exit 1', async () => {
  const { child, finished } = await duringTheSend()
  const killed = performance.now()
  child.kill('SIGTERM')
  const { code, summary } = await finished
  expect(performance.now() - killed).toBeLessThan(10_000)
  expect({ code, outcome: summary.outcome }).toEqual({ code: 1, outcome: 'outcome unknown' })
  await expectFreeAndUnmarked()
})

test('a second signal during the send leaves at once, outcome unknown, exit 1', async () => {
  const { child, finished } = await duringTheSend()
  child.kill('SIGTERM')
  child.kill('SIGINT')
  const { code, summary } = await finished
  expect({ code, outcome: summary.outcome }).toEqual({ code: 1, outcome: 'outcome unknown' })
  await expectFreeAndUnmarked()
})

test('kill -9 before the send leaves nothing marked and no lock', async () => {
  const { code } = await beforeTheSend(['SIGKILL'])
  expect(code).toBe(137)
  await expectFreeAndUnmarked()
})

test('kill -9 during the send leaves nothing marked and no lock', async () => {
  const { child, finished } = await duringTheSend()
  child.kill('SIGKILL')
  expect((await finished).code).toBe(137)
  await expectFreeAndUnmarked()
})

test('kill -9 between the 202 and the commit: the database rolls back, the next run repeats it', async () => {
  const { child, finished, answer } = await duringTheSend()
  // The run cannot get to its COMMIT: it is stopped before the answer is sent.
  child.kill('SIGSTOP')
  answer()
  child.kill('SIGKILL')
  expect((await finished).code).toBe(137)
  await expectFreeAndUnmarked()
})

test('stderr that nobody reads any more does not change what happens', async () => {
  const id = await scene.worker.dead()
  const { child, finished } = scene.startDigest()
  child.stderr?.destroy()
  expect((await finished).code).toBe(0)
  expect(await scene.marked()).toEqual([id])
})

/** A rejection that nobody handles, in a corner that has nothing to do with the run, whenever the test sends SIGUSR1. */
const REJECTING = preloaded(
  `process.on('SIGUSR1', () => Promise.reject(new TypeError('broken elsewhere, password=hunter2')))`,
)
const STACK = /^TypeError: broken elsewhere, password=\[redacted\]\n {4}at /

test('a rejection that nobody handles leaves a send in flight alone, and its stack is logged', async () => {
  const { id, child, finished, answer, stopping } = await duringTheSend(acceptance, REJECTING)
  child.kill('SIGUSR1')
  await stopping
  answer()
  const { code, summary, log } = await finished
  expect({ code, outcome: summary.outcome }).toEqual({ code: 0, outcome: 'sent' })
  expect(await scene.marked()).toEqual([id])
  expect(log).toContainEqual(
    expect.objectContaining({ level: 'error', msg: 'internal error', stack: expect.stringMatching(STACK) }),
  )
})

test('after such a rejection, a signal still leaves the send its time', async () => {
  const { id, child, finished, answer, stopping } = await duringTheSend(acceptance, REJECTING)
  child.kill('SIGUSR1')
  await stopping
  child.kill('SIGTERM')
  answer()
  expect((await finished).code).toBe(0)
  expect(await scene.marked()).toEqual([id])
})

test('a rejection that nobody handles before the send ends the run: nothing sent, exit 1, its stack is logged', async () => {
  const { code, summary, log } = await beforeTheSend(['SIGUSR1'], REJECTING)
  expect({ code, outcome: summary.outcome, msg: summary.msg }).toEqual({
    code: 1,
    outcome: 'failed',
    msg: 'internal error: broken elsewhere, password=[redacted]; nothing was sent or marked',
  })
  expect(log).toContainEqual(expect.objectContaining({ stack: expect.stringMatching(STACK) }))
  await expectFreeAndUnmarked()
})
