import { expect, test } from 'vitest'
import { passesOf } from '../../../src/digest/refresh.js'
import type { Job } from '../../../src/job.js'
import { Pages } from '../../../src/mail/presentation.js'
import { stepRows } from '../../../src/mail/refresh.js'
import { at, cancelled, digestOf, done, mailOf, NOW, reaped, running, step } from '../../support/jobs.js'

const OLDER = '2026-11-20T03:00:00Z'
const NEWER = '2026-11-23T03:30:00+00:00'
const DAY = 86_400_000
const lastSuccess = step('rebuild_index', {
  status: 'done',
  chain: '2026-11-13T03:00:00Z',
  finishedAt: Date.UTC(2026, 10, 13, 5),
})

/** The text part on one line, of a mail about the dead ones among these rows. */
function said(rows: readonly Job[], context: Parameters<typeof digestOf>[1] = {}): string {
  const failures = rows.filter(({ status, cancelled }) => status === 'dead' && !cancelled)
  return mailOf(digestOf(failures, { jobs: rows, latest: rows, lastSuccess, ...context })).text.replaceAll(/\s+/g, ' ')
}

const overdue = (context: Parameters<typeof digestOf>[1]): string =>
  said([], { overdue: { anchor: lastSuccess.failedAt, after: 9 * DAY }, ...context })

test.each(['albums', 'songs', 'artists'] as const)(
  'while %s has failed, songs are matched against the last catalog',
  (name) => {
    expect(said([step(name)])).toContain(
      'Songs are matched against the catalog of 13 Nov, 10 days old, until a refresh finishes.',
    )
  },
)

test.each([
  ['Read timed out.', 'Fix the cause above.'],
  ['', 'Find the cause in the log of the worker.'],
  [null, 'Find the cause in the log of the worker.'],
])('where the error is %j, the first thing to do is: %s', (error, text) => {
  expect(said([step('songs', { error })])).toContain(`What to do 1. ${text}`)
})

test('when rebuild_index has failed matching finds nothing, and the mail knows what a second failure means', () => {
  const text = said([step('rebuild_index')])
  expect(text).toContain(
    'The old index was deleted before the new one was built: until a rebuild succeeds, matching against Apple finds little or nothing, and its jobs end as done.',
  )
  expect(text).toContain('It resumes at rebuild_index and keeps the albums, songs and artists.')
  expect(text).toContain(
    'If it fails again, a download is incomplete (one can be done without its files): start again from albums',
  )
  expect(text).not.toContain('Songs are matched against')
})

test('the index stays deleted although a newer refresh has failed earlier', () => {
  const rebuild = step('rebuild_index', { chain: OLDER, finishedAt: at('01:00') })
  expect(said([step('songs')], { latest: [rebuild] })).toContain('matching against Apple finds little or nothing')
})

test('a reaped step was given up when the janitor noticed, and may still be at it', () => {
  const text = said([step('albums', { ...reaped, finishedAt: at('03:50') })])
  expect(text).toContain(
    'Given up at 03:50, after 90 minutes without an end: the worker died (out of memory, a restart), or is still at it.',
  )
  expect(text).toContain(
    '1. See in the log of the worker which of the two. If it is still at it, wait until it has ended.',
  )
  expect(text).toContain('✗ albums given up')
  expect(text).not.toContain('reaped: ')
})

test('who resumes is told what to do if the step stays queued', () => {
  expect(said([step('songs')])).toContain('3. Still queued after ten minutes? Restart the worker.')
})

test('the expensive button is warned of beside the statement, but not where it costs no more', () => {
  const warning = "Do not use the page's Start button: it downloads everything again (30 GB)."
  expect(said([step('songs')])).toMatch(new RegExp(`and status = 'dead'; ${warning.replaceAll(/[().]/g, '\\$&')} 3\\.`))
  expect(said([step('albums')])).not.toContain('Start button')
})

test('an overdue refresh whose step has been queued for an hour is stuck: since when, and what to do', () => {
  const queued = step('songs', {
    chain: NEWER,
    status: 'queued',
    runAfter: at('02:10'),
    claimedAt: null,
    finishedAt: null,
  })
  const text = overdue({ latest: [queued] })
  expect(text).toContain('✗ ACTION NEEDED Apple Music refresh is stuck at songs since 23 Nov 02:10 UTC')
  expect(text).toContain(`The refresh of 03:30 is at songs: queued since 02:10 (job ${queued.id}).`)
  expect(text).toContain(`1. Restart the worker: it does not work on songs (job ${queued.id}), which is still queued.`)
  expect(text).not.toContain('wait until')
})

