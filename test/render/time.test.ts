import { expect, test } from 'vitest'
import { Clock, duration } from '../../src/render/time.js'
import { at, NOW } from '../support/jobs.js'

const utc = new Clock('UTC', NOW)

test('a moment has its day, its year and its zone', () => {
  expect(utc.moment(at('03:00'))).toBe('Mon 23 Nov 2026 03:00 UTC')
})

test.each([
  ['Europe/Berlin', '03:12', 'Mon 23 Nov 2026 04:12 CET (03:12 UTC)'],
  ['Europe/London', '03:12', 'Mon 23 Nov 2026 03:12 GMT (03:12 UTC)'],
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
  expect(utc.after(at('03:00'), at('03:12'))).toBe('03:12 UTC')
  expect(utc.after(at('03:00'), at('03:12') + 86_400_000)).toBe('Tue 24 Nov 2026 03:12 UTC')
  expect(new Clock('Asia/Tokyo', NOW).after(at('14:00'), at('16:00'))).toContain('Tue 24 Nov 2026 01:00')
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
  expect(utc.after(at('03:00'), time)).toBe('an unknown time')
  expect(utc.after(time, at('03:00'))).toBe('Mon 23 Nov 2026 03:00 UTC')
  expect(utc.ago(time)).toBe('no telling how long ago')
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
  [119 * 60, '119 min ago'],
  [2 * 3_600, '2 hours ago'],
  [47 * 3_600, '47 hours ago'],
  [48 * 3_600, '2 days ago'],
  [7 * 86_400, '7 days ago'],
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
