import { expect, test } from 'vitest'
import { isDate, parseDuration, parseSince, parseTime } from '../../../src/text/time.js'
import { NOW } from '../../support/jobs.js'

test.each([
  ['1s', 1_000],
  ['90m', 5_400_000],
  ['36h', 129_600_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  [' 7d ', 604_800_000],
])('the duration %j is %d ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

test.each(['', '0d', '-7d', '+7d', '7', 'd', '1.5h', '7 d', '7D', '1h30m', '7 parsecs', '1e3s', '٧d', '9999999999s'])(
  '%j is not a duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined()
  },
)

test.each([
  ['2026-11-22', '2026-11-22T00:00:00.000Z'],
  ['2026-11-22T03:00', '2026-11-22T03:00:00.000Z'],
  ['2026-11-22 03:00', '2026-11-22T03:00:00.000Z'],
  ['2026-11-22T03:00:09', '2026-11-22T03:00:09.000Z'],
  ['2026-11-22T03:00:09.5', '2026-11-22T03:00:09.500Z'],
  ['2026-11-22T03:00:09,25Z', '2026-11-22T03:00:09.250Z'],
  ['2026-11-22T03:00:09.123456+00:00', '2026-11-22T03:00:09.123Z'],
  ['2026-11-22T03:00Z', '2026-11-22T03:00:00.000Z'],
  ['2026-11-22t03:00z', '2026-11-22T03:00:00.000Z'],
  ['2026-11-22T03:00+01:00', '2026-11-22T02:00:00.000Z'],
  ['2026-11-22T03:00-0530', '2026-11-22T08:30:00.000Z'],
  ['2026-11-22T03:00+01', '2026-11-22T02:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  [' 2026-11-22 ', '2026-11-22T00:00:00.000Z'],
])('the time %j is %s, in UTC unless it has an offset', (text, iso) => {
  expect(new Date(parseTime(text) ?? Number.NaN).toISOString()).toBe(iso)
})

test.each([
  'yesterday-ish',
  'now',
  '2026',
  '2026-11',
  '20261122',
  '2026-1-2',
  '22.11.2026',
  '11/22/2026',
  '2026-02-30',
  '2025-02-29',
  '2026-13-01',
  '2026-00-10',
  '2026-11-00',
  '2026-11-22T24:00',
  '2026-11-22T03:60',
  '2026-11-22T03:00:60',
  '2026-11-22T03',
  '2026-11-22T03:00 Europe/Berlin',
  '2026-11-22T03:00+99:00',
  '2026-11-22Z',
  '1764000000',
  'infinity',
])('%j is not a time', (text) => {
  expect(parseTime(text)).toBeUndefined()
})

test('a time is a Date up to 8.64e15 milliseconds either way', () => {
  expect([8.64e15, -8.64e15, 0].every(isDate)).toBe(true)
  expect([8.64e15 + 1, -8.64e15 - 1, Number.POSITIVE_INFINITY, Number.NaN].some(isDate)).toBe(false)
})

test('a duration reaches back from now', () => {
  expect(parseSince('36h')).toBe(36 * 3_600_000)
})

test('a time is that time, whatever this machine takes for now', () => {
  expect(parseSince('2026-11-23T04:00')).toEqual(NOW)
  expect(parseSince('2026-11-23T05:00+01:00')).toEqual(NOW)
})

test.each(['yesterday-ish', '7 parsecs', '0d', '2026-02-30', '0000-12-31', ''])(
  '--since %j is refused with what is accepted',
  (text) => {
    expect(() => parseSince(text)).toThrow(/^expected a duration \(90m, .*ISO 8601/)
    expect(() => parseSince(text)).toThrow(RangeError)
  },
)

test.each(['0001-01-01', '1960-01-01T05:00Z'])('--since reaches back to %s', (text) => {
  expect(parseSince(text)).toEqual(new Date(text.includes('T') ? text : `${text}T00:00Z`))
})

test.each(['all', ' ALL '])('--since %j is any time', (text) => {
  expect(parseSince(text)).toBe('all')
})
