import fc from 'fast-check'
import { expect, test } from 'vitest'
import { errorPattern, howItDied, Tally } from '../src/digest.js'
import { at, CHAIN_START, digestOf, job, NOW, step } from './support/jobs.js'

const REAPED = 'reaped: max_attempts exhausted (likely worker OOM/crash loop)'

// The rows that the real worker, janitor and admin pages leave behind when a job has failed for good.
test.each([
  ['a download of the chain failed', step('songs'), 'failed on its only attempt (1 of 1)'],
  [
    'a rebuild failed',
    step('rebuild_index', { error: 'rebuild_index: [Errno 2]' }),
    'failed on its only attempt (1 of 1)',
  ],
  [
    'its worker was killed',
    step('albums', { claimedAt: null, error: REAPED }),
    'stuck and reaped by the janitor on attempt 1 of 1',
  ],
  [
    'its worker was killed on a retry',
    job({ claimedAt: null, error: `503 | ${REAPED}` }),
    'stuck and reaped by the janitor on attempt 5 of 5',
  ],
  ['its retries were used up', job({ attempts: 2, maxAttempts: 2 }), 'retries used up (2 of 2)'],
  [
    'the error was permanent',
    job({ attempts: 1, error: 'MB has no release (mbid=x): 404' }),
    'permanent error on attempt 1 of 5',
  ],
  [
    'it crashed',
    job({ attempts: 1, maxAttempts: 1, error: "KeyError: 'title'" }),
    'failed on its only attempt (1 of 1)',
  ],
  [
    'it was cancelled while it waited for a retry',
    job({ attempts: 1, claimedAt: null }),
    'closed while waiting for a retry (an admin cancel?) after attempt 1 of 5',
  ],
  ['it was cancelled while it ran again', job({ attempts: 2, error: '503' }), 'permanent error on attempt 2 of 5'],
  ['it has the status failed', job({ status: 'failed', finishedAt: null }), 'retries used up (5 of 5)'],
  ['it has more attempts than allowed', job({ attempts: 6 }), 'retries used up (6 of 5)'],
  ['it has no error', job({ error: null }), 'retries used up (5 of 5)'],
])('when %s, the mail says how it died', (_, dead, words) => {
  expect(howItDied(dead)).toBe(words)
})

test('"reaped" is told by the end of the error only', () => {
  expect(howItDied(job({ error: `${REAPED}, then a retry: 503` }))).toBe('retries used up (5 of 5)')
})

test.each([
  ['numbers', 'Timeout after 30 s, page 4', 'Timeout after 60 s, page 17'],
  ['UUIDs', 'no release 5f0e8a52-91fb-4f63-a85e-0f1c6d0d7a11', 'no release 1a6cf3d1-857a-423d-aa09-ef6d2c846067'],
  ['ids', 'no track 4uLU6hMCjMI75M1A2tKUQC here', 'no track 0tgVpDi06FyKpA1z0VMD4v here'],
  ['addresses', 'at 0x7f3a: refused by 10.0.0.1:443', 'at 0x1b2c: refused by 10.0.0.27:8443'],
  ['URLs', 'error for url: https://a.example.com/x?q=a', 'error for url: http://b.example.com/y/z'],
  ['single quotes', "no song 'So What'", "no song 'Blue in Green'"],
  ['double quotes', 'no song "So What"', 'no song "Don\'t Explain"'],
  ['quotes with an apostrophe in them', "no song 'So What'", "no song 'Don't Explain'"],
  ['quotes after an apostrophe', "couldn't find 'So What'", "couldn't find 'Blue in Green'"],
  ['backquotes', 'no `a` here', 'no `b c` here'],
  ['white space', 'a  b\n c', 'a b c'],
  ['the length of ids in a long error', `id 9 ${'failed '.repeat(570)} at x`, `id 1000 ${'failed '.repeat(570)} at y`],
])('errors that differ only in %s have one pattern', (_, one, other) => {
  expect(errorPattern(one)).toBe(errorPattern(other))
})