test('an overdue refresh that is running says since when, and that nothing is to be done', () => {
  const running = step('songs', { chain: NEWER, status: 'running', claimedAt: at('03:31'), finishedAt: null })
  const text = overdue({ latest: [running] })
  expect(text).toContain('✓ NOTHING TO DO Apple Music refresh is overdue')
  expect(text).toContain(`The refresh of 03:30 is at songs: running since 03:31 (job ${running.id}).`)
})

test('the catalog in use and every run that was tried are named by their dates', () => {
  const failed = step('songs', { chain: OLDER, finishedAt: at('01:00') })
  const cancelled = step('albums', { chain: NEWER, cancelled: true })
  const text = overdue({ latest: [cancelled, failed] })
  expect(text).toContain('the catalog of 13 Nov, 10 days old,')
  expect(text).toContain(`The refresh of 20 Nov 03:00 failed at songs (job ${failed.id}).`)
  expect(text).toContain(`The refresh of 03:30 was cancelled at albums (job ${cancelled.id}).`)
  expect(text).not.toMatch(/the last one stopped|last refresh succeeded/i)
})

test('a refresh that never succeeded as far as anybody knows says since when', () => {
  const text = said([], { lastSuccess: undefined, overdue: { anchor: Date.UTC(2026, 9, 3), after: 14 * DAY } })
  expect(text).toContain(
    'None has succeeded since at least 3 Oct; a success is expected every 14 days (REFRESH_OVERDUE_AFTER).',
  )
  expect(text).toContain('jobs that succeeded are deleted after 30 days')
  expect(text).toContain('1. Nothing was tried since: start a refresh')
})

test('beside a failure the mail says in one place that the refresh is overdue', () => {
  const text = said([step('songs')], { overdue: { anchor: lastSuccess.failedAt, after: 9 * DAY } })
  expect(text).toContain('It is overdue, too: a success is expected every 9 days (REFRESH_OVERDUE_AFTER).')
  expect(text.match(/overdue/g)).toHaveLength(1)
})

test.each<[string, readonly Job[], string]>([
  [
    'cancelled further on',
    [step('albums', reaped), step('songs', { id: 77, cancelled: true })],
    'songs (job 77) was cancelled.',
  ],
  [
    'done further on, without the next step',
    [
      step('albums', { ...reaped, runAfter: at('00:00'), finishedAt: at('01:40') }),
      step('songs', { id: 77, status: 'done', finishedAt: at('02:59') }),
    ],
    'songs (job 77) is done, but the next step was never queued.',
  ],
  [
    'too old to be known',
    [step('albums', { id: 77, ...reaped, chain: '2026-10-20T03:00:00Z', finishedAt: Date.UTC(2026, 9, 20, 4) })],
    'what ran after it is no longer on record.',
  ],
])('a refresh that was %s is not resumed but started again, and it is said why', (_, rows, because) => {
  const text = said(rows)
  expect(text).toContain(`1. There is nothing to resume: `)
  expect(text).toContain(because)
  expect(text).toContain("2. Start again with the page's Start button, which downloads everything again (30 GB).")
  expect(text).not.toContain('update research_jobs')
})

test.each<[string, readonly Job[], readonly Job[], string]>([
  [
    'goes on',
    [step('albums', reaped), step('songs', { status: 'running', claimedAt: at('03:20'), finishedAt: null })],
    [],
    'Apple Music refresh goes on at songs although albums was given up',
  ],
  [
    'finished',
    [step('albums', reaped), step('rebuild_index', { status: 'done' })],
    [],
    'Apple Music refresh finished although albums was given up',
  ],
  [
    'was replaced',
    [step('songs')],
    [step('rebuild_index', { chain: NEWER, status: 'done' })],
    'Apple Music refresh failed at songs, but a newer one succeeded',
  ],
  [
    'is being replaced',
    [step('songs')],
    [step('albums', { chain: NEWER, status: 'running', claimedAt: at('03:31'), finishedAt: null })],
    'Apple Music refresh failed at songs, but another is under way',
  ],
])('about a refresh that %s nothing is to be done, in the subject, too', (_, rows, others, became) => {
  const failures = rows.filter(({ status }) => status === 'dead')
  const { subject, text, html } = mailOf(digestOf(failures, { jobs: rows, latest: [...others, ...rows], lastSuccess }))
  expect(subject).toContain(`No action: ${became}`.slice(0, 77))
  expect(text).toMatch(/^✓ NOTHING TO DO\n/)
  expect(text).not.toContain('What to do')
  expect(html).toContain('class="card done-edge"')
})

