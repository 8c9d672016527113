import { expect, test } from 'vitest'
import type { Job } from '../src/failures.js'
import { type Chain, type ChainContext, chainSection } from '../src/ladder.js'
import { at, CHAIN_START, digestOf, job, NOW, step } from './support/jobs.js'

const NEWER = '2026-11-23T03:30:00+00:00'

/** The section of the chain whose rows these are; its dead ones are what is being reported. */
function chainOf(rows: readonly Job[], context: Partial<ChainContext> = {}): Chain {
  const failures = rows.filter(({ status }) => status === 'dead')
  const [chain] = digestOf(failures, { jobs: rows, ...context }).chains
  if (!chain) throw new Error('no chain')
  return chain
}

function ladder({ steps }: Chain): readonly string[] {
  return steps.map(({ name, state }) => `${name}: ${state}`)
}

const done = (name: Parameters<typeof step>[0], values: Partial<Job> = {}): Job =>
  step(name, { status: 'done', ...values })

test('steps without a row after the failed one are not started', () => {
  const chain = chainOf([done('albums'), step('songs')])
  expect(ladder(chain)).toEqual(['albums: done', 'songs: dead', 'artists: not started', 'rebuild_index: not started'])
  expect(chain).toMatchObject({
    title: 'Apple Music catalog refresh',
    failedAt: ['songs'],
    startedAt: at('03:00:00.123'),
  })
})

test('steps without a row before a step that has one were done: done rows are pruned first', () => {
  expect(ladder(chainOf([step('artists')]))).toEqual([
    'albums: done (row pruned)',
    'songs: done (row pruned)',
    'artists: dead',
    'rebuild_index: not started',
  ])
})

