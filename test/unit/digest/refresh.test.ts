import { expect, test } from 'vitest'
import { isNeeded, type Pass, passesOf, type Refresh, refreshIn } from '../../../src/digest/refresh.js'
import type { Job } from '../../../src/job.js'
import {
  at,
  CHAIN_START,
  cancelled,
  digestOf,
  done,
  type JobValues,
  job,
  NOW,
  queued,
  reaped,
  refreshAmong,
  running,
  step,
} from '../../support/jobs.js'

const OLDER = '2026-11-22T03:00:00Z'
const NEWER = '2026-11-23T03:30:00+00:00'
const NEWEST = '2026-11-23T03:45:00+00:00'
const DAY = 86_400_000

const passes = (...jobs: readonly Job[]): readonly Pass[] => passesOf(jobs, NOW)
const standing = (...jobs: readonly Job[]) =>
  passes(...jobs).map(({ state, at: { step } }) => `${state} at ${step.name}`)

test.each<[string, readonly Job[], string]>([
  ['a step that failed', [done('albums'), step('songs')], 'failed at songs'],
  ['a step that runs', [done('albums'), running('songs')], 'under way at songs'],
  ['a step that waits', [done('albums'), running('songs', { status: 'queued' })], 'under way at songs'],
  ['a step that was cancelled', [done('albums'), cancelled('songs')], 'cancelled at songs'],
  ['the last step, which succeeded', [done('artists'), done('rebuild_index')], 'succeeded at rebuild_index'],
  [
    'a step done a moment ago: the next is about to be queued',
    [done('albums', { finishedAt: at('03:55') })],
    'under way at albums',
  ],
  [
    'a step done an hour ago: the next will not be queued',
    [done('albums', { finishedAt: at('03:00') })],
    'stalled at albums',
  ],
  [
    'the step that began last, though an earlier one was reaped later',
    [step('albums', { ...reaped, finishedAt: at('03:50') }), step('songs')],
    'failed at songs',
  ],
  [
    'the step that goes on although an earlier one was reaped',
    [step('albums', reaped), running('songs')],
    'under way at songs',
  ],
  [
    'an earlier step that is run again after a later one failed',
    [running('albums', { claimedAt: at('03:31') }), step('songs')],
    'under way at albums',
  ],
  [
    'its end, which a reaped step had made possible',
    [step('albums', reaped), done('songs'), done('artists'), done('rebuild_index')],
    'succeeded at rebuild_index',
  ],
  [
    'a step that was run again after the end, and failed',
    [step('songs', { claimedAt: at('03:41') }), done('artists'), done('rebuild_index')],
    'failed at songs',
  ],
  [
    'the last of two rows of one step',
    [step('songs'), done('songs', { id: 9_000_000, claimedAt: at('03:41'), finishedAt: at('03:50') })],
    'under way at songs',
  ],
])('a pass stands at %s', (_, jobs, expected) => {
  expect(standing(...jobs)).toEqual([expected])
})

test('passes are told apart by their start, however it is written, and the newest comes first', () => {
  const [newest, older] = passes(
    step('songs'),
    done('albums', { chain: '2026-11-23T04:00:00.123456+01:00' }),
    step('albums', { chain: NEWER }),
  )
  expect(newest).toMatchObject({ startedAt: at('03:30'), jobs: [{}] })
  expect(older).toMatchObject({
    startedAt: at('03:00:00.123'),
    jobs: [{ step: { name: 'albums' } }, { step: { name: 'songs' } }],
  })
})

test.each(['2026-11-23', 'odd', null])('a start of %j makes a pass only while something is under way', (chain) => {
  expect(standing(done('rebuild_index', { chain }), step('songs', { chain }))).toEqual([])
  expect(standing(running('songs', { chain }))).toEqual(['under way at songs'])
})

