import { expect, test } from 'vitest'
import type { Job } from '../../../src/job.js'
import { JsonDigest } from '../../../src/mail/json.js'
import { digestOf, job, PRODUCTION, step, WINDOW } from '../../support/jobs.js'

async function written(jobs: readonly Job[], older = { count: 0, oldest: null as number | null }) {
  let text = ''
  const json = new JsonDigest(
    async (part) => {
      text += part
    },
    WINDOW,
    PRODUCTION,
  )
  for (const each of jobs) await json.add([each])
  await json.end({ subject: 'subject', digest: undefined, older, waiting: 0 })
  return JSON.parse(text)
}

test('a failure is written with all that is known of it', async () => {
  const failure = step('songs', { id: 4_102 })
  expect(await written([failure])).toEqual({
    environment: null,
    since: '2026-11-16T04:00:00.000Z',
    failures: [
      {
        id: 4_102,
        source: 'apple',
        jobType: 'refresh_catalog',
        targetType: 'catalog',
        targetId: '11111111-1111-1111-1111-bbbbbbbbbbbb',
        status: 'dead',
        attempts: 1,
        maxAttempts: 1,
        howItDied: 'Failed on the only attempt',
        failedAt: '2026-11-23T03:12:00.000Z',
        chainStartedAt: '2026-11-23T03:00:00.123Z',
        error: 'songs failed: Read timed out.',
        url: 'https://admin.approachnote.com/research/jobs/4102',
      },
    ],
    subject: 'subject',
    overdue: null,
    olderUnreported: { count: 0, oldest: null },
    waiting: 0,
  })
})

test('every failure is written, without caps', async () => {
  const error = 'x'.repeat(5_000)
  const { failures } = await written(Array.from({ length: 500 }, () => job({ error })))
  expect(failures).toHaveLength(500)
  expect(failures[499].error).toBe(error)
})

test('what is no time is null', async () => {
  const odd = { failedAt: Number.POSITIVE_INFINITY, chain: 'odd', error: null }
  const { failures, olderUnreported } = await written([job(odd)], { count: 1, oldest: Number.NEGATIVE_INFINITY })
  expect(failures[0]).toMatchObject({ failedAt: null, chainStartedAt: null, error: null })
  expect(olderUnreported).toEqual({ count: 1, oldest: null })
})

test('a digest without failures is a document, too', async () => {
  expect(await written([])).toMatchObject({ failures: [], since: '2026-11-16T04:00:00.000Z' })
})

test('a window without a start has none', async () => {
  const anchor = Date.UTC(2026, 10, 5)
  let text = ''
  await new JsonDigest(
    async (part) => {
      text += part
    },
    { since: 'all', includeAlerted: false },
    PRODUCTION,
  ).end({
    subject: null,
    digest: digestOf([], {
      overdue: { anchor, after: 1_000 },
      lastSuccess: step('rebuild_index', { finishedAt: anchor }),
    }),
    older: { count: 0, oldest: null },
    waiting: 0,
  })
  expect(JSON.parse(text)).toMatchObject({
    since: null,
    subject: null,
    overdue: { lastSuccess: '2026-11-05T00:00:00.000Z', anchor: '2026-11-05T00:00:00.000Z', afterMs: 1_000 },
  })
})
