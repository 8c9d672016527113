import { expect, test } from 'vitest'
import { FailureTally } from '../../../src/digest/group.js'
import type { Job } from '../../../src/job.js'
import { job } from '../../support/jobs.js'

const failure = (id: number, error = 'HTTP 503', values: Parameters<typeof job>[0] = {}) =>
  job({ id, finishedAt: id, error, ...values })

/** Each with its error as its variant, as a merged group has them. */
function tallyOf(jobs: Iterable<Job>, kept?: number): FailureTally {
  const tally = new FailureTally(kept)
  for (const each of jobs) tally.add(each, `${each.error}`)
  return tally
}

const variantsOf = (jobs: Iterable<Job>) => tallyOf(jobs).group('', true).variants

test('without a failure there are no figures', () => {
  expect(() => new FailureTally().failures()).toThrow('nothing was gathered')
})

test('of many failures in any order the latest are kept, the latest first, and all are counted', () => {
  const ids = Array.from({ length: 100 }, (_, index) => (index * 37) % 100)
  const { jobs, latest, count, first, last } = tallyOf(
    ids.map((id) => failure(id)),
    4,
  ).failures()
  expect(jobs.map(({ failedAt }) => failedAt)).toEqual([99, 98, 97, 96])
  expect({ latest: latest.failedAt, count, first, last }).toEqual({ latest: 99, count: 100, first: 0, last: 99 })
})

test('each kind has its latest failure, whatever came last; the most frequent kind is first', () => {
  const kinds = [failure(3, '', { jobType: 'a' }), failure(1, '', { jobType: 'a' }), failure(2, '', { jobType: 'b' })]
  const expected = [
    { name: 'spotify/a', count: 2, latest: 3 },
    { name: 'spotify/b', count: 1, latest: 2 },
  ]
  for (const jobs of [kinds, kinds.toReversed()])
    expect(
      tallyOf(jobs)
        .failures()
        .kinds.map(({ latest, ...kind }) => ({ ...kind, latest: latest.failedAt })),
    ).toEqual(expected)
})

test('errors are alike only if all are identical, also of tallies that were taken over', () => {
  const isAlike = (...tallies: readonly (readonly string[])[]) => {
    const [first = new FailureTally(), ...others] = tallies.map((errors) =>
      tallyOf(errors.map((error, id) => failure(id, error))),
    )
    for (const other of others) first.take(other)
    return first.group('', false).alike
  }
  expect(isAlike(['a', 'a'], ['a'])).toBe(true)
  expect(isAlike(['a', 'b'])).toBe(false)
  expect(isAlike(['a'], ['b'])).toBe(false)
  expect(isAlike(['a', 'b', 'a'], ['a'])).toBe(false)
  expect(isAlike(['a'], ['a', 'b', 'a'])).toBe(false)
  expect(new FailureTally().count).toBe(0)
})

test('what was taken over is counted by kind, by variant and by time', () => {
  const tally = tallyOf([failure(2, 'a: x')])
  tally.take(new FailureTally())
  tally.take(tallyOf([failure(1, 'b: y'), failure(5, 'a: x')]))
  const { count, first, last, kinds, variants, jobs } = tally.group('', true)
  expect({ count, first, last }).toEqual({ count: 3, first: 1, last: 5 })
  expect(kinds.map((kind) => kind.count)).toEqual([3])
  expect(variants).toEqual([
    { text: 'a: x', count: 2 },
    { text: 'b: y', count: 1 },
  ])
  expect(jobs).toHaveLength(3)
})

test('twelve variants are shown, the most frequent first, each different ending before a second of one ending', () => {
  const rare = [failure(1, 'rare: disk is full'), failure(2, 'rare: no such host')]
  const common = Array.from({ length: 14 }, (_, song) =>
    Array.from({ length: 20 - song }, (_, id) => failure(id, `song${'abcdefghijklmn'[song]}: not found`)),
  ).flat()
  const shown = variantsOf([...rare, ...common]).map(({ text, count }) => `${count} ${text}`)
  const songs = Array.from({ length: 10 }, (_, song) => `${20 - song} song${'abcdefghijklmn'[song]}: not found`)
  expect(shown).toEqual([...songs, '1 rare: disk is full', '1 rare: no such host'])
})

test('beyond the bound the rarer variants are forgotten, and the frequent ones stay', () => {
  const often = Array.from({ length: 9 }, (_, id) => failure(id, 'often: disk is full'))
  const seldom = Array.from({ length: 200 }, (_, id) => failure(id, `seldom ${id}: not found`))
  const [first] = variantsOf([...often.slice(0, 5), ...seldom, ...often.slice(5)])
  expect(first).toEqual({ text: 'often: disk is full', count: 9 })
  expect(variantsOf(seldom).every(({ count }) => count === 1)).toBe(true)
})

test('a variant that was forgotten begins anew', () => {
  const rare = failure(0, 'rare: disk is full')
  const others = Array.from({ length: 60 }, (_, id) => Array(2).fill(failure(id, `seldom ${id}: not found`))).flat()
  const shown = variantsOf([rare, ...others, rare])
  expect(shown.find(({ text }) => text === `${rare.error}`)?.count).toBe(1)
})

test('a variant whose last words differ is preferred, even if its last letters do not', () => {
  const common = Array.from({ length: 14 }, (_, song) => Array(2).fill(failure(song, `song ${song}: not found`))).flat()
  const shown = variantsOf([...common, failure(1, 'rare: run aground')])
  expect(shown.map(({ text }) => text)).toContain('rare: run aground')
})

test('failures without an error are alike, and have an empty headline', () => {
  const tally = new FailureTally()
  for (const id of [1, 2]) tally.add(job({ id, error: null }))
  expect(tally.group('', false)).toMatchObject({ count: 2, alike: true, headline: '' })
  tally.add(failure(3, 'HTTP 503'))
  expect(tally.group('', false).alike).toBe(false)
})

test('the headline of a group has the words of the redacted error, and one … in place of several others', () => {
  const tally = tallyOf([failure(1, 'token=hunter2hunter2hunter2 refused: 401 for Blue in Green')])
  expect(tally.group('\ntoken=hunter2hunter2hunter2 refused: \u0000401\u0000 for … … …', true).headline).toBe(
    '… refused: 401 for …',
  )
})
