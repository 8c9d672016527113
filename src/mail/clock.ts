import { DAY, HOUR, isDate, MINUTE } from '../text/time.js'
import { plural } from '../text/words.js'

/** Locales with the usual names of some zones: EST, CET, AEDT, NZDT, IST, SAST, SGT, HKT, JST, BRT. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA', 'en-SG', 'en-HK', 'ja', 'pt-BR']
const OFFSET = /^(?:GMT|UTC)[+-]/
const PARTS = {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
} as const
const UNKNOWN = { weekday: '', day: 'an unknown time', year: '', clock: '', zone: '' }

/** Writes times (milliseconds since the epoch) in one zone, with no-break spaces so that none breaks over lines. */
export class Clock {
  // Costly to make, and a mail has hundreds of times.
  private readonly parts: Intl.DateTimeFormat
  private readonly names: Intl.DateTimeFormat
  private readonly today: typeof UNKNOWN

  constructor(
    private readonly timezone: string,
    private readonly now: Date,
  ) {
    const short = (locale: string) => this.format(locale, { timeZoneName: 'short' })
    const local = LOCALES.find((locale) => !OFFSET.test(zoneName(short(locale), now.getTime())))
    this.parts = this.format('en-GB', PARTS)
    this.names = short(local ?? 'en-US')
    this.today = this.read(now.getTime())
  }

  /** "23 Nov 03:12 UTC" */
  at(time: number | null): string {
    const { day, clock, zone } = this.read(time)
    return glued(day, clock, zone)
  }

  /** "23 Nov 03:12" */
  dated(time: number | null): string {
    const { day, clock } = this.read(time)
    return glued(day, clock)
  }

  /** "03:12" on the day of the mail, "22 Nov 03:12" on another. */
  brief(time: number | null): string {
    const { day, clock } = this.read(time)
    if (clock === '') return day
    return day === this.today.day ? clock : glued(day, clock)
  }

  /** "16 Nov" */
  day(time: number): string {
    return this.read(time).day
  }

  /** "23 Nov 02:10 to 02:55 UTC", or one time if both are the same minute. */
  range(first: number, last: number): string {
    const [from, to] = [this.read(first), this.read(last)]
    if (this.at(first) === this.at(last)) return this.at(last)
    if (from.zone !== to.zone) return `${this.at(first)} to ${this.at(last)}`
    return `${this.dated(first)} to ${from.day === to.day ? glued(to.clock, to.zone) : this.at(last)}`
  }

  /** "7 days"; undefined if it was less than 1.5 days ago, or is unknown. */
  age(time: number): string | undefined {
    const past = this.now.getTime() - time
    return isDate(time) && past >= 1.5 * DAY ? plural(Math.round(past / DAY), 'day') : undefined
  }

  /** "Mon 23 Nov 2026 04:00 CET (UTC+1)": when the mail was sent, with year and offset. */
  sent(): string {
    const { weekday, day, year, clock, zone } = this.today
    const offset = zoneName(this.format('en-US', { timeZoneName: 'shortOffset' }), this.now.getTime()).replace(
      'GMT',
      'UTC',
    )
    return glued(weekday, day, year, clock, zone, zone === 'UTC' || zone === offset ? '' : `(${offset})`)
  }

  private format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    return new Intl.DateTimeFormat(locale, { timeZone: this.timezone, ...options })
  }

  /** `day` has the year unless it is the mail's. */
  private read(time: number | null): typeof UNKNOWN {
    if (time === null || !isDate(time)) return UNKNOWN
    const part = Object.fromEntries(this.parts.formatToParts(time).map(({ type, value }) => [type, value]))
    const { weekday = '', month = '', year = '' } = part
    return {
      weekday,
      day: glued(`${part.day}`, month.slice(0, 3), year === (this.today?.year ?? year) ? '' : year),
      year,
      clock: `${part.hour}:${part.minute}`,
      zone: zoneName(this.names, time),
    }
  }
}

/** "CET", or "UTC+5:45" if the locale has no name for the zone. */
function zoneName(format: Intl.DateTimeFormat, time: number): string {
  const name = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  return OFFSET.test(name) ? name.replace('GMT', 'UTC') : name
}

/** Joined by no-break spaces. */
function glued(...words: readonly string[]): string {
  return words.filter(Boolean).join(' ').replaceAll(' ', '\u00a0')
}

/** "14 days", "60 hours", "90 minutes": in the largest smaller unit that divides the span, else minutes. */
export function span(milliseconds: number): string {
  const isWhole = (unit: number): boolean => milliseconds > unit && milliseconds % unit === 0
  if (isWhole(DAY)) return plural(milliseconds / DAY, 'day')
  return isWhole(HOUR) ? plural(milliseconds / HOUR, 'hour') : plural(Math.ceil(milliseconds / MINUTE), 'minute')
}

const UNITS = Object.entries({ d: DAY, h: HOUR, m: MINUTE, s: 1_000 })

/** "8m 12s", "2h 5m", "3d 4h" */
export function duration(milliseconds: number): string {
  const first = UNITS.findIndex(([, length]) => milliseconds >= length)
  if (first < 0) return '<1s'
  let rest = milliseconds
  const largest = UNITS.slice(first, first + 2).map(([unit, length]) => {
    const amount = Math.floor(rest / length)
    rest %= length
    return amount > 0 ? `${amount}${unit}` : ''
  })
  return glued(...largest)
}
