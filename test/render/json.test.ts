import { expect, test } from 'vitest'
import { jsonDigest } from '../../src/render/json.js'
import { job, PRODUCTION, step, WINDOW } from '../support/jobs.js'

const written = (jobs: Parameters<typeof jsonDigest>[1], older = { count: 0, oldest: null as number | null }) =>
  JSON.parse(jsonDigest('subject', jobs, older, WINDOW, PRODUCTION))

test('a failure is written with all that is known of it', () => {
  const failure = step('songs', { id: 4_102 })
  expect(written([failure])).toEqual({
    subject: 'subject',
    environment: null,
    since: '2026-11-16T04:00:00.000Z',
    failures: [
      {
        id: 4_102,
        source: 'apple',
        job_type: 'refresh_catalog',
        target_type: 'catalog',
        target_id: '11111111-1111-1111-1111-bbbbbbbbbbbb',
        status: 'dead',
        attempts: 1,
        max_attempts: 1,
        how_it_died: 'failed on its only attempt (1 of 1)',
        failed_at: '2026-11-23T03:12:00.000Z',
        chain_started_at: '2026-11-23T03:00:00.123Z',
        error: 'songs failed: Read timed out.',
        url: 'https://admin.approachnote.com/research/jobs/4102',
      },
    ],
    older_unreported: { count: 0, oldest: null },
  })
})

test('every failure is written, without caps', () => {
  const error = 'x'.repeat(5_000)
  const { failures } = written(Array.from({ length: 500 }, () => job({ error })))
  expect(failures).toHaveLength(500)
  expect(failures[499].error).toBe(error)
})

test('what is no time is null', () => {
  const odd = { failedAt: Number.POSITIVE_INFINITY, chain: 'odd', error: null }
  const { failures, older_unreported } = written([job(odd)], { count: 1, oldest: Number.NEGATIVE_INFINITY })
  expect(failures[0]).toMatchObject({ failed_at: null, chain_started_at: null, error: null })
  expect(older_unreported).toEqual({ count: 1, oldest: null })
})
