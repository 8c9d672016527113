import { expect, test } from 'vitest'
import { Tally } from '../../../src/digest/digest.js'
import { JobError } from '../../../src/job.js'
import { at, CHAIN_START, digestOf, groupsOf, job, step } from '../../support/jobs.js'

test('failures of the refresh stand together, whatever their errors and runs', () => {
  const earlier = step('songs', { chain: '2026-11-22T03:00:00Z' })
  const { refresh, chains, groups } = digestOf([step('albums'), step('songs', { error: 'other' }), earlier])
  expect(refresh?.count).toBe(3)
  expect([...chains, ...groups]).toEqual([])
})

test('other chains of other times and of other sources stand apart', () => {
  const later = CHAIN_START.replace('T03', 'T04')
  const jobs = [job({ chain: CHAIN_START }), job({ chain: later }), job({ chain: later, source: 'youtube' })]
  expect(digestOf(jobs).chains).toHaveLength(3)
})

test.each(['', 'yesterday', '2026-11-23', '2026-02-30T03:00:00Z', '1764000000', '{"a":1}', 'infinity'])(
  'a chain_started_at of %j makes a plain entry',
  (chain) => {
    for (const failure of [step('songs', { chain }), job({ chain })]) {
      const { refresh, chains } = digestOf([failure])
      expect({ refresh, chains }).toEqual({ refresh: undefined, chains: [] })
      expect(groupsOf([failure])).toHaveLength(1)
    }
  },
)

test('the chain that failed last comes first', () => {
  const hour = (hours: string) => job({ chain: `2026-11-23T${hours}:00:00Z`, finishedAt: at(`${hours}:30`) })
  const { chains } = digestOf([hour('01'), hour('03'), hour('02')])
  expect(chains.map(({ last }) => last)).toEqual([at('03:30'), at('02:30'), at('01:30')])
})

test('failures of very many chains are plain failures from some number on, and all are counted', () => {
  const failures = Array.from({ length: 2_000 }, (_, index) =>
    job({ chain: new Date(index * 3_600_000).toISOString() }),
  )
  const { chains, groups, kinds } = digestOf(failures)
  expect(chains).toHaveLength(500)
  expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(1_500)
  expect(kinds).toEqual(new Map([['spotify/match_song', 2_000]]))
})

test('of very many failures of the refresh the latest are kept, and all are counted', () => {
  const failures = Array.from({ length: 1_500 }, (_, index) =>
    step('songs', { chain: new Date(index * 3_600_000).toISOString(), finishedAt: index }),
  )
  const { refresh } = digestOf(failures)
  expect(refresh).toMatchObject({
    count: 1_500,
    first: 0,
    last: 1_499,
    kinds: [{ name: 'apple/refresh_catalog', count: 1_500 }],
  })
  expect(refresh?.jobs.map(({ failedAt }) => failedAt)).toEqual(
    Array.from({ length: 500 }, (_, index) => 1_499 - index),
  )
})

test('every kind is counted, of chains as of the others', () => {
  const { kinds, count } = digestOf([step('songs'), job(), job(), job({ source: 'youtube', chain: CHAIN_START })])
  expect(kinds).toEqual(
    new Map([
      ['apple/refresh_catalog', 1],
      ['spotify/match_song', 2],
      ['youtube/match_song', 1],
    ]),
  )
  expect(count).toBe(4)
})

test('a row that cannot be understood is in the digest by its id, and the first ten faults are kept', () => {
  const fault = new TypeError('this row is odd')
  const error = Object.defineProperty(new JobError(''), 'unredacted', {
    get() {
      throw fault
    },
  })
  const odd = Array.from({ length: 12 }, (_, id) => ({ ...job({ id }), error }))
  const tally = new Tally()
  for (const failure of odd) tally.add(failure)
  expect(tally.faults).toEqual(Array.from({ length: 10 }, (_, id) => ({ id: BigInt(id), fault })))
  const { count, ids, groups } = digestOf([...odd, job({ id: 12, error: 'HTTP 503' })])
  expect(count).toBe(13)
  expect(ids).toEqual(Array.from({ length: 13 }, (_, id) => BigInt(id)))
  expect(groups.map((group) => [group.count, `${group.latest.error}`])).toEqual([
    [12, '(this row could not be read; the log of job-alert says why)'],
    [1, 'HTTP 503'],
  ])
})

test('the refreshes that failed last are looked up, at most twenty', () => {
  const hour = (hours: number) => new Date(hours * 3_600_000).toISOString()
  const tally = new Tally()
  expect(tally.refreshStarts()).toEqual([])
  for (let index = 0; index < 30; index++) {
    tally.add(step('songs', { chain: hour(index), finishedAt: index }))
    tally.add(step('artists', { chain: hour(index), finishedAt: index }))
  }
  expect(tally.refreshStarts()).toEqual(Array.from({ length: 20 }, (_, index) => hour(29 - index)))
})

test('two thousand kinds are named and grouped, whatever comes after them; every failure is counted', () => {
  const failures = Array.from({ length: 2_002 }, (_, id) => job({ id, jobType: `t${id}` }))
  const { count, kinds, groups } = digestOf([...failures, job({ id: 2_002, jobType: 't0' })])
  expect(count).toBe(2_003)
  expect(kinds.size).toBe(2_000)
  expect(kinds.get('spotify/t0')).toBe(2)
  expect(kinds.has('spotify/t2000')).toBe(false)
  expect(groups.map((group) => [group.count, group.kinds.length])).toEqual([[2_001, 2_000]])
})

test('the last ten failures are kept as examples', () => {
  const failures = Array.from({ length: 103 }, (_, id) => job({ id }))
  const last = Array.from({ length: 10 }, (_, index) => 93 + index)
  expect(
    digestOf(failures)
      .examples.map(({ id }) => Number(id))
      .sort((a, b) => a - b),
  ).toEqual(last)
  expect(digestOf([job({ id: 7 })]).examples.map(({ id }) => id)).toEqual([7n])
})
