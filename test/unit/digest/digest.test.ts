import { expect, test } from 'vitest'
import type { Fault } from '../../../src/digest/digest.js'
import { at, CHAIN_START, digestOf, groupsOf, job, reaped, step } from '../../support/jobs.js'

test('failures of one chain stand together, whatever their errors', () => {
  const { chains, kinds } = digestOf([step('albums'), step('songs', { error: 'other' })])
  expect(chains.map(({ failures }) => failures.count)).toEqual([2])
  expect(kinds).toEqual([])
})

test('chains of other times and of other sources stand apart', () => {
  const later = CHAIN_START.replace('T03', 'T04')
  const { chains } = digestOf([step('songs'), step('songs', { chain: later }), job({ chain: CHAIN_START })])
  expect(chains).toHaveLength(3)
})

test.each(['', 'yesterday', '2026-11-23', '2026-02-30T03:00:00Z', '1764000000', '{"a":1}', 'infinity'])(
  'a chain_started_at of %j makes a plain entry',
  (chain) => {
    const failures = [step('songs', { chain })]
    expect(digestOf(failures).chains).toEqual([])
    expect(groupsOf(failures)).toHaveLength(1)
  },
)

test('the chain that failed last comes first', () => {
  const hour = (hours: string) => step('songs', { chain: `2026-11-23T${hours}:00:00Z`, finishedAt: at(`${hours}:30`) })
  const { chains } = digestOf([hour('01'), hour('03'), hour('02')])
  expect(chains.map(({ chain }) => chain?.startedAt)).toEqual([at('03:00'), at('02:00'), at('01:00')])
})

test('a chain that waits for somebody comes before one that came to its end, whichever failed later', () => {
  const finished = step('songs', { ...reaped, chain: '2026-11-23T02:00:00Z', finishedAt: at('03:45') })
  const end = step('rebuild_index', { status: 'done', chain: '2026-11-23T02:00:00Z', finishedAt: at('03:20') })
  const waiting = step('albums', { chain: '2026-11-23T03:00:00Z', finishedAt: at('03:20') })
  const { chains } = digestOf([finished, waiting], { jobs: [finished, end, waiting] })
  expect(chains.map(({ chain }) => chain?.failedAt)).toEqual(['albums', 'songs'])
})

const chainsOf = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    step('songs', { chain: new Date(Date.UTC(2026, 0, 1) + index * 3_600_000).toISOString(), finishedAt: index }),
  )

test('twenty chains are shown, the latest ones, and the others are counted by kind', () => {
  const { chains, moreChains, count } = digestOf(chainsOf(300))
  expect(count).toBe(300)
  expect(chains.map(({ failures }) => failures.last)).toEqual(Array.from({ length: 20 }, (_, index) => 299 - index))
  expect(moreChains).toHaveLength(280)
  expect(moreChains[0]?.kinds).toEqual(new Map([['apple/refresh_catalog', 1]]))
})

test('failures of very many chains are plain failures from some number on, and all are counted', () => {
  const { chains, moreChains, kinds } = digestOf(chainsOf(2_000))
  expect(chains.length + moreChains.length + (kinds[0]?.count ?? 0)).toBe(2_000)
  expect(chains.length + moreChains.length).toBe(500)
})

test('a chain that makes no sense keeps its failures, and the fault is heard of with its job ids', () => {
  const faults: Fault[] = []
  const { chains } = digestOf([step('songs', { id: 77 })], { jobs: [null as never] }, undefined, {
    onFault: (fault) => faults.push(fault),
  })
  expect(chains).toMatchObject([{ chain: undefined, failures: { count: 1 } }])
  expect(faults).toMatchObject([{ error: expect.any(TypeError), jobIds: [77n] }])
})
