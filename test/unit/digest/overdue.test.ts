import { expect, test } from 'vitest'
import type { Job } from '../../../src/job.js'
import { at, digestOf, step } from '../../support/jobs.js'

const DAY = 86_400_000
const LAST_SUCCESS = '2026-11-05T03:00:00Z'
const lastSuccess = step('rebuild_index', { status: 'done', chain: LAST_SUCCESS, finishedAt: at('04:00') - 18 * DAY })

function triedSince(...latest: readonly Job[]): readonly unknown[] {
  const { overdue } = digestOf([], {
    lapse: { lastSuccess, anchor: lastSuccess.failedAt, after: 14 * DAY },
    latest: [...latest, lastSuccess],
  })
  return overdue?.runs.map(({ state, reached }) => `${reached.step} ${state}`) ?? []
}

test('what was tried since the last success is known, the newest first', () => {
  const failed = step('songs', { chain: '2026-11-12T03:00:00Z' })
  const cancelled = step('albums', { chain: '2026-11-19T03:00:00Z', cancelled: true })
  expect(triedSince(failed, cancelled)).toEqual(['albums cancelled', 'songs failed'])
  expect(triedSince()).toEqual([])
})

test('a run that ended before the last success is no attempt since, whenever it began', () => {
  const before = { finishedAt: lastSuccess.failedAt - 1 }
  expect(triedSince(step('songs', { ...before, chain: '2026-11-04T03:00:00Z' }))).toEqual([])
  expect(triedSince(step('songs', { ...before, chain: '2026-11-05T04:00:00Z' }))).toEqual([])
  expect(triedSince(step('rebuild_index', { ...before, status: 'done', chain: '2026-11-05T04:00:00Z' }))).toEqual([])
})

test('an older run that was resumed since is an attempt, and so is the last success when it is run again', () => {
  const running = { status: 'running', finishedAt: null }
  expect(triedSince(step('songs', { ...running, chain: '2026-11-01T03:00:00Z' }))).toEqual(['songs running'])
  expect(triedSince(step('albums', { ...running, chain: LAST_SUCCESS }))).toEqual(['albums running'])
})
