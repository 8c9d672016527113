import { expect, test } from 'vitest'
import { chosen } from '../../../src/digest/group.js'
import { remainder } from '../../../src/mail/remainder.js'
import { digestOf, job, step } from '../../support/jobs.js'

const failing = (jobType: string, ...errors: readonly string[]) => errors.map((error) => job({ jobType, error }))
const digest = digestOf([
  ...failing('match_song', 'HTTP 503', 'HTTP 503', 'HTTP 503', 'HTTP 401', 'HTTP 404'),
  ...failing('sync', 'disk full', 'disk full'),
  ...failing('import', 'KeyError'),
])
const chain = (day: number, count: number) =>
  Array.from({ length: count }, () => step('songs', { chain: `2026-11-${day}T03:00:00Z` }))

test('what has no section is named by its job type, with how many of it are left and how varied they are', () => {
  expect(remainder(digest, chosen(digest, 1), [], 9)).toEqual([
    'spotify/match_song: 2 more with other errors',
    'spotify/sync: 2 jobs',
    'spotify/import: 1 job',
  ])
  expect(remainder(digest, chosen(digest, 0), [], 9)[0]).toBe('spotify/match_song: 5 jobs')
  expect(remainder(digest, chosen(digest, 9), [], 9)).toEqual([])
})

test('lines beyond the room are counted in one, by jobs and by job types', () => {
  expect(remainder(digest, chosen(digest, 1), [], 1)).toEqual([
    'spotify/match_song: 2 more with other errors',
    'and 3 more jobs of 2 more job types',
  ])
  expect(remainder(digest, chosen(digest, 1), [], 2)).toContain('and 1 more job of 1 more job type')
})

test('failures of chains that have no section are counted by job type, with the chains they are of', () => {
  const { chains } = digestOf([...chain(20, 1), ...chain(21, 2), ...chain(22, 4)])
  const left = chains.slice(1).map(({ failures }) => failures)
  expect(remainder(digestOf([]), [], left, 9)).toEqual(['apple/refresh_catalog: 3 more in 2 other chains'])
  expect(remainder(digestOf([]), [], left.slice(1), 9)).toEqual(['apple/refresh_catalog: 1 more in 1 other chain'])
})
