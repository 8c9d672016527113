import { expect, test } from 'vitest'
import { Clock } from '../../../src/mail/clock.js'
import { duration, span } from '../../../src/mail/duration.js'
import { at, NOW } from '../../support/jobs.js'

const utc = new Clock('UTC', NOW)

test('a moment has its day, its year and its zone', () => {
  expect(utc.moment(at('03:00'))).toBe('Mon 23 Nov 2026 03:00 UTC')
})

test.each([
  ['Europe/Berlin', '03:12', 'Mon 23 Nov 2026 04:12 CET (03:12 UTC)'],
  ['Europe/London', '03:12', 'Mon 23 Nov 2026 03:12 UTC'],
  ['America/New_York', '03:12', 'Sun 22 Nov 2026 22:12 GMT-5 (23 Nov 03:12 UTC)'],
  ['Asia/Kathmandu', '19:00', 'Tue 24 Nov 2026 00:45 GMT+5:45 (23 Nov 19:00 UTC)'],
  ['Etc/UTC', '03:12', 'Mon 23 Nov 2026 03:12 UTC'],
])('in %s, %s has UTC beside it: %s', (zone, time, expected) => {
  expect(new Clock(zone, NOW).moment(at(time))).toBe(expected)
})

test('summer time is the zone of that day, not of today', () => {
  expect(new Clock('Europe/Berlin', NOW).moment(Date.UTC(2026, 6, 1))).toBe('Wed 1 Jul 2026 02:00 CEST (00:00 UTC)')
})

test('the short form is without year and weekday, September has three letters, midnight is 00:00', () => {
  expect(utc.short(Date.UTC(2026, 8, 3))).toBe('3 Sep 00:00 UTC')
})

test('on the day of the reference the time is enough, on another day it is not', () => {
  expect(utc.at(at('03:00'), at('03:12'))).toBe('at 03:12 UTC')
  expect(utc.at(at('03:00'), at('03:12') + 86_400_000)).toBe('on Tue 24 Nov 2026 03:12 UTC')
  expect(new Clock('Asia/Tokyo', NOW).at(at('14:00'), at('16:00'))).toContain('on Tue 24 Nov 2026 01:00')
})

test.each([
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  8.64e15 + 1,
  -8.64e15 - 1,
  // The last timestamp PostgreSQL has, in the year 294276.
  9_224_318_015_999_000,
])('%d is an unknown time in every form', (time) => {
  expect(utc.moment(time)).toBe('an unknown time')
  expect(utc.short(time)).toBe('an unknown time')
  expect(utc.at(at('03:00'), time)).toBe('at an unknown time')
  expect(utc.at(time, at('03:00'))).toBe('on Mon 23 Nov 2026 03:00 UTC')
  expect(utc.range(at('03:00'), time)).toContain('an unknown time')
  expect(utc.ago(time)).toBe('how long ago is unknown')
})

test('no time at all is an unknown time', () => {
  expect(utc.moment(null)).toBe('an unknown time')
})

test.each([8.64e15, -8.64e15, -1, 0.5])('the date %d is written in every zone', (time) => {
  for (const zone of ['UTC', 'Pacific/Kiritimati', 'Pacific/Niue'])
    expect(new Clock(zone, NOW).moment(time)).toContain('UTC')
})

test.each([
  [0, 'just now'],
  [59, 'just now'],
  [60, '1 min ago'],
  [48 * 60, '48 min ago'],
  [89 * 60, '89 min ago'],
  [90 * 60, '2 hours ago'],
  [2 * 3_600, '2 hours ago'],
  [35 * 3_600, '35 hours ago'],
  [36 * 3_600, '2 days ago'],
  [7 * 86_400, '7 days ago'],
  [7 * 86_400 - 7_000, '7 days ago'],
  [-30, 'just now'],
  [-3_600, 'in the future'],
])('%d seconds before now is %j', (seconds, expected) => {
  expect(utc.ago(NOW.getTime() - seconds * 1_000)).toBe(expected)
})

test.each([
  [0, '<1s'],
  [999, '<1s'],
  [1_000, '1s'],
  [492_000, '8m 12s'],
  [480_000, '8m'],
  [3_600_000, '1h'],
  [3_612_000, '1h'],
  [7_500_000, '2h 5m'],
  [273_600_000, '3d 4h'],
  [Number.NaN, '<1s'],
])('%d ms last %j', (milliseconds, expected) => {
  expect(duration(milliseconds)).toBe(expected)
})

test.each([
  ['03:00', '03:00', 'Mon 23 Nov 2026 03:00 UTC'],
  ['03:00:00', '03:00:59', 'Mon 23 Nov 2026 03:00 UTC'],
  ['03:00', '03:12', 'Mon 23 Nov 2026 03:00 to 03:12 UTC'],
])('from %s to %s is %s', (first, last, expected) => {
  expect(utc.range(at(first), at(last))).toBe(expected)
  expect(utc.shortRange(at(first), at(last))).toBe(expected.replace(/^Mon | 2026/g, ''))
})

test('a range over days names both, and one in another zone has both beside it', () => {
  const tomorrow = at('03:12') + 86_400_000
  expect(utc.range(at('03:00'), tomorrow)).toBe('Mon 23 Nov 2026 03:00 UTC to Tue 24 Nov 2026 03:12 UTC')
  const [berlin, sydney] = [new Clock('Europe/Berlin', NOW), new Clock('Australia/Sydney', NOW)]
  expect(berlin.range(at('02:10'), at('02:55'))).toBe('Mon 23 Nov 2026 03:10 to 03:55 CET (02:10 to 02:55 UTC)')
  expect(sydney.shortRange(at('22:10'), at('22:55'))).toBe(
    '24 Nov 09:10 to 09:55 GMT+11 (23 Nov 22:10 to 23 Nov 22:55 UTC)',
  )
})

test.each([
  [60_000, '1 minute'],
  [5_340_000, '89 minutes'],
  [36 * 3_600_000, '36 hours'],
  [2 * 86_400_000, '2 days'],
  [24 * 3_600_000, '24 hours'],
  [60 * 3_600_000, '60 hours'],
  [14 * 86_400_000, '14 days'],
  [90_000, '2 minutes'],
])('a span of %d ms is %j', (milliseconds, expected) => {
  expect(span(milliseconds)).toBe(expected)
})

test('in the night in which the clock changes, each end of a range has its own zone', () => {
  const berlin = new Clock('Europe/Berlin', NOW)
  const [first, last] = [Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)]
  expect(berlin.range(first, last)).toBe(
    'Sun 25 Oct 2026 02:30 CEST (00:30 UTC) to Sun 25 Oct 2026 02:30 CET (01:30 UTC)',
  )
  expect(berlin.range(last, last + 60_000)).toBe('Sun 25 Oct 2026 02:30 to 02:31 CET (01:30 to 01:31 UTC)')
})
