import { expect, test } from 'vitest'
import { DAY, HOUR, parseSince } from '../../src/text/time.js'
import { untouched } from '../support/database.js'
import type { Options } from '../support/run.js'
import { useScene } from '../support/scene.js'

const scene = useScene()

/** What a run would report, without marking it. */
async function due(options: Options = {}): Promise<readonly number[]> {
  const { ids, code } = await scene.preview({}, options)
  expect(code).toBe(0)
  return ids
}

test('a job that succeeded is not reported', async () => {
  const id = await scene.worker.running()
  await scene.worker.succeed(id)
  expect(await due()).toEqual([])
})

test('a retryable error with attempts left is not reported', async () => {
  const id = await scene.worker.running()
  await scene.worker.fail(id, 'Spotify match failed: 503')
  expect(await due()).toEqual([])
})

test('a retryable error on the last attempt is reported', async () => {
  const id = await scene.worker.enqueue({ maxAttempts: 2 })
  for (let attempt = 0; attempt < 2; attempt++) {
    await scene.worker.claim(id)
    await scene.worker.fail(id, 'Spotify match failed: 503')
  }
  expect(await due()).toEqual([id])
})

test('a permanent error is reported although attempts are left', async () => {
  const id = await scene.worker.dead({ maxAttempts: 5 }, 'MB has no release: 404')
  expect(await due()).toEqual([id])
})

test('an exhausted quota is not reported', async () => {
  const id = await scene.worker.running()
  await scene.worker.exhaustQuota(id)
  expect(await due()).toEqual([])
})

test('a job reaped with attempts left is not reported', async () => {
  const id = await scene.worker.running()
  await scene.worker.reap(id)
  expect(await due()).toEqual([])
})

test('a job reaped on its last attempt is reported', async () => {
  const id = await scene.worker.running({ maxAttempts: 1 })
  await scene.worker.reap(id)
  expect(await due()).toEqual([id])
})

test('a job cancelled before it ran, or while it ran, is not reported', async () => {
  const waiting = await scene.worker.enqueue()
  await scene.worker.cancel(waiting)
  const running = await scene.worker.running()
  await scene.worker.cancel(running)
  expect(await due()).toEqual([])
})

test('a job cancelled while it waited for a retry is reported: it cannot be told apart', async () => {
  const id = await scene.worker.running()
  await scene.worker.fail(id, 'Spotify match failed: 503')
  await scene.worker.cancel(id)
  expect(await due()).toEqual([id])
})

test('"cancelled by admin" counts only as the whole error', async () => {
  const id = await scene.worker.dead({}, 'cancelled by admin, said the API')
  expect(await due()).toEqual([id])
})

test('a job that an admin retried is not reported', async () => {
  const id = await scene.worker.dead()
  await scene.worker.retry(id)
  expect(await due()).toEqual([])
})

test('a job that was reported, retried and died again is reported again', async () => {
  const id = await scene.worker.dead()
  expect((await scene.report()).code).toBe(0)
  expect(await due()).toEqual([])
  await scene.worker.retry(id)
  expect(await due()).toEqual([])
  await scene.worker.claim(id)
  await scene.worker.failPermanently(id, 'again')
  expect(await due()).toEqual([id])
})

test('status failed is final only when no attempt is left', async () => {
  const [used, left] = [await scene.worker.dead({ maxAttempts: 1 }), await scene.worker.dead({ maxAttempts: 5 })]
  await scene.sql`update research_jobs set status = 'failed'`
  expect(await due()).toEqual([used])
  expect(await due()).not.toContain(left)
})

test('a failure without finished_at counts from its claim, and without a claim from its creation', async () => {
  const [claimed, created] = [await scene.worker.dead(), await scene.worker.dead()]
  await scene.sql`update research_jobs set finished_at = null`
  await scene.sql`update research_jobs set claimed_at = null where id = ${created}`
  expect((await due()).toSorted()).toEqual([claimed, created])
  expect((await scene.report()).summary.reported).toBe(2)
  expect(await due()).toEqual([])
})

test('an error that is null is reported', async () => {
  const id = await scene.worker.dead()
  await scene.sql`update research_jobs set last_error = null`
  expect(await due()).toEqual([id])
  expect((await scene.report()).code).toBe(0)
  expect(scene.mail.text).toContain('no error was recorded')
})

test('the window is seven days, and --since moves it', async () => {
  const [young, old] = [await scene.worker.dead(), await scene.worker.dead()]
  await scene.worker.age(young, '6 days 23 hours')
  await scene.worker.age(old, '7 days 1 hour')
  expect(await due()).toEqual([young])
  expect((await due({ since: 8 * DAY })).toSorted()).toEqual([young, old])
  expect(await due({ since: HOUR })).toEqual([])
})

test('older failures that were never reported are counted in the log line and the footer', async () => {
  const [old, older] = [await scene.worker.dead(), await scene.worker.dead()]
  await scene.worker.age(old, '8 days')
  await scene.worker.age(older, '40 days')
  expect((await scene.report()).summary).toMatchObject({ outcome: 'nothing to report', found: 0, olderUnreported: 2 })
  expect(scene.sendGrid.requests).toHaveLength(0)
  await scene.worker.dead()
  const { summary } = await scene.report()
  expect(summary).toMatchObject({ found: 1, reported: 1, olderUnreported: 2 })
  const text = scene.mail.text
  expect(text).toContain('2 older failures were never reported')
  const [, since = ''] = /job-alert.js digest --since (\S+)/.exec(text) ?? []
  expect((await due({ since: parseSince(since) })).toSorted()).toEqual([old, older])
})

test('--since with --include-alerted reports again what was reported', async () => {
  const id = await scene.worker.dead()
  await scene.report()
  expect(await due({ since: DAY })).toEqual([])
  expect(await due({ since: DAY, includeAlerted: true })).toEqual([id])
  const { summary } = await scene.report({}, { since: DAY, includeAlerted: true })
  expect(summary).toMatchObject({ outcome: 'sent', reported: 1 })
  expect(scene.sendGrid.accepted).toHaveLength(2)
})

test('a claim changes last_alerted_at and, by the trigger, updated_at, and nothing else', async () => {
  await scene.worker.dead({ payload: { odd: [1, null] } })
  await scene.worker.enqueue()
  const before = await scene.sql`select * from research_jobs order by id`
  await scene.report()
  const after = await scene.sql`select * from research_jobs order by id`
  expect(untouched(after)).toEqual(untouched(before))
  expect(after[0]?.last_alerted_at).not.toBeNull()
  expect(after[1]).toEqual(before[1])
})
