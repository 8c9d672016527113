import { expect, test } from 'vitest'
import { RUNGS } from '../../../src/caps.js'
import { JobError } from '../../../src/job.js'
import { named, noteOf, quote, saidOnce, shortVariant } from '../../../src/mail/section.js'
import { job, REAPED, reaped } from '../../support/jobs.js'

const GIVEN_UP =
  'Given up after 90 minutes without an end: the worker died (out of memory, a restart), or is still at it'

test.each([
  ['an error', job({ error: '503\nmore' }), 'Failed on the last attempt (5 of 5): 503'],
  ['no error', job({ error: null }), 'Failed on the last attempt (5 of 5): (no error was recorded)'],
  ['the words of the janitor alone', job(reaped), `${GIVEN_UP}.`],
  ['an error before the words of the janitor', job({ ...reaped, error: `503 | ${REAPED}` }), `${GIVEN_UP}: 503`],
])('of a job with %s the note says how it died, and its headline', (_, dead, note) => {
  expect(noteOf(dead)).toBe(note)
})

test('jobs in a row with the same notes show them once, under the last', () => {
  const rows = [['a'], ['a'], ['b', 'c'], ['bc'], ['a'], []].map((notes, at) => ({ facts: [`${at}`], notes }))
  expect(saidOnce(rows).map(({ notes }) => notes)).toEqual([[], ['a'], ['b', 'c'], ['bc'], ['a'], []])
  expect(saidOnce([{ facts: ['0'] }, { facts: ['1'], notes: ['a'] }])[1]?.notes).toEqual(['a'])
})

test.each([
  [undefined, ['a/b\u00a0(1,200)', 'c/d\u00a0(1)', 'e/f\u00a0(1)']],
  [3, ['a/b\u00a0(1,200)', 'c/d\u00a0(1)', 'e/f\u00a0(1)']],
  [2, ['a/b\u00a0(1,200)', 'c/d\u00a0(1)', '1 more type']],
  [1, ['a/b\u00a0(1,200)', '2 more types']],
])('of three kinds the first %s are named, and the others counted', (most, names) => {
  const kinds = [
    { name: 'a/b', count: 1_200 },
    { name: 'c/d', count: 1 },
    { name: 'e/f', count: 1 },
  ]
  expect(named(kinds, most)).toEqual(names)
})

test('an error that is empty is said to be none', () => {
  const caps = { ...RUNGS[0], lastKinds: 1 } as Parameters<typeof quote>[2]
  expect(quote('', 'Error', caps)).toEqual({ label: 'Error', lines: ['(no error was recorded)'] })
  expect(quote(`${new JobError('503')}`, 'Error', caps)).toEqual({ label: 'Error', lines: ['503'] })
})

test.each([
  [`${'x'.repeat(159)}!`, `${'x'.repeat(159)}!`],
  [`start ${'middle '.repeat(30)}the end`, `start ${'middle '.repeat(10).trim()} mid… ${'middle '.repeat(10)}the end`],
  [`a ${'x'.repeat(200)}`, `a ${'x'.repeat(77)}… ${'x'.repeat(80)}`],
  [`a ${'x'.repeat(100)}😀${'x'.repeat(79)}`, `a ${'x'.repeat(77)}… ${'x'.repeat(79)}`],
])('a variant of %j is cut in its middle, at a word if it has one, and never through a character', (headline, text) => {
  expect(shortVariant(headline, 160)).toBe(text)
  expect(text.isWellFormed()).toBe(true)
})
