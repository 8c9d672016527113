import { expect, test } from 'vitest'
import { Clock, duration, span } from '../../../src/mail/clock.js'
import { at, NOW } from '../../support/jobs.js'

const DAY = 86_400_000

/** A clock whose times have plain spaces. */
function clock(timezone = 'UTC') {
  const own = new Clock(timezone, NOW)
  const plain = (text: string | undefined) => text?.replaceAll('\u00a0', ' ')
  return {
    at: (time: number | null) => plain(own.at(time)),
    brief: (time: number | null) => plain(own.brief(time)),
    day: (time: number) => plain(own.day(time)),
    age: (time: number) => plain(own.age(time)),
    range: (first: number, last: number) => plain(own.range(first, last)),
    sent: () => plain(own.sent()),
  }
}

test.each([
  ['UTC', '23 Nov 03:12 UTC'],
  ['Etc/UTC', '23 Nov 03:12 UTC'],
  ['Europe/London', '23 Nov 03:12 GMT'],
  ['Europe/Berlin', '23 Nov 04:12 CET'],
  ['America/New_York', '22 Nov 22:12 EST'],
  ['America/Los_Angeles', '22 Nov 19:12 PST'],
  ['Australia/Sydney', '23 Nov 14:12 AEDT'],
  ['Pacific/Auckland', '23 Nov 16:12 NZDT'],
  ['Asia/Kolkata', '23 Nov 08:42 IST'],
  ['Asia/Tokyo', '23 Nov 12:12 JST'],
  ['Africa/Johannesburg', '23 Nov 05:12 SAST'],
  ['Asia/Kathmandu', '23 Nov 08:57 UTC+5:45'],
])('in %s a time has the usual name of the zone: %s', (zone, expected) => {
  expect(clock(zone).at(at('03:12'))).toBe(expected)
})

test('summer time is the zone of that day, not of today', () => {
  expect(clock('Europe/Berlin').at(Date.UTC(2026, 6, 1))).toBe('1 Jul 02:00 CEST')
})

test('the year is left out, unless it is another, and September has three letters', () => {
  expect(clock().at(Date.UTC(2026, 8, 3))).toBe('3 Sep 00:00 UTC')
  expect(clock().at(Date.UTC(2025, 8, 3))).toBe('3 Sep 2025 00:00 UTC')
})

test('on the day of the mail the time is enough, on another it is not', () => {
  expect(clock().brief(at('03:12'))).toBe('03:12')
  expect(clock().brief(at('03:12') - DAY)).toBe('22 Nov 03:12')
  expect(clock('Asia/Tokyo').brief(at('14:00') - DAY)).toBe('22 Nov 23:00')
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
  for (const form of ['at', 'brief', 'day'] as const) expect(clock()[form](time)).toBe('an unknown time')
  expect(clock().range(at('03:00'), time)).toBe('23 Nov 03:00 UTC to an unknown time')
  expect(clock().age(time)).toBeUndefined()
})

test('no time at all is an unknown time', () => {
  expect(clock().at(null)).toBe('an unknown time')
})

test.each([8.64e15, -8.64e15, -1, 0.5])('the date %d is written in every zone', (time) => {
  for (const zone of ['UTC', 'Pacific/Kiritimati', 'Pacific/Niue'])
    expect(clock(zone).at(time)).toMatch(/^\d+ \w{3} (?:\d+ )?\d\d:\d\d UTC/)
})

test.each([
  [0, undefined],
  [1.4 * DAY, undefined],
  [1.5 * DAY, '2 days'],
  [7 * DAY, '7 days'],
  [7 * DAY - 7_000, '7 days'],
  [-DAY, undefined],
])('%d milliseconds before now is the age %j: only days do not go stale', (past, expected) => {
  expect(clock().age(NOW.getTime() - past)).toBe(expected)
})

test.each([
  ['03:00', '03:00', '23 Nov 03:00 UTC'],
  ['03:00:00', '03:00:59', '23 Nov 03:00 UTC'],
  ['03:00', '03:12', '23 Nov 03:00 to 03:12 UTC'],
])('from %s to %s is %s', (first, last, expected) => {
  expect(clock().range(at(first), at(last))).toBe(expected)
})

test('a range over days names both', () => {
  expect(clock().range(at('03:00') - DAY, at('03:12'))).toBe('22 Nov 03:00 to 23 Nov 03:12 UTC')
})

test('in the night in which the clock changes, each end of a range has its own zone', () => {
  const [first, last] = [Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)]
  expect(clock('Europe/Berlin').range(first, last)).toBe('25 Oct 02:30 CEST to 25 Oct 02:30 CET')
  expect(clock('Europe/Berlin').range(last, last + 60_000)).toBe('25 Oct 02:30 to 02:31 CET')
})

test.each([
  ['UTC', 'Mon 23 Nov 2026 04:00 UTC'],
  ['America/New_York', 'Sun 22 Nov 2026 23:00 EST (UTC-5)'],
  ['Asia/Kathmandu', 'Mon 23 Nov 2026 09:45 UTC+5:45'],
])('the time of sending in %s has the weekday, the year and the offset: %s', (zone, expected) => {
  expect(clock(zone).sent()).toBe(expected)
})

test('no line of a mail ends within a time', () => {
  expect(new Clock('Europe/Berlin', NOW).at(at('03:00'))).not.toContain(' ')
  expect(duration(492_000)).not.toContain(' ')
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
  expect(duration(milliseconds).replaceAll('\u00a0', ' ')).toBe(expected)
})

test.each([
  [60_000, '1 minute'],
  [5_340_000, '89 minutes'],
  [36 * 3_600_000, '36 hours'],
  [2 * DAY, '2 days'],
  [24 * 3_600_000, '24 hours'],
  [60 * 3_600_000, '60 hours'],
  [14 * DAY, '14 days'],
  [90_000, '2 minutes'],
])('a span of %d ms is %j', (milliseconds, expected) => {
  expect(span(milliseconds)).toBe(expected)
})
