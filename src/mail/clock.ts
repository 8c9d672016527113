import { DAY, HOUR, isDate, MINUTE } from '../text/time.js'
import { plural } from '../text/words.js'

const UNKNOWN = 'an unknown time'
/** Each knows the usual names of some zones: EST, CET, AEDT, NZDT, IST, SAST, SGT, HKT, JST, BRT. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA', 'en-SG', 'en-HK', 'ja', 'pt-BR']
const OFFSET = /^(?:GMT|UTC)[+-]/

/** Writes times (milliseconds since the epoch) of one zone. They hold no-break spaces, so that no line ends in one. */
export class Clock {
  // Costly to make, and a mail has hundreds of times.
  private readonly parts: Intl.DateTimeFormat
  private readonly names: Intl.DateTimeFormat
  private readonly year: string | undefined

  constructor(
    private readonly timezone: string,
    private readonly now: Date,
  ) {
    this.parts = this.format('en-GB', {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    this.names = this.namer()
    this.year = this.read(now.getTime())?.year
  }

  /** "23 Nov 03:12 UTC" */
  at(time: number | null): string {
    return glued(this.write(time, true), time === null ? '' : this.zone(time))
  }

  /** "23 Nov 03:12" */
  dated(time: number): string {
    return this.write(time, true)
  }

  /** "03:12" on the day of the mail, "22 Nov 03:12" on another. */
  brief(time: number | null): string {
    return this.write(time, !this.isToday(time))
  }

  /** "16 Nov" */
  day(time: number): string {
    return this.read(time)?.day ?? UNKNOWN
  }

  /** "23 Nov 02:10 to 02:55 UTC", or one time where both are the same minute. */
  range(first: number, last: number): string {
    const [from, to] = [this.at(first), this.at(last)]
    if (from === to) return to
    const sameDay = this.read(first)?.day === this.read(last)?.day && this.zone(first) === this.zone(last)
    const sameZone = this.zone(first) === this.zone(last)
    const end = sameDay ? glued(this.write(last, false), this.zone(last)) : to
    return `${sameZone ? this.write(first, true) : from} to ${end}`
  }

  /** "7 days"; undefined if it was less than two days ago, or is unknown. */
  age(time: number): string | undefined {
    const past = this.now.getTime() - time
    return isDate(time) && past >= 1.5 * DAY ? plural(Math.round(past / DAY), 'day') : undefined
  }

  /** "Mon 23 Nov 2026 04:00 CET (UTC+1)": the only place that has the year and the offset. */
  sent(): string {
    const time = this.now.getTime()
    const { weekday, year } = this.read(time) ?? {}
    const offset = zoneName(this.format('en-US', { timeZoneName: 'shortOffset' }), time).replace('GMT', 'UTC')
    const zone = this.zone(time)
    const [date, clock] = [this.read(time)?.day, this.write(time, false)]
    return glued(
      `${weekday}`,
      `${date}`,
      `${year}`,
      clock,
      zone === 'UTC' || zone === offset ? zone : `${zone} (${offset})`,
    )
  }

  private format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    return new Intl.DateTimeFormat(locale, { timeZone: this.timezone, ...options })
  }

  private read(time: number) {
    if (!isDate(time)) return undefined
    const part = Object.fromEntries(this.parts.formatToParts(time).map(({ type, value }) => [type, value]))
    return {
      weekday: part.weekday,
      day: glued(
        `${part.day}`,
        `${part.month?.slice(0, 3)}`,
        ...(part.year === (this.year ?? part.year) ? [] : [`${part.year}`]),
      ),
      year: part.year,
      clock: `${part.hour}:${part.minute}`,
    }
  }

  private write(time: number | null, withDay: boolean): string {
    const read = time === null ? undefined : this.read(time)
    if (!read) return UNKNOWN
    return withDay ? glued(read.day, read.clock) : read.clock
  }

  private isToday(time: number | null): boolean {
    return time !== null && this.read(time)?.day === this.read(this.now.getTime())?.day
  }

  /** As people call it there: "CET"; "UTC+5:45" where no locale knows a name. */
  private zone(time: number): string {
    const name = isDate(time) ? zoneName(this.names, time) : ''
    return OFFSET.test(name) ? name.replace('GMT', 'UTC') : name
  }

  private namer(): Intl.DateTimeFormat {
    for (const locale of LOCALES) {
      const format = this.format(locale, { timeZoneName: 'short' })
      if (!OFFSET.test(zoneName(format, this.now.getTime()))) return format
    }
    return this.format('en-US', { timeZoneName: 'short' })
  }
}

function zoneName(format: Intl.DateTimeFormat, time: number): string {
  return format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

/** Joined by no-break spaces. */
function glued(...words: readonly string[]): string {
  return words.filter(Boolean).join(' ').replaceAll(' ', '\u00a0')
}

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
  const largest = units.slice(first, first + 2).filter(([amount]) => amount > 0)
  return glued(...largest.map(([amount, unit]) => `${amount}${unit}`))
}
