import { expect, test } from 'vitest'
import { preloaded } from '../support/command.js'
import { freePort } from '../support/ports.js'
import { useScene } from '../support/scene.js'

const scene = useScene()

/** Faults in the program, as a mistake of ours or of a library would be. */
const NO_DATES = preloaded(
  `Intl.DateTimeFormat.prototype.formatToParts = () => { throw new TypeError('broken with password=hunter2') }`,
)
const NO_YEARS = preloaded(
  `Date.prototype.getUTCFullYear = () => { throw new TypeError('broken with password=hunter2') }`,
)

test('a section that cannot be made is said bare in the mail, and the log has its stack and job ids', async () => {
  const id = await scene.worker.dead()
  const { code, log, summary } = await scene.digest([], NO_DATES)
  expect({ code, outcome: summary.outcome }).toEqual({ code: 0, outcome: 'sent' })
  expect(await scene.marked()).toEqual([id])
  expect(scene.mail.text).toContain(`\njob ${id}\n`)
  expect(scene.mail.text.replaceAll('\n', ' ')).toContain('could not be shown. The log of job-alert says why.')
  const faults = log.filter(({ level, outcome }) => level === 'error' && outcome === undefined)
  expect(faults.map(({ jobIds }) => jobIds)).toContainEqual([id])
  for (const { msg, jobIds } of faults) {
    const listed = (jobIds as readonly number[]).length > 0 ? '; its jobs are listed by id only' : ''
    expect(msg).toBe(`part of the mail could not be written${listed}`)
  }
  for (const { stack } of faults)
    expect(stack).toMatch(/TypeError: broken with password=\[redacted\]\n.*at .*src\/mail\/\w+\.ts:\d+/s)
})

test('a dry run says so, too', async () => {
  const id = await scene.worker.dead()
  const { code, stdout, log } = await scene.digest(['--dry-run'], NO_DATES)
  expect(code).toBe(0)
  expect(stdout).toContain(`\njob ${id}\n`)
  expect(log.some(({ jobIds }) => Array.isArray(jobIds) && jobIds.includes(id))).toBe(true)
})

test('a fault that stops the run keeps its stack, redacted, in the summary line', async () => {
  await scene.worker.dead()
  const { code, summary, stderr } = await scene.digest([], NO_YEARS)
  expect(code).toBe(1)
  expect(summary).toMatchObject({
    outcome: 'failed',
    msg: 'broken with password=[redacted]; nothing was sent or marked',
  })
  expect(summary.stack).toMatch(/TypeError: broken with password=\[redacted\]\n.*at .*src\/report\.ts:\d+/s)
  expect(stderr).not.toContain('hunter2')
  expect(await scene.marked()).toEqual([])
})

test('what the variables say that is secret is hidden by its value, in the mail and in all that is printed', async () => {
  const HEARTBEAT_URL = `http://127.0.0.1:${await freePort()}/ping/nine-lives/one-cat`
  const error = `no answer from ${HEARTBEAT_URL}, nor from ${encodeURIComponent(HEARTBEAT_URL)}`
  await scene.worker.dead({}, error)
  const printed: string[] = []
  for (const args of [['--dry-run'], ['--dry-run', '--format', 'json'], ['--dry-run', '--format', 'html'], []]) {
    const { code, stdout, stderr } = await scene.digest(args, { HEARTBEAT_URL })
    expect(code).toBe(0)
    printed.push(stdout, stderr)
  }
  printed.push(scene.mail.text, scene.mail.html)
  expect(printed.filter((text) => /nine-lives|one-cat/.test(text))).toEqual([])
})
