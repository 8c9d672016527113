import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RUNGS } from '../../../src/caps.js'
import { writeLetter } from '../../../src/mail/letter.js'
import {
  at,
  different,
  digestOf,
  type JobValues,
  job,
  mailOf,
  PRODUCTION,
  reaped,
  step,
  WINDOW,
} from '../../support/jobs.js'

const many = (count: number, values: JobValues = {}) => Array.from({ length: count }, () => job(values))
const DAY = 86_400_000
const overdue = { overdue: { anchor: at('04:00') - 18 * DAY, after: 14 * DAY } }
const lastSuccess = step('rebuild_index', { status: 'done', finishedAt: at('04:00') - 18 * DAY })
const finished = { jobs: [step('rebuild_index', { status: 'done', finishedAt: at('03:40') })] }

test.each<[string, Parameters<typeof digestOf>, string, string]>([
  ['a refresh', [[step('songs')]], 'ACTION NEEDED', 'Apple Music refresh failed at songs, 23 Nov 03:12'],
  [
    'a refresh and jobs',
    [[...many(15), step('songs')]],
    'ACTION NEEDED',
    'Apple Music refresh failed at songs + 15 jobs, 23 Nov 03:12',
  ],
  [
    'a refresh that finished',
    [[step('songs', reaped)], finished],
    'NOTHING TO DO',
    'No action: Apple Music refresh finished although songs was given up',
  ],
  [
    'a refresh that finished, and jobs',
    [[step('songs', reaped), ...many(2)], finished],
    '2 JOBS FAILED',
    '2 spotify/match_song: Spotify match failed: 503 + 1 job, 23 Nov 02:00',
  ],
  ['an overdue refresh', [[], overdue], 'ACTION NEEDED', 'Apple Music refresh is overdue since 19 Nov 04:00'],
  [
    'an overdue refresh and a job',
    [[job()], overdue],
    'ACTION NEEDED',
    'Apple Music refresh is overdue since 19 Nov 04:00 + 1 job',
  ],
  ['one job', [[job()]], '1 JOB FAILED', '1 spotify/match_song: Spotify match failed: 503, 23 Nov 02:00'],
  [
    'an outage',
    [[...many(1_200)]],
    '1,200 JOBS FAILED',
    '1,200 spotify/match_song: Spotify match failed: 503, 23 Nov 02:00',
  ],
  [
    'several errors',
    [[...many(3), job({ error: 'KeyError: id', failedAt: at('02:30') })]],
    '4 JOBS FAILED',
    '3 spotify/match_song: Spotify match failed: 503 + 1 job, 23 Nov 02:00',
  ],
  [
    'several types',
    [[...many(3), job({ source: 'youtube' })]],
    '4 JOBS FAILED',
    '4 jobs of 2 types: Spotify match failed: 503, 23 Nov 02:00',
  ],
  [
    'an odd time',
    [[job({ failedAt: Number.POSITIVE_INFINITY })]],
    '1 JOB FAILED',
    '1 spotify/match_song: Spotify match failed: 503',
  ],
])('the verdict on %s is the first line, and the subject agrees', (_, digest, word, subject) => {
  const mail = mailOf(digestOf(...digest))
  expect(mail.text).toMatch(new RegExp(`^[✗✓] ${word}\n`))
  expect(mail.subject).toBe(subject)
})

test('a job type with a long name loses its source in the subject, so that the error begins within forty characters', () => {
  const long = { source: 'musicbrainz', jobType: 'backfill_release_label', error: 'no such release' }
  expect(mailOf(digestOf(many(12, long))).subject).toBe('12 backfill_release_label: no such release, 23 Nov 02:00')
})

test('the environment comes first, outside of brackets: Gmail ignores those when it threads', () => {
  const { subject, text } = mailOf(digestOf([step('songs')]), { ...PRODUCTION, environment: 'staging' })
  expect(subject).toBe('staging: Apple Music refresh failed at songs, 23 Nov 03:12')
  expect(text).toMatch(/^✗ ACTION NEEDED · staging\n/)
})

test('the subject has the time of the zone of the mail', () => {
  const berlin = { ...PRODUCTION, timezone: 'Europe/Berlin' }
  expect(mailOf(digestOf([step('songs')]), berlin).subject).toBe('Apple Music refresh failed at songs, 23 Nov 04:12')
})

