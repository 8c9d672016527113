import { redact } from '../text/redact.js'
import { DAY, parseDuration } from '../text/time.js'
import { cut, oneLine } from '../text/words.js'

/** What is wrong with a value, in words that follow the variable's name. */
export class Wrong {
  constructor(readonly problem: string) {}
}

/** A text → its value, or what is wrong with it. */
export type Parse<T> = (text: string) => T | Wrong

function mustBe<T>(accepted: string, parse: (text: string) => T | undefined): Parse<T> {
  return (text) => parse(text) ?? new Wrong(` must be ${accepted}`)
}

export function oneOf<T extends string>(all: readonly T[]): Parse<T> {
  return mustBe(`one of ${all.join(', ')}`, (text) => all.find((known) => known === text.toLowerCase()))
}

function duration(most: number, accepted: string): Parse<number> {
  return mustBe(`a duration ${accepted}`, (text) => {
    const milliseconds = parseDuration(text)
    return milliseconds !== undefined && milliseconds <= most ? milliseconds : undefined
  })
}

/** One line of text, cut at `length` characters; a secret pasted by mistake is hidden. */
export function name(length: number): Parse<string> {
  return (text) => cut(oneLine(redact(text)), length)
}

/** In milliseconds; ten years, so that no deadline leaves the calendar. */
export const OVERDUE_AFTER = duration(3_650 * DAY, 'of at most 3650d, e.g. 14d')
/** In milliseconds; a day, because setTimeout() fires at once beyond 2^31 - 1 (24 days). */
export const TIMEOUT = duration(DAY, 'of at most 1d, e.g. 15s or 2m')
export const PORT = mustBe('a port number', (text) =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : undefined,
)
/** An IPv6 address loses its brackets. */
export const HOST = mustBe('one host alone: DB_PORT is for the port', (text) =>
  /,|:\/\/|^(?:[^:/]*|\[.*\]):\d*$/.test(text) ? undefined : text.replace(/^\[(.*)\]$/, '$1'),
)
export const TIMEZONE = mustBe('an IANA time zone, e.g. Europe/Berlin', (text) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) && text
  } catch {
    return undefined
  }
})
export const ADMIN_URL = mustBe('an http or https URL without user or query', (text) => baseUrl(text))
const LOOPBACK = /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/
export const SENDGRID_URL = mustBe('an https URL (plain http only to 127.0.0.1, ::1 or localhost)', (text) =>
  // The library appends /v3 itself.
  baseUrl(text, ({ protocol, hostname }) => protocol === 'https:' || LOOPBACK.test(hostname))?.replace(/\/v3$/, ''),
)
/** fetch() refuses a URL with a user or a password. */
export const HEARTBEAT_URL = mustBe('an http or https URL without user and password', (text) => parseUrl(text)?.href)
// A key pasted with a line break or a typographic quote cannot stand in an HTTP header.
export const API_KEY: Parse<string> = (text) =>
  /^[\x21-\x7e]+$/.test(text) ? text : new Wrong(' contains a character that API keys never contain: paste it again')
const ADDRESS_FORM = /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]{1,253}\.[^\s@<>()[\]\\,;:".]{2,63}$/
export const ADDRESS = mustBe('one plain address such as alerts@example.com', (text) =>
  ADDRESS_FORM.test(text) ? text : undefined,
)

/** Comma-separated, each in its first spelling: SendGrid refuses duplicates, whatever their case. */
export function recipients(text: string): readonly string[] | Wrong {
  const entries = text.split(',').flatMap((entry) => entry.trim() || [])
  const wrong = entries.findIndex((entry) => !ADDRESS_FORM.test(entry))
  if (wrong >= 0) return new Wrong(`: entry ${wrong + 1} is not a plain address such as oncall@example.com`)
  if (entries.length === 0) return new Wrong(' contains no address')
  const lower = entries.map((entry) => entry.toLowerCase())
  return entries.filter((_, index) => lower.indexOf(lower[index] as string) === index)
}

/** An http or https URL without trailing slashes, because paths are appended to it. */
function baseUrl(text: string, isAllowed: (url: URL) => boolean = () => true): string | undefined {
  const url = parseUrl(text)
  return url && !url.search && !url.hash && isAllowed(url) ? url.href.replace(/\/+$/, '') : undefined
}

/** Undefined unless it is an http or https URL without user and password. */
function parseUrl(text: string): URL | undefined {
  // URL.parse() is not in Node 20, and the error of new URL() holds its input, secrets included.
  const url = URL.canParse(text) && /^https?:/i.test(text) ? new URL(text) : undefined
  return url?.username || url?.password ? undefined : url
}
