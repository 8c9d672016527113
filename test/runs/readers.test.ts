import { once } from 'node:events'
import { expect, test } from 'vitest'
import { preloaded } from '../support/command.js'
import { useScene } from '../support/scene.js'

const scene = useScene()

/** More than a pipe holds: from then on, one that nobody reads takes nothing. */
const CLOGGED = preloaded(`process.stderr.write('x'.repeat(1_000_000) + '\\n')`)

test('a stderr that takes nothing changes nothing but the time that a run takes to end', async () => {
  const id = await scene.worker.dead()
  const { child } = scene.startDigest([], CLOGGED)
  child.stderr?.pause()
  const [code] = await once(child, 'exit')
  child.stderr?.resume()
  expect(code).toBe(0)
  expect(await scene.marked()).toEqual([id])
})

test.each([
  ['SIGTERM', {}, 143],
  ['the end of RUN_TIMEOUT', { RUN_TIMEOUT: '3s', SEND_TIMEOUT: '1s' }, 1],
] as const)('a stderr that takes nothing does not hold a run past %s', async (what, variables, exitCode) => {
  await scene.worker.dead()
  const code = await scene.sql.begin(async (sql) => {
    await sql`lock table research_jobs in access exclusive mode`
    const { child } = scene.startDigest([], { ...CLOGGED, ...variables })
    child.stderr?.pause()
    const exited = once(child, 'exit')
    await scene.database.blocked()
    if (what === 'SIGTERM') child.kill(what)
    const [exit] = await exited
    child.stderr?.resume()
    return exit
  })
  expect(code).toBe(exitCode)
})

test.each([
  ['SIGTERM', {}, 143],
  ['the end of RUN_TIMEOUT', { RUN_TIMEOUT: '3s' }, 1],
] as const)('a stdout that takes nothing does not hold a dry run past %s', async (what, variables, exitCode) => {
  await scene.worker.storm(2_000, {}, 'no song '.repeat(100))
  const { child, finished } = scene.startDigest(['--dry-run', '--format', 'json'], variables)
  const exited = once(child, 'exit')
  if (child.stdout) await once(child.stdout, 'data')
  child.stdout?.pause()
  if (what === 'SIGTERM') child.kill(what)
  const [code] = await exited
  child.stdout?.resume()
  expect({ code, exitCode: (await finished).summary.exitCode }).toEqual({ code: exitCode, exitCode })
})

test('a connection that is lost while a dry run waits for the reader of stdout is all that the log speaks of', async () => {
  await scene.worker.storm(2_000, {}, 'no song '.repeat(100))
  const { child, finished } = scene.startDigest(['--dry-run', '--format', 'json'])
  if (child.stdout) await once(child.stdout, 'data')
  child.stdout?.pause()
  await scene.database.killSessions()
  child.stdout?.resume()
  const { code, log } = await finished
  expect(code).toBe(1)
  expect(log).toMatchObject([{ outcome: 'failed', msg: expect.stringContaining('the server closed the connection') }])
})

test('a reader of stderr that wakes up late still gets the summary line', async () => {
  const { child, finished } = scene.startDigest([], CLOGGED)
  child.stderr?.pause()
  await scene.database.arrived()
  await scene.database.left()
  child.stderr?.resume()
  expect((await finished).summary).toMatchObject({ outcome: 'nothing to report' })
})