test('a step is known by source, type and target: strangers are in no pass', () => {
  const stranger = { source: 'apple', targetType: 'catalog', chain: CHAIN_START }
  expect(
    passes(
      job({ ...stranger, jobType: 'warm_cache' }),
      step('songs', { source: 'spotify' }),
      step('songs', { jobType: 'other' }),
    ),
  ).toEqual([])
})

/** What is to be done when these rows failed, beside which `others` are in the table. */
const remedyOf = (rows: readonly Job[], others: readonly Job[] = []) =>
  refreshAmong(rows, { latest: [...others, ...rows] }).remedy

test('a pass is resumed at the step that failed, and the steps before it are kept', () => {
  const songs = step('songs')
  expect(remedyOf([done('albums'), songs])).toMatchObject({
    do: 'resume',
    pass: { at: { job: songs } },
    keeps: ['albums'],
  })
  expect(remedyOf([step('albums')])).toMatchObject({ do: 'resume', keeps: [] })
  expect(remedyOf([step('artists')])).toMatchObject({ do: 'resume', keeps: ['albums', 'songs'] })
})

test('only what was done is kept', () => {
  expect(remedyOf([step('albums'), done('songs'), step('artists')])).toMatchObject({ keeps: ['songs'] })
})

test('a pass is resumed at the last of two rows of one step', () => {
  const again = step('songs', { id: 9_000_000 })
  expect(remedyOf([step('songs'), again])).toMatchObject({ do: 'resume', pass: { at: { job: again } } })
})

test('a pass is resumed at the furthest step that failed, though only an earlier failure is new', () => {
  const songs = step('songs', { finishedAt: at('03:20') })
  const albums = step('albums', { ...reaped, finishedAt: at('04:00') })
  const refresh = refreshIn(digestOf([albums], { jobs: [albums, songs] }))
  expect(refresh?.remedy).toMatchObject({ do: 'resume', pass: { at: { job: songs } }, keeps: [] })
})

test.each<[string, Job]>([
  ['runs on', running('songs')],
  ['waits in the queue', queued('songs')],
  ['has just done its next step', done('songs')],
])('a pass that %s after its reaped step goes on, and nothing is to be done', (_, songs) => {
  expect(remedyOf([step('albums', reaped), songs])).toMatchObject({ do: 'wait', pass: { at: { job: songs } } })
})

test.each<[string, Job]>([
  ['an earlier step of the same pass', running('albums', { claimedAt: at('03:30') })],
  ['an older pass', running('artists', { chain: OLDER })],
  ['a newer pass', queued('albums', { chain: NEWER })],
  ['a pass whose row does not tell its start', running('songs', { chain: null })],
  ['a newer pass that is between two steps', done('albums', { chain: NEWER, finishedAt: at('03:55') })],
])('while %s is under way nothing is resumed', (_, other) => {
  expect(remedyOf([step('songs')], [other])).toMatchObject({ do: 'wait', pass: { at: { job: other } } })
})

test.each<[string, Job]>([
  ['queued for an hour', queued('albums', { chain: NEWER, runAfter: at('03:00') })],
  [
    'running for two hours, which a janitor that lives would have ended',
    running('albums', { chain: NEWER, claimedAt: at('02:00') }),
  ],
])('nobody works on a step that has been %s: the worker is to be restarted', (_, other) => {
  const remedy = remedyOf([step('songs')], [other])
  expect(remedy).toMatchObject({ do: 'restart the worker', pass: { at: { job: other } } })
  expect(isNeeded(remedy)).toBe(true)
})

test('a step that has been queued for less than an hour, or running for less than two, is worked on', () => {
  expect(remedyOf([step('songs')], [queued('albums', { chain: NEWER, runAfter: at('03:01') })]).do).toBe('wait')
  expect(remedyOf([step('songs')], [running('albums', { chain: NEWER, claimedAt: at('02:01') })]).do).toBe('wait')
})

test('a step that took hours and is done keeps nobody waiting: the next one is about to be queued', () => {
  const long = done('albums', { chain: NEWER, claimedAt: at('00:00'), finishedAt: at('03:55') })
  expect(remedyOf([step('songs')], [long]).do).toBe('wait')
})