test.each([
  ['Read timed out', 'Connection refused'],
  ["KeyError: 'title'", "TypeError: 'title'"],
  ['Spotify match failed: 503', 'YouTube match failed: 503'],
])('%j and %j have different patterns', (one, other) => {
  expect(errorPattern(one)).not.toBe(errorPattern(other))
})

test.each(['a', '1', "'", "'a", '"', 'a-', '://', 'aa://', 'a '])(
  'a thousand megabytes of %j have their patterns in seconds',
  (piece) => {
    const error = piece.repeat(1_000_000 / piece.length)
    const started = performance.now()
    for (let count = 0; count < 1_000; count++) errorPattern(error)
    expect(performance.now() - started).toBeLessThan(8_000)
  },
)

test('failures are grouped by source, job type and error', () => {
  const { groups } = digestOf([
    job({ error: 'HTTP 503' }),
    job({ error: 'HTTP 502' }),
    job({ error: 'refused' }),
    job({ error: 'HTTP 503', jobType: 'backfill_durations' }),
    job({ error: 'HTTP 503', source: 'youtube' }),
  ])
  expect(groups.map(({ count }) => count)).toEqual([2, 1, 1, 1])
})

test('names that hold a line break are not taken for each other', () => {
  const { groups } = digestOf([job({ source: 'a', jobType: 'b\nc' }), job({ source: 'a\nb', jobType: 'c' })])
  expect(groups).toHaveLength(2)
})

test('failures of one chain stand together, whatever their errors', () => {
  const { chains, groups } = digestOf([step('albums'), step('songs', { error: 'other' })])
  expect(chains.map(({ failures }) => failures.count)).toEqual([2])
  expect(groups).toEqual([])
})

test('chains of other times and of other sources stand apart', () => {
  const later = CHAIN_START.replace('T03', 'T04')
  const { chains } = digestOf([step('songs'), step('songs', { chain: later }), job({ chain: CHAIN_START })])
  expect(chains).toHaveLength(3)
})

test.each(['', 'yesterday', '2026-11-23', '2026-02-30T03:00:00Z', '1764000000', '{"a":1}', 'infinity'])(
  'a chain_started_at of %j makes a plain entry',
  (chain) => {
    const { chains, groups } = digestOf([step('songs', { chain })])
    expect(chains).toEqual([])
    expect(groups).toHaveLength(1)
  },
)

test('the noisiest group comes first, and among equals the latest', () => {
  const { groups } = digestOf([
    job({ source: 'early', finishedAt: at('01:00') }),
    job({ source: 'late', finishedAt: at('02:00') }),
    job({ source: 'noisy', finishedAt: at('00:10') }),
    job({ source: 'noisy', finishedAt: at('00:20') }),
  ])
  expect(groups.map(({ jobs: [{ source }] }) => source)).toEqual(['noisy', 'late', 'early'])
})

test('the chain that failed last comes first', () => {
  const hour = (hours: string) => step('songs', { chain: `2026-11-23T${hours}:00:00Z`, finishedAt: at(`${hours}:30`) })
  const { chains } = digestOf([hour('01'), hour('03'), hour('02')])
  expect(chains.map(({ startedAt }) => startedAt)).toEqual([at('03:00'), at('02:00'), at('01:00')])
})

test('a group keeps its ten latest jobs, and counts and spans all of them', () => {
  const minutes = [7, 3, 11, 0, 14, 5, 9, 1, 13, 2, 12, 4, 10, 6, 8]
  const jobs = minutes.map((minute) => job({ finishedAt: at('02:00') + minute * 60_000 }))
  const [group] = digestOf(jobs).groups
  expect(group).toMatchObject({ count: 15, first: at('02:00'), last: at('02:14') })
  expect(group?.jobs.map(({ failedAt }) => (failedAt - at('02:00')) / 60_000)).toEqual([
    14, 13, 12, 11, 10, 9, 8, 7, 6, 5,
  ])
})

