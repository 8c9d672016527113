import { expect, test } from 'vitest'
import { REFRESH } from '../../../src/chains.js'
import { type Pass, passesOf } from '../../../src/digest/pass.js'
import type { Job } from '../../../src/job.js'
import { at, CHAIN_START, cancelled, done, job, NOW, reaped, running, step } from '../../support/jobs.js'

const NEWER = '2026-11-23T03:30:00+00:00'

const passes = (...jobs: readonly Job[]): readonly Pass[] => passesOf(REFRESH, jobs, NOW)
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
