import { expect, test } from 'vitest'
import type { Digest } from '../../../src/digest/digest.js'
import { Clock } from '../../../src/mail/clock.js'
import { footer, total } from '../../../src/mail/frame.js'
import { at, digestOf, job, NOW, step } from '../../support/jobs.js'

const clock = new Clock('UTC', NOW)
const summary = (digest: Digest, overdue = false) => total(digest, overdue, clock).summary
const said = (digest: Digest) => footer(digest, clock)
const again = { window: { since: new Date('2026-11-16T04:00:00Z'), includeAlerted: true } }
const ever = { since: 'all' } as const

test('what failed is counted by chains and by groups, from when to when', () => {
  const digest = digestOf([
    step('songs', { finishedAt: at('03:12') }),
    job({ finishedAt: at('02:10') }),
    job({ finishedAt: at('02:55') }),
    job({ source: 'youtube' }),
  ])
  expect(total(digest, false, clock)).toEqual({
    headline: '4 jobs failed for good',
    summary: '1 chain and 3 other jobs in 2 groups, Mon 23 Nov 2026 02:00 to 03:12 UTC.',
  })
  expect(summary(digestOf([job(), job()]))).toBe('2 jobs in 1 group, Mon 23 Nov 2026 02:00 UTC.')
  expect(summary(digestOf([step('songs')]))).toBe('1 chain, Mon 23 Nov 2026 03:12 UTC.')
})

test.each([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('a failure at %s leaves the times out', (failedAt) => {
  expect(summary(digestOf([job(), job({ failedAt })]))).toBe('2 jobs in 1 group.')
})

test('what could not be told apart is counted by job types and errors', () => {
  const digest = digestOf([job({ error: 'a' }), job({ error: 'b' }), job({ source: 'youtube' })])
  const apart = digest.kinds.map((kind) => ({ ...kind, groups: kind.groups.slice(1) }))
  const when = ', Mon 23 Nov 2026 02:00 UTC.'
  expect(summary({ ...digest, kinds: apart })).toBe(`3 jobs in 2 job types with 3 different errors${when}`)
  const [first, ...others] = apart
  const some = [...(first ? [{ ...first, countedAll: false }] : []), ...others]
  expect(summary({ ...digest, kinds: some })).toBe(`3 jobs in 2 job types with more than 3 different errors${when}`)
})

test('a lapse, and failures that are reported again, are said beside the figures', () => {
  expect(summary(digestOf([job()]), true)).toMatch(/ 1 group, .* UTC\. A refresh is overdue\.$/)
  expect(summary(digestOf([job()], {}, undefined, again))).toMatch(
    /\. Failures that were reported before are included\.$/,
  )
  expect(summary(digestOf([]), true)).toBe('A refresh is overdue.')
})

test.each([
  [1, {}, '1 job that failed for good since Mon 16 Nov 2026 04:00 UTC and was not reported before'],
  [2, {}, '2 jobs that failed for good since Mon 16 Nov 2026 04:00 UTC and were not reported before'],
  [1, ever, '1 job that failed for good, however long ago, and was not reported before'],
  [
    1,
    { ...ever, includeAlerted: true },
    '1 job that failed for good, however long ago, whether or not it was reported before',
  ],
  [
    2,
    again.window,
    '2 jobs that failed for good since Mon 16 Nov 2026 04:00 UTC, whether or not they were reported before',
  ],
])('%d failures in the window %j: the footer says what the mail is about', (count, window, about) => {
  const digest = digestOf(Array.from({ length: count }, () => job()))
  expect(said({ ...digest, window: { ...digest.window, ...window } })).toEqual([
    `This mail is about ${about}.`,
    'Sent by job-alert, Mon 23 Nov 2026 04:00 UTC.',
  ])
})

test('a mail about no failure is about none', () => {
  expect(said(digestOf([]))).toEqual(['Sent by job-alert, Mon 23 Nov 2026 04:00 UTC.'])
})

test.each([
  [Date.UTC(9_999, 0), '9999-01-01T00:00Z'],
  [Date.UTC(10_000, 0), 'all'],
  [Date.parse('0001-06-01T00:00Z'), '0001-06-01T00:00Z'],
])('an oldest failure of %d is reached by --since %s', (oldest, since) => {
  const [, command] = said(digestOf([job()], {}, { count: 1, oldest }))
  expect(command).toBe(`  node bin/job-alert.js digest --since ${since}`)
})
