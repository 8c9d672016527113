import { expect, test } from 'vitest'
import type { Job } from '../../../src/job.js'
import { at, CHAIN_START, chainOf, type JobValues, job, reaped, step } from '../../support/jobs.js'

const NEWER = '2026-11-23T03:30:00+00:00'
const NEWEST = '2026-11-23T03:45:00+00:00'

type StepName = Parameters<typeof step>[0]
const done = (name: StepName, values: JobValues = {}): Job => step(name, { status: 'done', ...values })
const running = (name: StepName, values: JobValues = {}): Job =>
  step(name, { status: 'running', finishedAt: null, ...values })
const queued = (name: StepName, values: JobValues = {}): Job =>
  step(name, { status: 'queued', claimedAt: null, finishedAt: null, ...values })
const cancelled = (name: StepName, values: JobValues = {}): Job =>
  step(name, { cancelled: true, error: 'cancelled by admin', ...values })

/** What is said of a chain of these rows, beside which `others` are in the table. */
function outlookOf(rows: readonly Job[], others: readonly Job[] = [], lastSuccess?: Job) {
  const { outlook } = chainOf(rows, { latest: [...others, ...rows], lastSuccess })
  if (!outlook) throw new Error('the chain is not known')
  return outlook
}

test('the last success is known', () => {
  const lastSuccess = done('rebuild_index', { finishedAt: at('01:00') })
  expect(outlookOf([step('songs')], [], lastSuccess).lastSuccess).toBe(at('01:00'))
  expect(outlookOf([step('songs')]).lastSuccess).toBeNull()
})

test('resume is offered at the dead step, and says what it keeps', () => {
  const songs = step('songs')
  expect(outlookOf([done('albums'), songs]).resume).toEqual({ step: 'songs', job: songs, keeps: ['albums'] })
  expect(outlookOf([step('albums')]).resume?.keeps).toEqual([])
  expect(outlookOf([step('artists')]).resume?.keeps).toEqual(['albums', 'songs'])
})

test('resume keeps only what was done', () => {
  const { resume } = outlookOf([step('albums'), done('songs'), step('artists')])
  expect(resume).toMatchObject({ step: 'artists', keeps: ['songs'] })
})

test('resume is for the last of two rows of one step', () => {
  const again = step('songs', { id: 9_000_000 })
  expect(outlookOf([step('songs'), again]).resume?.job.id).toBe(again.id)
})

test('resume is for the furthest failed step, though only an earlier one is new', () => {
  const songs = step('songs', { finishedAt: at('03:20') })
  const albums = step('albums', { ...reaped, finishedAt: at('04:00') })
  const { outlook } = chainOf(
    [albums, songs].filter((row) => row === albums),
    { jobs: [albums, songs], latest: [] },
  )
  expect(outlook?.resume).toMatchObject({ step: 'songs', keeps: [] })
})

test('a step is not resumed for the sake of a stranger', () => {
  const stranger = job({
    id: 9_000_001,
    source: 'apple',
    targetType: 'catalog',
    jobType: 'warm_cache',
    chain: CHAIN_START,
  })
  expect(outlookOf([step('songs'), stranger]).resume?.step).toBe('songs')
})

test.each<[string, Job, string]>([
  ['runs on', running('songs'), 'running'],
  ['waits in the queue', queued('songs'), 'queued'],
  ['has just done its next step', done('songs'), 'done'],
])(
  'a chain that %s after its reaped step goes on, and nothing is resumed: the work would be done twice',
  (_, songs, status) => {
    const { course, resume } = outlookOf([step('albums', reaped), songs])
    expect(course).toMatchObject({ kind: 'continues', at: { step: 'songs', job: { status } } })
    expect(resume).toBeUndefined()
  },
)

test.each<[string, string, Job, boolean]>([
  ['running', 'again', running('albums', { claimedAt: at('03:30') }), true],
  ['queued', 'again', queued('albums', { runAfter: at('03:30') }), true],
  ['running', 'still: its worker may be dead', running('albums', { claimedAt: at('03:00') }), false],
])(
  'while an earlier step of the same chain is %s %s, nothing is resumed, and the step is named',
  (status, _, albums, resumed) => {
    const { course, moving, resume } = outlookOf([albums, step('songs')])
    expect(course.kind).toBe('stands')
    expect(moving).toMatchObject([{ step: 'albums', run: 'this', resumed, job: { id: albums.id, status } }])
    expect(resume).toBeUndefined()
  },
)

test.each<[string, Job, number | undefined]>([
  ['an older', running('artists', { chain: '2026-11-20T03:00:00Z' }), Date.UTC(2026, 10, 20, 3)],
  ['a newer', queued('albums', { chain: NEWER }), at('03:30')],
  ['another', running('songs', { chain: null }), undefined],
])('while a step of %s refresh moves, nothing is resumed, and the step is named', (run, other, startedAt) => {
  const { moving, resume } = outlookOf([done('albums'), step('songs')], [other])
  expect(moving).toEqual([{ step: expect.any(String), job: other, run, resumed: false, startedAt }])
  expect(resume).toBeUndefined()
})

test('a chain that reached its end after its reaped step needs nothing', () => {
  const albums = step('albums', { ...reaped, runAfter: at('03:00'), finishedAt: at('04:40') })
  const rest = [done('songs'), done('artists'), done('rebuild_index', { finishedAt: at('04:20') })]
  expect(outlookOf([albums, ...rest])).toMatchObject({
    course: { kind: 'finished', at: at('04:20') },
    resume: undefined,
  })
})

