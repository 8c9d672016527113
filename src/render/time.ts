const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** ECMA-262: a Date reaches 8.64e15 ms either way; PostgreSQL's timestamps reach further, and have infinity. */
const DATE_LIMIT = 8.64e15

interface Parts {
  readonly day: string
  readonly shortDay: string
  readonly clock: string
  readonly zone: string
}

function formatOf(timezone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  })
}

function parts(time: number, format: Intl.DateTimeFormat): Parts {
  const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
  const month = part.month?.slice(0, 3)
  return {
    day: `${part.weekday} ${part.day} ${month} ${part.year}`,
    shortDay: `${part.day} ${month}`,
    clock: `${part.hour}:${part.minute}`,
    zone: part.timeZoneName ?? '',
  }
}

/** Writes times of one time zone; any zone but UTC has UTC beside it. Times are milliseconds since the epoch. */
export class Clock {
  // Costly to make, and a mail has hundreds of times.
  private readonly format: Intl.DateTimeFormat
  private readonly utc = formatOf('UTC')

  constructor(
    timezone: string,
    private readonly now: Date,
  ) {
    this.format = formatOf(timezone)
  }

  /** "Mon 23 Nov 2026 03:00 UTC" */
  moment(time: number | null): string {
    return this.write(time, ({ day }) => day)
  }

  /** "23 Nov 03:12 UTC", for the subject */
  short(time: number): string {
    return this.write(time, ({ shortDay }) => shortDay)
  }

  /** "03:12 UTC" on the same day as `reference`, else the whole moment */
  after(reference: number, time: number): string {
    if (!isDate(reference) || !isDate(time)) return this.moment(time)
    const sameDay = parts(reference, this.format).day === parts(time, this.format).day
    return sameDay ? this.write(time, () => '') : this.moment(time)
  }

  /** "48 min ago" */
  ago(time: number): string {
    const past = this.now.getTime() - time
    if (!isDate(time)) return 'no telling how long ago'
    if (past < -MINUTE) return 'in the future'
    if (past < MINUTE) return 'just now'
    if (past < 2 * HOUR) return `${Math.floor(past / MINUTE)} min ago`
    if (past < 2 * DAY) return `${Math.floor(past / HOUR)} hours ago`
    return `${Math.floor(past / DAY)} days ago`
  }

  private write(time: number | null, day: (parts: Parts) => string): string {
    if (time === null || !isDate(time)) return 'an unknown time'
    const here = parts(time, this.format)
    const text = `${day(here)} ${here.clock} ${here.zone}`.trim()
    if (here.zone === 'UTC') return text
    const utc = parts(time, this.utc)
    return `${text} (${utc.day === here.day ? '' : `${utc.shortDay} `}${utc.clock} UTC)`
  }
}

/** Whether JavaScript's calendar has this time, in milliseconds since the epoch. */
export function isDate(time: number): boolean {
  return Math.abs(time) <= DATE_LIMIT
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
