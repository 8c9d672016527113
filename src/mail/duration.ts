import { DAY, HOUR, MINUTE } from '../text/time.js'
import { plural } from '../text/words.js'

/** "14 days", "60 hours", "90 minutes": in the largest unit of which it is a whole number, and more than one. */
export function span(milliseconds: number): string {
  if (milliseconds > DAY && milliseconds % DAY === 0) return plural(milliseconds / DAY, 'day')
  if (milliseconds > HOUR && milliseconds % HOUR === 0) return plural(milliseconds / HOUR, 'hour')
  return plural(Math.ceil(milliseconds / MINUTE), 'minute')
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