test('of jobs that failed at the same time those with the highest ids are kept', () => {
  const jobs = Array.from({ length: 12 }, () => job())
  const ids = digestOf(jobs).groups[0]?.jobs.map(({ id }) => id)
  expect(ids).toEqual(
    jobs
      .map(({ id }) => id)
      .reverse()
      .slice(0, 10),
  )
})

test('how they died is said of a group only if it is true of all of them', () => {
  const [alike] = digestOf([job(), job()]).groups
  expect(alike?.death).toBe('retries used up (5 of 5)')
  const [mixed] = digestOf([job(), job({ attempts: 1 }), job()]).groups
  expect(mixed?.death).toBeUndefined()
})

test('at most 20 chains and 20 groups are shown, and the rest is counted', () => {
  const chains = Array.from({ length: 23 }, (_, day) =>
    step('songs', { chain: `2026-10-${day + 1}T03:00:00Z`.replace(/-(\d)T/, '-0$1T') }),
  )
  const groups = Array.from({ length: 25 }, (_, index) =>
    Array.from({ length: 25 - index }, () => job({ source: `s${index}` })),
  )
  const digest = digestOf([...chains, ...groups.flat()])
  expect(digest.chains).toHaveLength(20)
  expect(digest.groups.map(({ count }) => count)).toEqual(Array.from({ length: 20 }, (_, index) => 25 - index))
  expect(digest.omitted).toEqual({ sections: 3 + 5, jobs: 3 + 5 + 4 + 3 + 2 + 1 })
  expect(digest.count).toBe(23 + 325)
})

test('infinite times do not upset the order or the counts', () => {
  const infinite = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const jobs = [...infinite.map((failedAt) => job({ failedAt })), job({ source: 'youtube' }), job()]
  const { groups } = digestOf(jobs)
  expect(groups.map(({ count }) => count)).toEqual([4, 1])
  expect(groups[0]).toMatchObject({ first: Number.NEGATIVE_INFINITY, last: Number.POSITIVE_INFINITY })
  expect(groups[0]?.jobs.map(({ failedAt }) => failedAt)).toEqual([infinite[0], infinite[2], at('02:00'), infinite[1]])
})

test('the counts always add up to the number of failures', () => {
  const anyJob = fc
    .record({
      source: fc.constantFrom('spotify', 'apple', 'x\n'),
      jobType: fc.string({ maxLength: 2 }),
      error: fc.option(fc.string({ maxLength: 3 })),
      chain: fc.option(fc.constantFrom(CHAIN_START, '2026-11-22T03:00:00Z', 'odd')),
      failedAt: fc.oneof(fc.nat(9), fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)),
    })
    .map((values) => job(values))
  fc.assert(
    fc.property(fc.array(anyJob, { maxLength: 150 }), (jobs) => {
      const { count, chains, groups, omitted } = digestOf(jobs)
      const shown = [...chains.map(({ failures }) => failures), ...groups]
      expect(count).toBe(jobs.length)
      expect(shown.reduce((sum, cluster) => sum + cluster.count, omitted.jobs)).toBe(jobs.length)
      for (const cluster of shown) expect(cluster.jobs).toHaveLength(Math.min(10, cluster.count))
    }),
  )
})

test('71,000 failures of an outage make one group, within seconds', () => {
  const started = performance.now()
  const tally = new Tally()
  for (let id = 1; id <= 71_000; id++) tally.add(job({ id, error: `no release ${id} (mbid=${id}): 404`, failedAt: id }))
  const context = { jobs: [], latest: [], lastSuccess: undefined }
  const { groups } = tally.digest(context, { count: 0, oldest: null }, { since: NOW, includeAlerted: false }, NOW)
  expect(groups).toHaveLength(1)
  expect(groups[0]).toMatchObject({ count: 71_000, first: 1, last: 71_000 })
  expect(tally.ids).toHaveLength(71_000)
  expect(performance.now() - started).toBeLessThan(10_000)
})
