import fc from 'fast-check'
import { expect, test } from 'vitest'
import { subject } from '../../src/render/subject.js'
import { digestOf, job, PRODUCTION, step } from '../support/jobs.js'

const many = (count: number, values = {}) => Array.from({ length: count }, () => job(values))

test.each([
  ['one chain', [step('songs')], 'Apple Music refresh failed at songs, 23 Nov 03:12 UTC'],
  ['a chain that died twice', [step('albums'), step('songs')], 'Apple Music refresh failed at songs, 23 Nov 03:12 UTC'],
  ['a chain and a job', [step('songs'), job()], 'Apple Music refresh failed at songs, and 1 other job'],
  ['a chain and jobs', [...many(12), step('songs')], 'Apple Music refresh failed at songs, and 12 other jobs'],
  ['one job', [job()], 'spotify/match_song failed, 23 Nov 02:00 UTC'],
  ['a group', many(3), '3 spotify/match_song jobs failed, 23 Nov 02:00 UTC'],
  ['an outage', many(1_200), '1,200 spotify/match_song jobs failed, 23 Nov 02:00 UTC'],
  ['several groups', [...many(3), job({ source: 'youtube' })], '3 spotify/match_song jobs failed, and 1 other job'],
  ['an odd time', [job({ failedAt: Number.POSITIVE_INFINITY })], 'spotify/match_song failed, an unknown time'],
])('%s: what failed, where and when', (_, failures, expected) => {
  expect(subject(digestOf(failures), PRODUCTION)).toBe(expected)
})

test('what is beyond the caps counts among the others', () => {
  const groups = Array.from({ length: 30 }, (_, index) => job({ source: `s${index}` }))
  expect(subject(digestOf(groups), PRODUCTION)).toContain('and 29 other jobs')
})

test('the environment comes first, outside of brackets: Gmail ignores those when it threads', () => {
  const staging = { ...PRODUCTION, environment: 'staging' }
  expect(subject(digestOf([step('songs')]), staging)).toBe(
    'staging: Apple Music refresh failed at songs, 23 Nov 03:12 UTC',
  )
})

test('another zone has UTC beside it', () => {
  const berlin = { ...PRODUCTION, timezone: 'Europe/Berlin' }
  expect(subject(digestOf([step('songs')]), berlin)).toBe(
    'Apple Music refresh failed at songs, 23 Nov 04:12 CET (03:12 UTC)',
  )
})

test('the time goes before anything else does', () => {
  const long = job({ source: 'musicbrainz', jobType: 'backfill_release_label_images_again' })
  const line = subject(digestOf([long]), { ...PRODUCTION, timezone: 'Europe/Berlin', environment: 'staging' })
  expect(line).toMatch(/^staging: musicbrainz\/backfill_release_label.* failed$/)
})

test('whatever failed, the subject is one line of at most 77 well-formed characters', () => {
  const text = fc.string({ unit: 'binary', maxLength: 90 })
  const name = fc.oneof(text, fc.constantFrom('\r\nBcc: x@example.com', '😀'.repeat(90), 'x'.repeat(300), '  ', '\n\n'))
  const failures = fc.array(
    fc
      .record({ source: name, jobType: name, chain: fc.constantFrom(null, '2026-11-23T03:00:00Z') })
      .map((values) => job(values)),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(failures, fc.option(name, { nil: undefined }), (jobs, environment) => {
      const line = subject(digestOf(jobs), { ...PRODUCTION, environment })
      expect(line.length).toBeLessThanOrEqual(77)
      expect(line).not.toMatch(/[\r\n]/)
      expect(line.trim()).toBe(line)
      expect(line).not.toBe('')
    }),
    { numRuns: 300 },
  )
})
