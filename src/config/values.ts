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

export function name(length: number): Parse<string> {
  return (text) => cut(oneLine(redact(text)), length)
}

export const LAPSE = duration(
  SUCCESSES_KEPT_DAYS * DAY - 1,
  `below ${SUCCESSES_KEPT_DAYS}d, e.g. 14d (jobs that succeeded are deleted after ${SUCCESSES_KEPT_DAYS} days)`,
)
// setTimeout() fires at once beyond 2^31 - 1 milliseconds, and nothing here may take a day.
export const TIMEOUT = duration(DAY, 'of at most 1d, e.g. 15s or 2m')
export const PORT = mustBe('a port number', (text) =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : undefined,
)
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
export const HEARTBEAT_URL = mustBe('an http or https URL', (text) => parseUrl(text, HTTP)?.href)
// A key pasted with a line break or a typographic quote cannot stand in an HTTP header.
export const API_KEY: Parse<string> = (text) =>
  /^[\x21-\x7e]+$/.test(text) ? text : new Wrong(' has a character no key has: paste it again')
const ADDRESS_FORM = /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]{1,253}\.[^\s@<>()[\]\\,;:".]{2,63}$/
export const ADDRESS = mustBe('one plain address such as alerts@example.com', (text) =>
  ADDRESS_FORM.test(text) ? text : undefined,
)

/** Comma-separated; SendGrid refuses a duplicate whatever its case, so the first spelling stands. */
export function recipients(text: string): readonly string[] | Wrong {
  const entries = text.split(',').flatMap((entry) => entry.trim() || [])
  const wrong = entries.findIndex((entry) => !ADDRESS_FORM.test(entry))
  if (wrong >= 0) return new Wrong(`: entry ${wrong + 1} is not a plain address such as oncall@example.com`)
  if (entries.length === 0) return new Wrong(' holds no address')
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

const HTTP = ['http:', 'https:']

export function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  // URL.parse() is not in Node 20, and the error of new URL() holds its input, password and all.
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return protocols.includes(url.protocol) ? url : undefined
}
