import { SUCCESSES_KEPT_DAYS } from '../chains.js'
import { redact } from '../text/redact.js'
import { DAY, parseDuration } from '../text/time.js'
import { cut, oneLine } from '../text/words.js'

/** What is wrong with a value, in words that follow the variable's name. */
export class Wrong {
  constructor(readonly problem: string) {}
}

/** What a text means as a value of some sort, or what is wrong with it. */
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

/** A lapse can only be seen while the last success is kept. */
export const OVERDUE_AFTER = duration(
  SUCCESSES_KEPT_DAYS * DAY - 1,
  `below ${SUCCESSES_KEPT_DAYS}d, e.g. 14d (jobs that succeeded are deleted after ${SUCCESSES_KEPT_DAYS} days)`,
)
// setTimeout() fires at once beyond 2^31 - 1 milliseconds, and nothing here may take a day.
export const TIMEOUT = duration(DAY, 'of at most 1d, e.g. 15s or 2m')
export const PORT = mustBe('a port number', (text) =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : undefined,
)
/** Of one server, without its port; an IPv6 address loses its brackets. */
export const HOST: Parse<string> = (text) => {
  if (text.includes(',')) return new Wrong(' must be one host, not a list')
  if (/^(?:[^:/]*|\[.*\]):\d*$/.test(text)) return new Wrong(' must be a host alone: set DB_PORT to the port')
  return withoutBrackets(text)
}
export const TIMEZONE = mustBe('an IANA time zone, e.g. Europe/Berlin', (text) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) && text
  } catch {
    return undefined
  }
})
export const ADMIN_URL = mustBe('an http or https URL without user or query', (text) => baseUrl(text))
export const SENDGRID_URL = mustBe('an https URL (plain http only to 127.0.0.1, ::1 or localhost)', (text) =>
  // The library appends the version itself.
  baseUrl(text, ({ protocol, hostname }) => protocol === 'https:' || isLoopback(hostname))?.replace(/\/v3$/, ''),
)
/** One that fetch() requests: it throws where it is to send a password, or to connect to another service's port. */
export const HEARTBEAT_URL: Parse<string> = (text) => {
  const url = parseUrl(text, HTTP)
  if (!url) return new Wrong(' must be an http or https URL')
  if (url.username || url.password) return new Wrong(' must be a URL without user and password')
  return url.port && BLOCKED_PORTS.has(Number(url.port)) ? new Wrong(' has a port that is blocked for HTTP') : url.href
}
// A key pasted with a line break or a typographic quote cannot stand in an HTTP header.
export const API_KEY: Parse<string> = (text) =>
  /^[\x21-\x7e]+$/.test(text) ? text : new Wrong(' contains a character that API keys never contain: paste it again')
const ADDRESS_FORM = /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]{1,253}\.[^\s@<>()[\]\\,;:".]{2,63}$/
export const ADDRESS = mustBe('one plain address such as alerts@example.com', (text) =>
  ADDRESS_FORM.test(text) ? text : undefined,
)

/** Comma-separated; SendGrid refuses a duplicate whatever its case, so the first spelling stands. */
export function recipients(text: string): readonly string[] | Wrong {
  const entries = text.split(',').flatMap((entry) => entry.trim() || [])
  const wrong = entries.findIndex((entry) => !ADDRESS_FORM.test(entry))
  if (wrong >= 0) return new Wrong(`: entry ${wrong + 1} is not a plain address such as oncall@example.com`)
  if (entries.length === 0) return new Wrong(' contains no address')
  const lower = entries.map((entry) => entry.toLowerCase())
  return entries.filter((_, index) => lower.indexOf(lower[index] as string) === index)
}

/** An http or https URL that paths are appended to, hence without its trailing slash. */
function baseUrl(text: string, allowed: (url: URL) => boolean = () => true): string | undefined {
  const url = parseUrl(text, HTTP)
  if (!url || url.username || url.password || url.search || url.hash || !allowed(url)) return undefined
  return url.href.replace(/\/+$/, '')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

const HTTP = ['http:', 'https:']

/** The Fetch standard's "bad ports": other protocols have them. */
const BLOCKED_PORTS: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/** Undefined unless it is a URL of one of these protocols ("https:"). */
export function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  // URL.parse() is not in Node 20, and the error of new URL() holds its input, password and all.
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return protocols.includes(url.protocol) ? url : undefined
}
