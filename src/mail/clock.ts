import { DAY, HOUR, isDate, MINUTE } from '../text/time.js'

const UNKNOWN = 'an unknown time'

type Day = 'day' | 'shortDay'

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

function parts(time: number, format: Intl.DateTimeFormat) {
  const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
  const month = part.month?.slice(0, 3)
  return {
    day: `${part.weekday} ${part.day} ${month} ${part.year}`,
    shortDay: `${part.day} ${month}`,
    clock: `${part.hour}:${part.minute}`,
    zone: part.timeZoneName ?? '',
  }
}

/** Writes times (milliseconds since the epoch) of one zone, with UTC beside it where UTC's clock shows another. */
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
    return this.write([time], 'day')
  }

  /** "23 Nov 03:12 UTC" */
  short(time: number): string {
    return this.write([time], 'shortDay')
  }

  /** "at 03:12 UTC" on the same day as `reference`, else "on" and the whole moment */
  at(reference: number, time: number): string {
    if (this.sameDay(reference, time)) return `at ${this.write([time])}`
    return `${isDate(time) ? 'on' : 'at'} ${this.moment(time)}`
  }

  /** The time alone on that day, for a list below a time that has UTC beside it: only in the mail's own zone. */
  briefAfter(reference: number, time: number): string {
    return this.sameDay(reference, time) ? this.write([time], undefined, false) : this.moment(time)
  }

  /** A time that is written already, with how long ago it was: "03:12 UTC (48 min ago)" */
  withAgo(written: string, time: number): string {
    if (!isDate(time)) return written
    return written.endsWith(')') ? `${written}, ${this.ago(time)}` : `${written} (${this.ago(time)})`
  }

  /** "Mon 23 Nov 2026 02:10 to 02:55 UTC", or one moment where both are the same minute */
  range(first: number, last: number): string {
    return this.between(first, last, 'day')
  }

  /** "23 Nov 02:10 to 02:55 UTC" */
  shortRange(first: number, last: number): string {
    return this.between(first, last, 'shortDay')
  }

  /** "48 min ago" */
  ago(time: number): string {
    const past = this.now.getTime() - time
    if (!isDate(time)) return 'how long ago is unknown'
    if (past < -MINUTE) return 'in the future'
    if (past < MINUTE) return 'just now'
    if (past < 1.5 * HOUR) return `${Math.floor(past / MINUTE)} min ago`
    if (past < 1.5 * DAY) return `${Math.round(past / HOUR)} hours ago`
    return `${Math.round(past / DAY)} days ago`
  }

  private between(first: number, last: number, day: Day): string {
    const [from, to] = [this.write([first], day), this.write([last], day)]
    if (from === to) return to
    return this.sameDay(first, last) ? this.write([first, last], day) : `${from} to ${to}`
  }

  /** In the same zone, too: in one night of the year 02:30 CEST is followed by 02:30 CET. */
  private sameDay(a: number, b: number): boolean {
    if (!isDate(a) || !isDate(b)) return false
    const [one, other] = [parts(a, this.format), parts(b, this.format)]
    return one.day === other.day && one.zone === other.zone
  }

  /** One time, or the ends of a range on one day, with the zone said once. */
  private write(times: readonly (number | null)[], day?: Day, utcBeside = true): string {
    const dates = times.filter((time) => time !== null && isDate(time)) as number[]
    const here = dates.map((time) => parts(time, this.format))
    const [first] = here
    if (dates.length < times.length || first === undefined) return UNKNOWN
    const utc = dates.map((time) => parts(time, this.utc))
    const text = `${day ? first[day] : ''} ${here.map(({ clock }) => clock).join(' to ')}`.trim()
    if (here.every(({ clock, day }, index) => clock === utc[index]?.clock && day === utc[index]?.day))
      return `${text} UTC`
    if (!utcBeside) return `${text} ${first.zone}`
    const away = utc.some((parts, index) => parts.day !== here[index]?.day)
    const beside = utc.map(({ shortDay, clock }) => (away ? `${shortDay} ${clock}` : clock)).join(' to ')
    return `${text} ${first.zone} (${beside} UTC)`
  }
}