test('whatever failed, the subject is one line of at most 77 well-formed characters', () => {
  const text = fc.string({ unit: 'binary', maxLength: 90, size: 'max' })
  const name = fc.oneof(text, fc.constantFrom('\r\nBcc: x@example.com', '😀'.repeat(90), 'x'.repeat(300), '  ', '\n\n'))
  const failures = fc.array(
    fc
      .record({ source: name, jobType: name, error: name, chain: fc.constantFrom(null, '2026-11-23T03:00:00Z') })
      .map((values) => job(values)),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(failures, fc.option(name, { nil: undefined }), (jobs, environment) => {
      const { subject } = mailOf(digestOf(jobs), { ...PRODUCTION, environment })
      expect(subject.length).toBeLessThanOrEqual(77)
      expect(subject).not.toMatch(/[\r\n]/)
      expect(subject.trim()).toBe(subject)
      expect(subject).not.toBe('')
    }),
    { numRuns: 100 },
  )
})

const preheader = (...digest: Parameters<typeof digestOf>): string | undefined =>
  /overflow:hidden">([^&]*)&#847;/.exec(mailOf(digestOf(...digest)).html)?.[1]?.replaceAll('\u00a0', ' ')

test('the preheader is the headline of the error', () => {
  expect(preheader([job(), step('songs', { error: 'songs failed: HTTP 503\nbusy' })])).toBe('songs failed: HTTP 503')
  expect(preheader([job({ error: 'Traceback (most recent call last):\n  File "x"\nKeyError: 1' })])).toBe('KeyError: 1')
})

test('the preheader of an overdue refresh says when it last succeeded and what was tried since', () => {
  expect(preheader([], { ...overdue, lastSuccess })).toBe('Last success 5 Nov, 18 days ago; nothing tried since')
  const latest = [step('songs', { chain: '2026-11-12T03:00:00Z' }), step('songs', { chain: '2026-11-13T03:00:00Z' })]
  expect(preheader([], { ...overdue, lastSuccess, latest })).toBe('Last success 5 Nov, 18 days ago; 2 runs tried since')
})

test('what needs somebody comes first: a refresh, then jobs, then a refresh that needs nobody', () => {
  const headings = (...digest: Parameters<typeof digestOf>) =>
    mailOf(digestOf(...digest)).text.match(/^(?:✗ |✓ |Apple Music|1 spotify).*$/gm)
  const job503 = '1 spotify/match_song job: Spotify match failed: 503'
  const failed = 'Apple Music refresh failed at songs, 23 Nov 03:12 UTC'
  expect(headings([step('songs'), job()])).toEqual(['✗ ACTION NEEDED', failed, `✗ ${job503}`])
  expect(headings([step('songs', reaped), job()], finished)).toEqual([
    '✗ 1 JOB FAILED',
    job503,
    '✓ Apple Music refresh finished although songs was given up,',
  ])
})

test('several errors have an overview of what failed and how', () => {
  const { text } = mailOf(digestOf([...many(3), job({ source: 'youtube', error: 'HTTP 401' })]))
  expect(text).toContain(
    '\n2 different errors, 23 Nov 02:00 UTC\n\n  3 spotify/match_song jobs\n    Spotify match failed: 503\n  1 youtube/match_song job\n    HTTP 401\n',
  )
})

test('jobs beside a refresh are counted under it, with the page where they are retried', () => {
  const { text } = mailOf(digestOf([...many(3), step('songs')]))
  expect(text).toContain('\n\n3 other jobs failed\n\nRetry jobs: https://admin.approachnote.com/research/\n')
})

test.each([
  [WINDOW, 'Covers failures since 16 Nov 04:00 UTC that had not been reported.'],
  [{ ...WINDOW, includeAlerted: true }, 'Covers failures since 16 Nov 04:00 UTC, reported before or not.'],
  [{ ...WINDOW, since: 'all' }, 'Covers failures of any age that had not been reported.'],
  [{ since: 'all', includeAlerted: true }, 'Covers failures of any age, reported before or not.'],
] as const)('in the window %j the footer says what the mail covers', (window, covers) => {
  const { text } = mailOf(digestOf([job()], {}, undefined, window))
  expect(text).toContain(`\n--\n${covers}\nSent by job-alert, Mon 23 Nov 2026 04:00 UTC.\n`)
})

