export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY }

const ISO =
  /^(?<date>\d{4}-\d\d-\d\d)(?:[T ](?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d)(?::(?<second>[0-5]\d)(?:[.,](?<fraction>\d{1,9}))?)?(?:Z|(?<hours>[+-]\d\d)(?::?(?<minutes>\d\d))?)?)?$/i

/** ECMA-262: a Date reaches 8.64e15 ms either way; PostgreSQL's timestamps reach further, and have infinity. */
const DATE_LIMIT = 8.64e15

/** Whether a Date can hold this time, in milliseconds since the epoch. */
export function isDate(time: number): boolean {
  return Math.abs(time) <= DATE_LIMIT
}

/** "90m", "36h", "7d", "2w" → milliseconds; undefined unless a positive duration of s, m, h, d or w. */
export function parseDuration(text: string): number | undefined {
  const { amount, unit } = /^(?<amount>\d{1,9})(?<unit>[smhdw])$/.exec(text.trim())?.groups ?? {}
  const milliseconds = Number(amount) * Number(UNITS[`${unit}`])
  return milliseconds > 0 ? milliseconds : undefined
}

/**
 * ISO 8601 date or time → milliseconds since the epoch; UTC unless it carries an offset.
 * Undefined for anything else, and for impossible days (2026-02-30).
 */
export function parseTime(text: string): number | undefined {
  const { date, hour = '00', minute = '00', second = '00', ...parts } = ISO.exec(text.trim())?.groups ?? {}
  const { fraction = '0', hours = '+00', minutes = '00' } = parts
  const midnight = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== date) return undefined
  const time = Date.parse(`${date}T${hour}:${minute}:${second}.${fraction}${hours}:${minutes}`)
  return Number.isNaN(time) ? undefined : time
}

export const SINCE_ACCEPTS =
  'a duration (90m, 36h, 7d, 2w), an ISO 8601 date or time in the past (2026-11-23, 2026-11-23T03:00Z), or all'

/** Where a window starts: milliseconds before the database's time, a time, or "all" for failures of any age. */
export type Since = number | Date | 'all'

/** --since → where the window starts. Throws a RangeError that says what is accepted. */
export function parseSince(text: string): Since {
  if (text.trim().toLowerCase() === 'all') return 'all'
  const duration = parseDuration(text)
  if (duration !== undefined) return duration
  const time = parseTime(text)
  // PostgreSQL cannot read a Date before year 1.
  if (time === undefined || new Date(time).getUTCFullYear() < 1) throw new RangeError(`expected ${SINCE_ACCEPTS}`)
  return new Date(time)
}