test('a step can be dead although it had enqueued the next one', () => {
  const chain = chainOf([step('albums'), done('songs'), step('artists', { status: 'running', finishedAt: null })])
  expect(ladder(chain)).toEqual(['albums: dead', 'songs: done', 'artists: running', 'rebuild_index: not started'])
  expect(chain.failedAt).toEqual(['albums'])
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

test('a step that was enqueued twice has two rungs', () => {
  const chain = chainOf([step('albums'), done('songs'), step('songs', { id: 9_000 })])
  expect(ladder(chain).slice(0, 3)).toEqual(['albums: dead', 'songs: done', 'songs: dead'])
  expect(chain.failedAt).toEqual(['albums', 'songs'])
})

test('a step is known by its fixed target, and a stranger in the chain comes last', () => {
  const stranger = job({ source: 'apple', targetType: 'catalog', jobType: 'warm_cache', chain: CHAIN_START })
  expect(ladder(chainOf([stranger, step('albums')])).at(-1)).toBe('warm_cache: dead')
})

test('jobs of other chains, and of other sources that began at the same time, are no steps', () => {
  const others = [step('songs', { chain: NEWER }), job({ chain: CHAIN_START, status: 'done' })]
  const [chain] = digestOf([step('albums')], { jobs: others }).chains
  expect(ladder(chain as Chain)).toEqual([
    'albums: dead',
    'songs: not started',
    'artists: not started',
    'rebuild_index: not started',
  ])
})

test('a failure is shown as it was claimed, even if the chain is read later', () => {
  const failure = step('songs')
  const [chain] = digestOf([failure], { jobs: [{ ...failure, status: 'queued' }] }).chains
  expect(ladder(chain as Chain)[1]).toBe('songs: dead')
})

test('an unknown chain lists the jobs it has, in their order, and gives no advice', () => {
  const rows = [
    job({ source: 'spotify', jobType: 'export', status: 'done', chain: CHAIN_START }),
    job({ source: 'spotify', jobType: 'import', chain: CHAIN_START }),
  ]
  const chain = chainOf([...rows].reverse())
  expect(ladder(chain)).toEqual(['export: done', 'import: dead'])
  expect(chain).toMatchObject({ title: 'spotify chain', failedAt: ['import'], page: '/research/', outlook: undefined })
})

test('an unknown chain of very many jobs shows the last twelve', () => {
  const rows = Array.from({ length: 40 }, () => job({ chain: CHAIN_START, status: 'done' }))
  expect(chainOf([...rows, job({ chain: CHAIN_START, jobType: 'last' })]).steps).toHaveLength(12)
})

test('the chain began when its text says, and odd text falls back on the failure', () => {
  const section = (chain: string | null) => {
    const failed = step('songs', { chain })
    const cluster = {
      count: 1,
      first: failed.failedAt,
      last: failed.failedAt,
      death: undefined,
      jobs: [failed] as const,
    }
    return chainSection(cluster, { jobs: [], latest: [], lastSuccess: undefined }, NOW).startedAt
  }
  expect(section('2026-11-23T04:00:00+01:00')).toBe(at('03:00'))
  expect(section('2026-11-23T03:00:00')).toBe(at('03:00'))
  expect(section('2026-11-23')).toBe(at('03:12'))
  expect(section('odd')).toBe(at('03:12'))
  expect(section(null)).toBe(at('03:12'))
})

test('the last success is told', () => {
  const lastSuccess = done('rebuild_index', { finishedAt: at('01:00') })
  expect(chainOf([step('songs')], { lastSuccess }).outlook?.lastSuccess).toBe(at('01:00'))
  expect(chainOf([step('songs')]).outlook?.lastSuccess).toBeNull()
})

test('resume is offered at the dead step, and says what it keeps', () => {
  const songs = step('songs')
  const { outlook } = chainOf([done('albums'), songs])
  expect(outlook?.resume).toEqual({ step: 'songs', job: songs, keeps: ['albums'] })
  expect(chainOf([step('albums')]).outlook?.resume?.keeps).toEqual([])
  expect(chainOf([step('artists')]).outlook?.resume?.keeps).toEqual(['albums', 'songs'])
})

test('resume keeps only what was done', () => {
  const { outlook } = chainOf([step('albums'), done('songs'), step('artists')])
  expect(outlook?.resume).toMatchObject({ step: 'artists', keeps: ['songs'] })
})

test('resume is for the last of two rungs', () => {
  const again = step('songs', { id: 9_000 })
  expect(chainOf([step('songs'), again]).outlook?.resume?.job.id).toBe(again.id)
})

test('a step is not resumed for the sake of a stranger', () => {
  const stranger = job({ id: 9_001, source: 'apple', targetType: 'catalog', jobType: 'warm_cache', chain: CHAIN_START })
  expect(chainOf([step('songs'), stranger]).outlook?.resume?.step).toBe('songs')
})

test.each([
  ['runs on', step('songs', { status: 'running', finishedAt: null })],
  ['waits in the queue', step('songs', { status: 'queued', claimedAt: null, finishedAt: null })],
  ['has done its furthest step', done('songs')],
])('resume is not offered while the chain %s: the work would be done twice', (_, further) => {
  expect(chainOf([step('albums'), further]).outlook?.resume).toBeUndefined()
})

test('a chain that reached its end after all needs nothing', () => {
  const { outlook } = chainOf([step('albums'), done('songs'), done('artists'), done('rebuild_index')])
  expect(outlook).toMatchObject({ finishedAt: at('03:12'), resume: undefined })
})

test('a chain that reached its end is not resumed, though its last step died in a second attempt', () => {
  const again = step('rebuild_index', { id: 9_000 })
  expect(chainOf([done('rebuild_index'), again]).outlook?.resume).toBeUndefined()
})

test.each([
  ['succeeded', [done('rebuild_index', { chain: NEWER }), done('artists', { chain: NEWER })], 'rebuild_index'],
  ['running', [step('albums', { chain: NEWER, status: 'running' })], 'albums'],
  ['queued', [step('albums', { chain: NEWER, status: 'queued' })], 'albums'],
  ['failed', [step('songs', { chain: NEWER }), done('albums', { chain: NEWER })], 'songs'],
  // Between two steps there is a moment in which no row is running or queued.
  ['running', [done('albums', { chain: NEWER })], 'albums'],
  ['running', [step('songs', { chain: NEWER, status: 'running' }), step('albums', { chain: NEWER })], 'songs'],
  ['queued', [step('songs', { chain: NEWER, status: 'queued' }), step('songs', { chain: NEWER })], 'songs'],
] as const)('a newer run that has %s is told by its furthest step, and nothing is resumed', (state, rows, furthest) => {
  const { outlook } = chainOf([step('songs')], { latest: rows })
  expect(outlook?.newer).toMatchObject({ state, step: furthest, startedAt: at('03:30') })
  expect(outlook?.resume).toBeUndefined()
})

test.each([
  ['older runs', [done('rebuild_index', { chain: '2026-11-22T03:00:00Z' })]],
  ['the same run', [done('albums'), step('songs')]],
  ['the same run, its start written otherwise', [done('albums', { chain: '2026-11-23T04:00:00.123456+01:00' })]],
  ['steps without a start', [done('rebuild_index', { chain: null }), done('songs', { chain: 'odd' })]],
  ['strangers', [job({ chain: NEWER })]],
  ['nothing', []],
])('%s are no newer run', (_, latest) => {
  const { outlook } = chainOf([step('songs')], { latest })
  expect(outlook?.newer).toBeUndefined()
  expect(outlook?.resume?.step).toBe('songs')
})