test('the year stands once, and so does the offset of the zone', () => {
  const { text } = mailOf(digestOf([step('songs'), job()], { lastSuccess }), {
    ...PRODUCTION,
    timezone: 'America/New_York',
  })
  expect(text.match(/2026/g)).toHaveLength(1)
  expect(text).toContain('Sent by job-alert, Sun 22 Nov 2026 23:00 EST (UTC-5).')
  expect(text.replaceAll(/\(UTC-5\)/g, '')).not.toMatch(/UTC|GMT/)
})

test('a mail about no failure covers none', () => {
  expect(mailOf(digestOf([], overdue)).text).not.toContain('Covers')
})

test.each([
  [Date.UTC(9_999, 0), '9999-01-01T00:00Z'],
  [Date.UTC(10_000, 0), 'all'],
  [Date.parse('0001-06-01T00:00Z'), '0001-06-01T00:00Z'],
  [Number.NEGATIVE_INFINITY, 'all'],
  [-62_200_000_000_000, 'all'],
  [null, 'all'],
])('an oldest failure of %s is reached by --since %s, first to be looked at', (oldest, since) => {
  const { text } = mailOf(digestOf([job()], {}, { count: 1, oldest }))
  expect(text).toMatch(/^1 older failure was never reported\nIt is from /m)
  expect(text).toContain(`  1. Look at it first:
       node bin/job-alert.js digest --dry-run --since ${since}
  2. Report it:
       node bin/job-alert.js digest --since ${since}
`)
})

test('failures that wait for the next run are counted beside those that were never reported, or alone', () => {
  const waiting = '20,000 more failures wait for the next run, which reports them.'
  expect(mailOf(digestOf([job()], { waiting: 20_000 })).text).toContain(`\nMore to come\n${waiting}\n`)
  const both = mailOf(digestOf([job()], { waiting: 20_000 }, { count: 3, oldest: at('01:00') })).text
  expect(both).toContain(`\n3 older failures were never reported\n${waiting}\nThe oldest is from 23 Nov 01:00 UTC.\n`)
})

test('one failure that waits for the next run is said to', () => {
  const { text } = mailOf(digestOf([job()], { waiting: 1 }))
  expect(text).toContain('\nMore to come\n1 more failure waits for the next run, which reports it.\n')
})

test('kinds that no section accounts for are named at the end, the largest first, and the rest is counted', () => {
  const errors = [...different(24)]
  const shown = Array.from({ length: 20 }, (_, kind) =>
    many(5, { jobType: `shown_${kind}`, error: errors[kind] as string }),
  )
  const left = [1, 3, 2].map((count) => many(count, { jobType: `left_${count}`, error: errors[20 + count] as string }))
  const digest = digestOf([...shown, ...left].flat())
  const endOf = (lastKinds: number) =>
    writeLetter(digest, PRODUCTION, { ...(RUNGS[0] as (typeof RUNGS)[number]), lastKinds }).sections.at(-1)
  const named = ['spotify/left_3\u00a0(3)', 'spotify/left_2\u00a0(2)', 'spotify/left_1\u00a0(1)']
  const heading = 'Failed, but not named above'
  expect(endOf(3)).toEqual({ heading, lead: [`${named[0]}, ${named[1]} and ${named[2]}.`] })
  expect(endOf(1)).toEqual({ heading, lead: [`${named[0]} and 3 jobs of further types.`] })
  const all = digestOf(many(3))
  expect(writeLetter(all, PRODUCTION, { ...(RUNGS[0] as (typeof RUNGS)[number]), lastKinds: 9 }).sections).toHaveLength(
    1,
  )
})

test('beside a refresh more than three errors have an overview', () => {
  const errors = (count: number) => Array.from(different(count), (error, kind) => job({ jobType: `t${kind}`, error }))
  expect(mailOf(digestOf([step('songs'), ...errors(4)])).text).toMatch(
    /\n4 other jobs failed\n\n {2}1 spotify\/t\d job\n/,
  )
  expect(mailOf(digestOf([step('songs'), ...errors(3)])).text).toContain('\n3 other jobs failed\n\nRetry jobs: ')
})

test('where no success is on record the preheader says since when at least there was none', () => {
  expect(preheader([], overdue)).toBe('No success since at least 5 Nov; nothing tried since')
})