test('failures of many runs are one section: the newest as a whole, some in a line each, the rest by their number', () => {
  const rows = Array.from({ length: 60 }, (_, index) =>
    step('songs', {
      id: 8_001 + index,
      chain: new Date(at('03:00') - index * 3_600_000).toISOString(),
      finishedAt: at('03:12') - index * 3_600_000,
    }),
  )
  const { text } = mailOf(digestOf(rows, { jobs: rows, latest: rows }))
  expect(text.split('\n').length).toBeLessThan(65)
  expect(text.match(/^ {2}job \d+ {2}.* songs {2}catalog /gm)).toHaveLength(10)
  expect(text).toContain('… and more: apple/refresh_catalog (49)')
  expect(text.match(/songs failed: Read timed out/g)).toHaveLength(2)
})

test('ids beyond 2^53 stand in the statement as they are', () => {
  expect(said([step('songs', { id: 9_223_372_036_854_775_807n })])).toContain(
    'where id = 9223372036854775807 and status',
  )
})

/** Name, state, duration and job of each step. */
const steps = (...jobs: readonly Job[]) =>
  stepRows({ pass: passesOf(jobs, NOW)[0], now: NOW }, new Pages('')).map(({ facts }) => facts)
const rungs = (...jobs: readonly Job[]) => steps(...jobs).map(([name, state]) => `${name}: ${state}`)

test('steps without a row after the one that failed are not started', () => {
  expect(rungs(done('albums'), step('songs'))).toEqual([
    'albums: done',
    'songs: failed',
    'artists: not started',
    'rebuild_index: not started',
  ])
})

test('steps without a row before one that has one were done: their rows are deleted first', () => {
  expect(rungs(step('artists')).slice(0, 2)).toEqual(['albums: done (row deleted)', 'songs: done (row deleted)'])
})

test('a step that the janitor ended was given up, one that an admin ended was cancelled, and one enqueued twice is there twice', () => {
  expect(rungs(step('albums', reaped), done('songs'), cancelled('songs', { id: 9_000_000 }))).toEqual([
    'albums: given up',
    'songs: done',
    'songs: cancelled',
    'artists: not started',
    'rebuild_index: not started',
  ])
})

test('of a step that was enqueued very often the last jobs are shown', () => {
  const rows = Array.from({ length: 9 }, (_, index) => step('songs', { id: 9_000_001 + index }))
  expect(steps(...rows).map(([, , , id]) => id)).toEqual(['', 'job 9000007', 'job 9000008', 'job 9000009', '', ''])
})

test('what came after a step that was reaped is unknown once such rows are deleted', () => {
  const old = { ...reaped, chain: '2026-10-20T03:00:00Z', finishedAt: Date.UTC(2026, 9, 20, 4) }
  expect(rungs(step('albums', old))[1]).toBe('songs: unknown')
  expect(rungs(step('albums', { ...old, reaped: false }))[1]).toBe('songs: not started')
})

test('a step lasts from claim to end, and a running one until now', () => {
  const found = steps(
    step('albums', { claimedAt: at('03:00'), finishedAt: at('03:08:12') }),
    running('songs', { claimedAt: at('03:58') }),
  )
  expect(found.map(([, , lasted]) => lasted)).toEqual(['8m\u00a012s', '2m so far', '', ''])
})

test.each([
  ['without a claim', { claimedAt: null }],
  ['without an end', { finishedAt: null }],
  ['that ended before it was claimed', { claimedAt: at('03:13') }],
  ['that ended at infinity', { finishedAt: Number.POSITIVE_INFINITY }],
  ['that was claimed at -infinity', { claimedAt: Number.NEGATIVE_INFINITY }],
  [
    'that was claimed and ended at infinity',
    { claimedAt: Number.POSITIVE_INFINITY, finishedAt: Number.POSITIVE_INFINITY },
  ],
])('a step %s has no duration', (_, times) => {
  expect(steps(step('albums', { failedAt: at('03:12'), ...times }))[0]?.[2]).toBe('')
})
