import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cut, cutCounting, list, oneLine, plural } from '../../../src/text/words.js'

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdefg', 6, 'abcde…'],
  ['abcd😀fg', 6, 'abcd…'],
  ['abc😀efg', 6, 'abc😀…'],
  ['', 6, ''],
])('%j is cut to %d units, never through a character, and says so: %j', (text, length, expected) => {
  expect(cut(text, length)).toBe(expected)
})

test('whatever is cut is no longer than asked for, and well-formed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 1, max: 40 }), (text, length) => {
      expect(cut(text, length).length).toBeLessThanOrEqual(length)
      expect(cut(text, length).isWellFormed()).toBe(text.isWellFormed())
    }),
  )
})

test('one line is one line', () => {
  expect(oneLine(' a\r\n\tb \n\n c ')).toBe('a b c')
})

test.each([
  ['abcdef', 6, 'abcdef'],
  ['x'.repeat(28), 6, 'x'.repeat(28)],
  ['x'.repeat(29), 6, `${'x'.repeat(6)}… (23 more characters)`],
  [`abc😀${'x'.repeat(30)}`, 4, 'abc… (32 more characters)'],
  ['x'.repeat(2_000), 10, `${'x'.repeat(10)}… (1,990 more characters)`],
])('%j is cut to %d units, and says how much is missing: %j', (text, length, expected) => {
  expect(cutCounting(text, length)).toBe(expected)
})

test.each([
  [0, '0 jobs'],
  [1, '1 job'],
  [71_000, '71,000 jobs'],
])('%d of them are %j', (count, expected) => {
  expect(plural(count, 'job')).toBe(expected)
})

test.each([
  [[], ''],
  [['albums'], 'albums'],
  [['albums', 'songs'], 'albums and songs'],
  [['albums', 'songs', 'artists'], 'albums, songs and artists'],
])('%j is the list %j', (names, expected) => {
  expect(list(names)).toBe(expected)
})
