import fc from 'fast-check'
import { expect, test } from 'vitest'
import { subject } from '../../../src/mail/subject.js'
import { at, digestOf, job, PRODUCTION, reaped, step } from '../../support/jobs.js'

const many = (count: number, values = {}) => Array.from({ length: count }, () => job(values))

test.each([
  ['one chain', [step('songs')], 'Apple Music refresh failed at songs, 23 Nov 03:12 UTC'],
  [
    'a chain that died twice',
    [step('albums'), step('songs')],
    'Apple Music refresh failed at songs (2 jobs), 23 Nov 03:12 UTC',
  ],
  [
    'a chain and a job',
    [step('songs'), job()],
    'Apple Music refresh failed at songs, and 1 other job, 23 Nov 03:12 UTC',
  ],
  [
    'a chain and jobs',
    [...many(12), step('songs')],
    'Apple Music refresh failed at songs, and 12 other jobs, 23 Nov 03:12 UTC',
  ],
  [
    'a chain whose furthest failure is not the latest',
    [step('albums', { ...reaped, finishedAt: at('03:40') }), step('songs')],
    'Apple Music refresh failed at songs (2 jobs), 23 Nov 03:12 UTC',
  ],
  ['one job', [job()], 'spotify/match_song failed, 23 Nov 02:00 UTC'],
  ['a group', many(3), '3 spotify/match_song jobs failed, 23 Nov 02:00 UTC'],
  ['an outage', many(1_200), '1,200 spotify/match_song jobs failed, 23 Nov 02:00 UTC'],
  [
    'two errors of one job type',
    [...many(3), job({ error: 'KeyError: id', failedAt: at('02:30') })],
    '4 spotify/match_song jobs failed, 23 Nov 02:30 UTC',
  ],
  [
    'several groups',
    [...many(3), job({ source: 'youtube' })],
    '3 spotify/match_song jobs failed, and 1 other job, 23 Nov 02:00 UTC',
  ],
  ['an odd time', [job({ failedAt: Number.POSITIVE_INFINITY })], 'spotify/match_song failed'],
])('%s: what failed, where and when', (_, failures, expected) => {
  expect(subject(digestOf(failures), PRODUCTION)).toBe(expected)
})

const lapse = {
  lastSuccess: step('rebuild_index', { status: 'done', finishedAt: at('04:00') - 18 * 86_400_000 }),
  anchor: at('04:00') - 18 * 86_400_000,
  after: 1_209_600_000,
}

test.each([
  [
    'finished all the same',
    [step('songs', reaped)],
    [step('rebuild_index', { status: 'done' })],
    'Apple Music refresh finished although songs was reaped, 23 Nov 03:12 UTC',
  ],
  [
    'continues',
    [step('songs', reaped)],
    [step('artists', { status: 'running' })],
    'Apple Music refresh continues although songs was reaped, 23 Nov 03:12 UTC',
  ],
  [
    'finished although a step failed',
    [step('songs')],
    [step('rebuild_index', { status: 'done' })],
    'Apple Music refresh finished although songs failed, 23 Nov 03:12 UTC',
  ],
])('a refresh that %s says so', (_, failures, jobs, expected) => {
  expect(subject(digestOf(failures, { jobs }), PRODUCTION)).toBe(expected)
})

test.each([
  ['alone', [], 'Apple Music refresh has been overdue since 19 Nov 04:00 UTC'],
  ['with a job', [job()], 'Apple Music refresh has been overdue since 19 Nov 04:00 UTC, and 1 job failed'],
  [
    'with a failed refresh, which comes first',
    [step('songs')],
    'Apple Music refresh failed at songs, 23 Nov 03:12 UTC',
  ],
])('an overdue refresh %s', (_, failures, expected) => {
  expect(subject(digestOf(failures, { lapse }), PRODUCTION)).toBe(expected)
})

test('what is beyond the caps counts among the others', () => {
  const groups = Array.from({ length: 30 }, (_, index) => job({ source: `s${index}` }))
  expect(subject(digestOf(groups), PRODUCTION)).toContain('and 29 other jobs')
})

test('the environment comes first, outside of brackets: Gmail ignores those when it threads', () => {
  const staging = { ...PRODUCTION, environment: 'staging' }
  expect(subject(digestOf([step('songs')]), staging)).toBe(
    'staging: Apple Music refresh failed at songs, 23 Nov 03:12 UTC',
  )
})

test('another zone has UTC beside it', () => {
  const berlin = { ...PRODUCTION, timezone: 'Europe/Berlin' }
  expect(subject(digestOf([step('songs')]), berlin)).toBe(
    'Apple Music refresh failed at songs, 23 Nov 04:12 CET (03:12 UTC)',
  )
})

test('where two zones have no room UTC alone has', () => {
  const line = subject(digestOf([...many(12), step('songs')]), { ...PRODUCTION, timezone: 'Europe/Berlin' })
  expect(line).toBe('Apple Music refresh failed at songs, and 12 other jobs, 23 Nov 03:12 UTC')
})

test('the time goes before anything else does', () => {
  const long = job({ source: 'musicbrainz', jobType: 'backfill_release_label_images_again' })
  const line = subject(digestOf([long]), { ...PRODUCTION, environment: 'staging-eu-west' })
  expect(line).toBe('staging-eu-west: musicbrainz/backfill_release_label_images_a… failed')
})

test('whatever failed, the subject is one line of at most 78 well-formed characters', () => {
  const text = fc.string({ unit: 'binary', maxLength: 90 })
  const name = fc.oneof(text, fc.constantFrom('\r\nBcc: x@example.com', '😀'.repeat(90), 'x'.repeat(300), '  ', '\n\n'))
  const failures = fc.array(
    fc
      .record({ source: name, jobType: name, chain: fc.constantFrom(null, '2026-11-23T03:00:00Z') })
      .map((values) => job(values)),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(failures, fc.option(name, { nil: undefined }), (jobs, environment) => {
      const line = subject(digestOf(jobs), { ...PRODUCTION, environment })
      expect(line.length).toBeLessThanOrEqual(78)
      expect(line).not.toMatch(/[\r\n]/)
      expect(line.trim()).toBe(line)
      expect(line).not.toBe('')
    }),
    { numRuns: 100 },
  )
})