test('a pass that came to its end needs nothing, and neither does one that a newer one has replaced', () => {
  const rest = [done('songs'), done('artists'), done('rebuild_index', { finishedAt: at('03:40') })]
  expect(remedyOf([step('albums', { ...reaped, finishedAt: at('03:50') }), ...rest])).toMatchObject({ do: 'nothing' })
  const newer = [done('rebuild_index', { chain: NEWER }), running('albums', { chain: NEWEST })]
  expect(remedyOf([step('songs')], newer)).toMatchObject({ do: 'nothing', pass: { startedAt: at('03:30') } })
})

test('a newer pass that failed after a success is the one to resume', () => {
  const failed = step('artists', { chain: NEWEST })
  const refresh = refreshAmong([step('songs')], {
    latest: [failed, done('rebuild_index', { chain: NEWER, finishedAt: at('03:10') }), step('songs')],
    lastSuccess: done('rebuild_index', { chain: NEWER, finishedAt: at('03:10') }),
  })
  expect(refresh).toMatchObject({
    pass: { startedAt: at('03:45') },
    remedy: { do: 'resume', pass: { at: { job: failed } } },
  })
})

test.each<[string, Job]>([
  ['an older pass that succeeded', done('rebuild_index', { chain: OLDER })],
  ['a step without a start', done('rebuild_index', { chain: null })],
  ['a stranger', job({ chain: NEWER })],
  ['a newer pass that was cancelled', cancelled('albums', { chain: NEWER })],
  ['a newer pass that never went on', done('albums', { chain: NEWER, finishedAt: at('02:59') })],
])('%s changes nothing', (_, other) => {
  const songs = step('songs')
  expect(remedyOf([songs], [other])).toMatchObject({ do: 'resume', pass: { at: { job: songs } } })
})

test.each<[string, readonly Job[]]>([
  ['cancelled', [step('albums', reaped), cancelled('songs')]],
  [
    'stalled',
    [
      step('albums', { ...reaped, runAfter: at('00:00'), finishedAt: at('01:40') }),
      done('songs', { finishedAt: at('02:59') }),
    ],
  ],
  [
    'rows deleted',
    [step('albums', { ...reaped, chain: '2026-10-20T03:00:00Z', finishedAt: Date.UTC(2026, 9, 20, 4) })],
  ],
  ['out of order', [step('albums', { claimedAt: at('03:40'), finishedAt: at('03:50') }), step('songs')]],
])('a pass cannot be resumed, but only started again: %s', (because, rows) => {
  expect(remedyOf(rows)).toMatchObject({ do: 'start again', because })
})

test('the mail is about the newest pass that failed, reported before or not; failures of other passes stand beside it', () => {
  const [older, newer, reported] = [step('songs', { chain: OLDER }), step('albums'), step('songs', { chain: NEWER })]
  const about = (...rows: readonly Job[]): Refresh | undefined =>
    refreshIn(digestOf([older, newer], { jobs: rows, latest: rows }))
  expect(about(older, newer)).toMatchObject({ failed: [newer], others: [older] })
  expect(about(older, newer, reported)).toMatchObject({ failed: [reported], others: [newer, older] })
})

test('a pass that failed is resumed although a newer one failed as well and was cancelled further on', () => {
  const rows = [step('songs'), step('albums', { ...reaped, chain: NEWER }), cancelled('songs', { chain: NEWER })]
  expect(refreshAmong(rows)).toMatchObject({
    failed: [rows[0]],
    others: [rows[1]],
    remedy: { do: 'resume', pass: { at: { job: rows[0] } } },
  })
})

test('failures of one pass are shown from the furthest step on', () => {
  const [albums, songs] = [step('albums', { ...reaped, finishedAt: at('03:50') }), step('songs')]
  expect(refreshAmong([albums, songs]).failed).toEqual([songs, albums])
})