test('a step that was tried again after the end, and died, is no part of that success', () => {
  const songs = step('songs', { runAfter: at('03:40'), claimedAt: at('03:41'), finishedAt: at('03:50') })
  const rest = [done('artists'), done('rebuild_index', { finishedAt: at('03:30') })]
  expect(outlookOf([done('albums'), songs, ...rest])).toMatchObject({
    course: { kind: 'stands' },
    resume: { step: 'songs', keeps: ['albums'] },
  })
  const killed = step('songs', { ...songs, ...reaped })
  expect(outlookOf([done('albums'), killed, ...rest]).course.kind).toBe('stands')
})

test('a chain that reached its end is not resumed, though its last step was enqueued twice and died once', () => {
  const again = step('rebuild_index', { id: 9_000_000 })
  expect(outlookOf([done('rebuild_index'), again])).toMatchObject({ course: { kind: 'finished' }, resume: undefined })
})

test('a chain that an admin cancelled further on is not resumed, and it is said why', () => {
  const songs = cancelled('songs')
  expect(outlookOf([step('albums', reaped), songs])).toMatchObject({
    course: { kind: 'stands' },
    resume: undefined,
    obstacle: { kind: 'cancelled', step: 'songs', job: { id: songs.id } },
  })
})

test('a chain whose later step was done long ago stands still, and is not resumed', () => {
  const albums = step('albums', { ...reaped, runAfter: at('00:00'), finishedAt: at('01:40') })
  const songs = done('songs', { finishedAt: at('02:59') })
  expect(outlookOf([albums, songs])).toMatchObject({
    course: { kind: 'stands' },
    resume: undefined,
    obstacle: { kind: 'done', step: 'songs' },
  })
})

test('a chain so old that later rows may be deleted is not resumed', () => {
  const old = { ...reaped, chain: '2026-10-20T03:00:00Z', finishedAt: Date.UTC(2026, 9, 20, 4) }
  expect(outlookOf([step('albums', old)])).toMatchObject({ resume: undefined, obstacle: { kind: 'unknown' } })
})

test('a run that finished has nothing to resume, but a newer one that failed has', () => {
  const rows = [
    step('albums', reaped),
    done('songs'),
    done('artists'),
    done('rebuild_index', { finishedAt: at('03:20') }),
  ]
  const newer = step('albums', { chain: NEWER, finishedAt: at('03:40') })
  expect(outlookOf(rows, [newer])).toMatchObject({
    course: { kind: 'finished' },
    newer: { state: 'failed' },
    resume: { step: 'albums', job: { id: newer.id } },
  })
})

test.each<[string, readonly Job[], StepName]>([
  ['succeeded', [done('rebuild_index', { chain: NEWER }), done('artists', { chain: NEWER })], 'rebuild_index'],
  ['running', [running('albums', { chain: NEWER })], 'albums'],
  ['queued', [queued('albums', { chain: NEWER })], 'albums'],
  // Between two steps there is a moment in which no row is running or queued.
  ['running', [done('albums', { chain: NEWER })], 'albums'],
  ['running', [running('songs', { chain: NEWER }), step('albums', { chain: NEWER })], 'songs'],
  ['running', [running('albums', { chain: NEWER }), step('songs', { chain: NEWER })], 'albums'],
])('a newer run that has %s is told by the step it has reached, and nothing is resumed', (state, rows, reached) => {
  const { newer, resume } = outlookOf([step('songs')], rows)
  expect(newer).toMatchObject({ state, startedAt: at('03:30'), reached: { step: reached } })
  expect(resume).toBeUndefined()
})

test('a newer run that failed as well is the one to resume', () => {
  const newer = step('artists', { chain: NEWER })
  const { newer: run, resume } = outlookOf([step('songs')], [newer, done('songs', { chain: NEWER })])
  expect(run).toMatchObject({ state: 'failed', reached: { step: 'artists', job: { id: newer.id } } })
  expect(resume).toEqual({ step: 'artists', job: newer, keeps: ['albums', 'songs'] })
})

test('of several newer runs the newest counts', () => {
  const rows = [step('songs', { chain: NEWER }), done('rebuild_index', { chain: NEWEST })]
  expect(outlookOf([step('songs')], rows).newer).toMatchObject({ state: 'succeeded', startedAt: at('03:45') })
})

test.each<[string, readonly Job[]]>([
  ['at its first step', [cancelled('albums', { chain: NEWEST })]],
  ['further on', [done('albums', { chain: NEWEST }), cancelled('songs', { chain: NEWEST })]],
  ['by nobody, but never went on', [done('albums', { chain: NEWEST, finishedAt: at('02:59') })]],
])('a newer run that was cancelled %s is as good as none', (_, rows) => {
  const songs = step('songs')
  expect(outlookOf([songs], rows)).toMatchObject({ newer: undefined, resume: { job: { id: songs.id } } })
  const failed = step('artists', { chain: NEWER })
  expect(outlookOf([songs], [...rows, failed])).toMatchObject({
    newer: { state: 'failed' },
    resume: { job: { id: failed.id } },
  })
})

test.each<[string, readonly Job[]]>([
  ['older runs', [done('rebuild_index', { chain: '2026-11-22T03:00:00Z' })]],
  ['the same run', [done('albums')]],
  ['the same run, its start written otherwise', [done('albums', { chain: '2026-11-23T04:00:00.123456+01:00' })]],
  ['steps without a start', [done('rebuild_index', { chain: null }), done('songs', { chain: 'odd' })]],
  ['strangers', [job({ chain: NEWER })]],
  ['nothing', []],
])('%s make no newer run', (_, others) => {
  const { newer, resume } = outlookOf([step('songs')], others)
  expect(newer).toBeUndefined()
  expect(resume?.step).toBe('songs')
})
