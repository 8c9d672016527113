import { DAY, HOUR, MINUTE } from '../text/time.js'
import { plural } from '../text/words.js'

/** ECMA-262: a Date reaches 8.64e15 ms either way; PostgreSQL's timestamps reach further, and have infinity. */
const DATE_LIMIT = 8.64e15

/** Whether JavaScript's calendar has this time, in milliseconds since the epoch. */
export function isDate(time: number): boolean {
  return Math.abs(time) <= DATE_LIMIT
}

/** "14 days", "36 hours", "90 minutes" */
export function span(milliseconds: number): string {
  if (milliseconds < 1.5 * HOUR) return plural(Math.round(milliseconds / MINUTE), 'minute')
  if (milliseconds < 2 * DAY) return plural(Math.round(milliseconds / HOUR), 'hour')
  return plural(Math.round(milliseconds / DAY), 'day')
}

/** "8m 12s", "2h 5m", "3d 4h" */
export function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000)
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = units.findIndex(([amount]) => amount > 0)
  if (first < 0) return '<1s'
  return units
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ')
}