test('a failure is shown as it was claimed, even if the chain is read later', () => {
  const songs = step('songs')
  const retried = { ...songs, status: 'queued' }
  expect(refreshIn(digestOf([songs], { jobs: [retried], latest: [retried] }))).toMatchObject({
    failed: [songs],
    remedy: { do: 'resume' },
  })
})

test('the furthest step that has failed since the last success decides what follows', () => {
  const lastSuccess = done('rebuild_index', { chain: OLDER, finishedAt: at('01:00') })
  const rebuild = (values: JobValues) => step('rebuild_index', { chain: OLDER, ...values })
  const broken = (...others: readonly Job[]) =>
    refreshAmong([step('songs')], { latest: [...others, step('songs')], lastSuccess }).broken.name
  expect(broken(lastSuccess)).toBe('songs')
  expect(broken(rebuild({ finishedAt: at('02:00') }))).toBe('rebuild_index')
  expect(broken(rebuild({ finishedAt: at('00:30') }))).toBe('songs')
  expect(broken(rebuild({ finishedAt: at('02:00'), cancelled: true }))).toBe('rebuild_index')
  expect(broken(rebuild({ finishedAt: at('02:00'), cancelled: true, claimedAt: null }))).toBe('songs')
})

const lastSuccess = done('rebuild_index', { chain: '2026-11-05T03:00:00Z', finishedAt: at('04:00') - 18 * DAY })
const overdue = (...latest: readonly Job[]): Refresh =>
  refreshIn(
    digestOf([], {
      overdue: { anchor: lastSuccess.failedAt, after: 14 * DAY },
      lastSuccess,
      latest: [...latest, lastSuccess],
    }),
  ) as Refresh

test('an overdue refresh that nobody has tried is to be started', () => {
  expect(overdue()).toMatchObject({ pass: undefined, tried: [], remedy: { do: 'start' } })
})

test('an overdue refresh is resumed where its newest failed pass stands, and the other passes are named', () => {
  const failed = step('songs', { chain: '2026-11-12T03:00:00Z' })
  const other = cancelled('albums', { chain: '2026-11-19T03:00:00Z' })
  const found = overdue(other, failed)
  expect(found).toMatchObject({ failed: [failed], remedy: { do: 'resume', pass: { at: { job: failed } } } })
  expect(found.tried.map(({ state }) => state)).toEqual(['failed', 'cancelled'])
  expect(overdue(other).remedy).toMatchObject({ do: 'start again', because: 'cancelled' })
})

test('a pass that ended before the last success is no attempt since, whenever it began', () => {
  const before = { finishedAt: lastSuccess.failedAt - 1 }
  for (const chain of ['2026-11-04T03:00:00Z', '2026-11-05T04:00:00Z'])
    expect(overdue(step('songs', { ...before, chain })).remedy.do).toBe('start')
})

test('an older pass that was resumed since is an attempt, and so is the last success when it is run again', () => {
  for (const chain of ['2026-11-01T03:00:00Z', lastSuccess.chain])
    expect(overdue(running('albums', { chain, claimedAt: at('03:30') })).remedy).toMatchObject({ do: 'wait' })
})

test('without a success on record every pass is an attempt, and the anchor is what the database knows', () => {
  const failed = step('songs', { chain: '2026-11-12T03:00:00Z' })
  const since = { anchor: Date.UTC(2026, 9, 3), after: 14 * DAY }
  expect(refreshIn(digestOf([], { overdue: since, latest: [failed] }))).toMatchObject({
    failed: [failed],
    lastSuccess: null,
    overdue: since,
    remedy: { do: 'resume' },
  })
})

test('a stranger that names the start of a refresh is no step of it', () => {
  const stranger = job({ source: 'apple', targetType: 'catalog', jobType: 'warm_cache', chain: CHAIN_START })
  const digest = digestOf([step('songs'), stranger])
  expect(digest.refresh?.count).toBe(1)
  expect(digest.chains).toMatchObject([{ latest: stranger }])
})
