import { expect, test } from 'vitest'
import { type Chain, chainFrom } from '../../../src/digest/chain.js'
import type { Job } from '../../../src/job.js'
import { at, CHAIN_START, chainOf, digestOf, type JobValues, job, NOW, reaped, step } from '../../support/jobs.js'

const NEWER = '2026-11-23T03:30:00+00:00'

function ladder({ steps }: Chain): readonly string[] {
  return steps.map(({ name, state }) => `${name}: ${state}`)
}

type StepName = Parameters<typeof step>[0]
const done = (name: StepName, values: JobValues = {}): Job => step(name, { status: 'done', ...values })
const cancelled = (name: StepName, values: JobValues = {}): Job =>
  step(name, { cancelled: true, error: 'cancelled by admin', ...values })

test('steps without a row after the failed one are not started', () => {
  const chain = chainOf([done('albums'), step('songs')])
  expect(ladder(chain)).toEqual(['albums: done', 'songs: dead', 'artists: not started', 'rebuild_index: not started'])
  expect(chain).toMatchObject({
    title: 'Apple Music catalog refresh',
    failedAt: 'songs',
    startedAt: at('03:00:00.123'),
  })
})

test('steps without a row before a step that has one were done: done rows are pruned first', () => {
  expect(ladder(chainOf([step('artists')]))).toEqual([
    'albums: done (row deleted)',
    'songs: done (row deleted)',
    'artists: dead',
    'rebuild_index: not started',
  ])
})

test('a step can be dead although it had enqueued the next one', () => {
  const chain = chainOf([step('albums'), done('songs'), step('artists', { status: 'running', finishedAt: null })])
  expect(ladder(chain)).toEqual(['albums: dead', 'songs: done', 'artists: running', 'rebuild_index: not started'])
  expect(chain.failedAt).toBe('albums')
})

test('a step lasts from claim to end, and a running one until now', () => {
  const running = step('songs', { status: 'running', claimedAt: at('03:58'), finishedAt: null })
  const { steps } = chainOf([step('albums', { claimedAt: at('03:00'), finishedAt: at('03:08:12') }), running])
  expect(steps.map(({ duration }) => duration)).toEqual([492_000, 120_000, undefined, undefined])
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
  expect(chainOf([step('albums', { failedAt: at('03:12'), ...times })]).steps[0]?.duration).toBeUndefined()
})

test('a step that was enqueued twice stands in the ladder twice', () => {
  const chain = chainOf([step('albums'), done('songs'), step('songs', { id: 9_000_000 })])
  expect(ladder(chain).slice(0, 3)).toEqual(['albums: dead', 'songs: done', 'songs: dead'])
  expect(chain.failedAt).toBe('songs')
})

test('a step is known by its fixed target, and a stranger in the chain comes last', () => {
  const stranger = job({ source: 'apple', targetType: 'catalog', jobType: 'warm_cache', chain: CHAIN_START })
  expect(ladder(chainOf([stranger, step('albums')])).at(-1)).toBe('warm_cache: dead')
})

test('jobs of other chains, and of other sources that began at the same time, are no steps', () => {
  const others = [step('songs', { chain: NEWER }), job({ chain: CHAIN_START, status: 'done' })]
  const [section] = digestOf([step('albums')], { jobs: others }).chains
  expect(ladder(section?.chain as Chain)).toEqual([
    'albums: dead',
    'songs: not started',
    'artists: not started',
    'rebuild_index: not started',
  ])
})

test('a failure is shown as it was claimed, even if the chain is read later', () => {
  const failure = step('songs')
  const [section] = digestOf([failure], { jobs: [{ ...failure, status: 'queued' }] }).chains
  expect(ladder(section?.chain as Chain)[1]).toBe('songs: dead')
})

test('an unknown chain lists the jobs it has, in their order, and gives no advice', () => {
  const rows = [
    job({ source: 'spotify', jobType: 'export', status: 'done', chain: CHAIN_START }),
    job({ source: 'spotify', jobType: 'import', chain: CHAIN_START }),
  ]
  const chain = chainOf([...rows].reverse())
  expect(ladder(chain)).toEqual(['export: done', 'import: dead'])
  expect(chain).toMatchObject({ title: 'spotify chain', failedAt: 'import', page: undefined, outlook: undefined })
})

test('a step of the chain is known although it was read only with the latest jobs of all runs', () => {
  const rows = [step('albums', reaped), done('songs')]
  const [section] = digestOf(rows.slice(0, 1), { jobs: [], latest: rows }).chains
  expect(ladder(section?.chain as Chain)[1]).toBe('songs: done')
})

test('what came after a step that was reaped is not known once such rows are deleted', () => {
  const old = { ...reaped, chain: '2026-10-20T03:00:00Z', finishedAt: Date.UTC(2026, 9, 20, 4) }
  expect(ladder(chainOf([step('albums', old)])).slice(1)).toEqual(
    ['songs', 'artists', 'rebuild_index'].map((name) => `${name}: unknown`),
  )
  const died = step('albums', { ...old, reaped: false })
  expect(ladder(chainOf([died]))[1]).toBe('songs: not started')
})

test('the chain began when its text says, and odd text falls back on the failure', () => {
  const section = (chain: string | null) => {
    const failed = step('songs', { chain })
    const failures = {
      count: 1,
      first: failed.failedAt,
      last: failed.failedAt,
      death: undefined,
      latest: failed,
      jobs: [failed],
      failed: [failed],
      kinds: new Map(),
    }
    return chainFrom(failures, { jobs: [], latest: [], lastSuccess: undefined }, NOW).startedAt
  }
  expect(section('2026-11-23T04:00:00+01:00')).toBe(at('03:00'))
  expect(section('2026-11-23T03:00:00')).toBe(at('03:00'))
  expect(section('2026-11-23')).toBe(at('03:12'))
  expect(section('odd')).toBe(at('03:12'))
  expect(section(null)).toBe(at('03:12'))
})

test('the failure to tell first is that of the furthest step, whichever was later', () => {
  const albums = step('albums', { ...reaped, finishedAt: at('04:40') })
  const songs = step('songs', { finishedAt: at('04:10') })
  for (const rows of [
    [albums, songs],
    [songs, albums],
  ])
    expect(chainOf(rows)).toMatchObject({ failedAt: 'songs', leading: { id: songs.id } })
})

test('a stranger in the chain is told first only where no step failed', () => {
  const stranger = job({ source: 'apple', targetType: 'catalog', jobType: 'warm_cache', chain: CHAIN_START })
  expect(chainOf([step('albums'), stranger]).failedAt).toBe('albums')
  expect(chainOf([done('albums'), stranger]).failedAt).toBe('warm_cache')
})

test('a cancelled step is no failure of the chain', () => {
  const chain = chainOf([step('albums', reaped), cancelled('songs')])
  expect(ladder(chain)).toEqual([
    'albums: dead',
    'songs: cancelled',
    'artists: not started',
    'rebuild_index: not started',
  ])
  expect(chain.failedAt).toBe('albums')
})
