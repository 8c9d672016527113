import { SUCCESSES_KEPT_DAYS } from './chains.js'
import { redact } from './text/redact.js'
import { DAY, parseDuration } from './text/time.js'
import { cut, oneLine } from './text/words.js'

export type Environment = Readonly<Record<string, string | undefined>>

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const
export type SslMode = (typeof SSL_MODES)[number]
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface DatabaseSettings {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  readonly sslMode: SslMode
  /** Path of a PEM file, or "system"; as with libpq, giving one turns "require" into "verify-ca". */
  readonly sslRootCert: string | undefined
}

/** What the mail says beside the failures. */
export interface Presentation {
  /** Without a trailing slash; pages are appended to it. */
  readonly adminBaseUrl: string
  /** IANA name. */
  readonly timezone: string
  /** E.g. "staging"; undefined for production. */
  readonly environment: string | undefined
}

export interface MailSettings {
  readonly apiKey: string
  readonly baseUrl: string
  readonly from: { readonly email: string; readonly name: string }
  readonly to: readonly string[]
  /** Bound on the whole exchange with SendGrid, retries included, in milliseconds. */
  readonly timeout: number
}

/** In milliseconds. */
export interface Limits {
  /** Bound on the run as a whole. */
  readonly run: number
  /** A refresh whose last success is longer ago is overdue; undefined: never. */
  readonly overdueAfter: number | undefined
}

export interface DigestConfig {
  readonly database: DatabaseSettings
  readonly presentation: Presentation
  /** Undefined for a dry run, which needs neither key nor recipient. */
  readonly mail: MailSettings | undefined
  readonly limits: Limits
  /** Requested after a run that ended well; a secret. */
  readonly heartbeatUrl: string | undefined
  readonly logLevel: LogLevel
}

/** Every problem of the environment at once, one a line, none with a value that may be secret. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '))
    this.name = 'ConfigError'
  }
}

/** What is wrong with a value, in words that follow the variable's name. */
class Wrong {
  constructor(readonly problem: string) {}
}

/** A kind of value: what a text of it means. */
type Kind<T> = (text: string) => T | Wrong

function mustBe<T>(accepted: string, parse: (text: string) => T | undefined): Kind<T> {
  return (text) => parse(text) ?? new Wrong(` must be ${accepted}`)
}

function oneOf<T extends string>(all: readonly T[]): Kind<T> {
  return mustBe(`one of ${all.join(', ')}`, (text) => all.find((known) => known === text.toLowerCase()))
}

function duration(most: number, accepted: string): Kind<number> {
  return mustBe(`a duration ${accepted}`, (text) => {
    const milliseconds = parseDuration(text)
    return milliseconds !== undefined && milliseconds <= most ? milliseconds : undefined
  })
}

function name(length: number): Kind<string> {
  return (text) => cut(oneLine(redact(text)), length)
}

const LAPSE = duration(
  SUCCESSES_KEPT_DAYS * DAY - 1,
  `below ${SUCCESSES_KEPT_DAYS}d, e.g. 14d (jobs that succeeded are deleted after ${SUCCESSES_KEPT_DAYS} days)`,
)
// setTimeout() fires at once beyond 2^31 - 1 milliseconds, and nothing here may take a day.
const TIMEOUT = duration(DAY, 'of at most 1d, e.g. 15s or 2m')
const PORT = mustBe('a port number', (text) =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : undefined,
)
const TIMEZONE = mustBe('an IANA time zone, e.g. Europe/Berlin', (text) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) && text
  } catch {
    return undefined
  }
})
const ADMIN_URL = mustBe('an http or https URL without user or query', (text) => baseUrl(text))
const SENDGRID_URL = mustBe('an https URL (plain http only to 127.0.0.1, ::1 or localhost)', (text) =>
  // The library appends the version itself.
  baseUrl(text, ({ protocol, hostname }) => protocol === 'https:' || isLoopback(hostname))?.replace(/\/v3$/, ''),
)
const HEARTBEAT_URL = mustBe('an http or https URL', (text) => parseUrl(text, HTTP)?.href)
// A key pasted with a line break or a typographic quote cannot stand in an HTTP header.
const API_KEY: Kind<string> = (text) =>
  /^[\x21-\x7e]+$/.test(text) ? text : new Wrong(' has a character no key has: paste it again')
const ADDRESS_FORM = /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]{1,253}\.[^\s@<>()[\]\\,;:".]{2,63}$/
const ADDRESS = mustBe('one plain address such as alerts@example.com', (text) =>
  ADDRESS_FORM.test(text) ? text : undefined,
)

/** Comma-separated; SendGrid refuses a duplicate whatever its case, so the first spelling stands. */
function recipients(text: string): readonly string[] | Wrong {
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

function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  // URL.parse() is not in Node 20, and the error of new URL() holds its input, password and all.
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return protocols.includes(url.protocol) ? url : undefined
}

/** Reads values and keeps a list of what is wrong with them, so that all of it is reported in one go. */
class Reader {
  readonly problems: string[] = []

  constructor(private readonly env: Environment) {}

  text(name: string): string | undefined {
    return this.env[name]?.trim() || undefined
  }

  optional<T, F>(name: string, kind: Kind<T>, fallback: F): T | F {
    const text = this.text(name)
    return text === undefined ? fallback : (this.parsed(name, text, kind) ?? fallback)
  }

  /** `cure` says what to set it to. What is missing or wrong is a problem, and then the value does not matter. */
  required<T>(name: string, kind: Kind<T>, cure: string): T {
    const text = this.text(name)
    if (text === undefined) this.problems.push(`${name} is missing: ${cure}`)
    return (text === undefined ? undefined : this.parsed(name, text, kind)) as T
  }

  private parsed<T>(name: string, text: string, kind: Kind<T>): T | undefined {
    const value = kind(text)
    if (!(value instanceof Wrong)) return value
    this.problems.push(name + value.problem)
    return undefined
  }

  /** Throws a ConfigError if anything read so far was wrong. */
  finish<T>(config: T): T {
    if (this.problems.length > 0) throw new ConfigError(this.problems)
    return config
  }
}

const SEND_TIMEOUT = '15s'
const RUN_TIMEOUT = '60s'

/** Environment → what a run of `digest` needs. Throws a ConfigError that names every problem. */
export function digestConfig(env: Environment, { dryRun }: { readonly dryRun: boolean }): DigestConfig {
  const reader = new Reader(env)
  return reader.finish(digestSettings(reader, dryRun))
}

function digestSettings(reader: Reader, dryRun: boolean): DigestConfig {
  const config = {
    database: databaseSettings(reader),
    presentation: presentation(reader),
    mail: dryRun ? undefined : mailSettings(reader),
    limits: limits(reader),
    heartbeatUrl: dryRun ? undefined : reader.optional('HEARTBEAT_URL', HEARTBEAT_URL, undefined),
    logLevel: logLevel(reader),
  }
  if (config.mail && config.mail.timeout >= config.limits.run)
    reader.problems.push(
      reader.text('SEND_TIMEOUT') === undefined
        ? `RUN_TIMEOUT must be longer than SEND_TIMEOUT, which is ${SEND_TIMEOUT} unless set`
        : 'SEND_TIMEOUT must be shorter than RUN_TIMEOUT',
    )
  return config
}

/** Environment → what `migrate` needs. Throws a ConfigError. */
export function migrateConfig(env: Environment): Pick<DigestConfig, 'database' | 'logLevel'> {
  const reader = new Reader(env)
  return reader.finish({ database: databaseSettings(reader), logLevel: logLevel(reader) })
}

/** What can be used of an environment that may be wrong in places; a part that is wrong is undefined. */
export interface Usable extends Omit<DigestConfig, 'database' | 'mail'> {
  readonly problems: readonly string[]
  readonly database: DatabaseSettings | undefined
  readonly mail: MailSettings | undefined
}

/** Environment → what `check` can look into. Never throws. */
export function usableConfig(env: Environment): Usable {
  const whole = new Reader(env)
  const config = digestSettings(whole, false)
  const part = <T>(read: (reader: Reader) => T): T | undefined => {
    const reader = new Reader(env)
    const value = read(reader)
    return reader.problems.length === 0 ? value : undefined
  }
  return { ...config, problems: whole.problems, database: part(databaseSettings), mail: part(mailSettings) }
}

function limits(reader: Reader): Limits {
  return {
    run: reader.optional('RUN_TIMEOUT', TIMEOUT, parseDuration(RUN_TIMEOUT) as number),
    overdueAfter: reader.optional('REFRESH_OVERDUE_AFTER', LAPSE, undefined),
  }
}

function logLevel(reader: Reader): LogLevel {
  return reader.optional('LOG_LEVEL', oneOf(LOG_LEVELS), 'info')
}

function presentation(reader: Reader): Presentation {
  return {
    adminBaseUrl: reader.optional('ADMIN_BASE_URL', ADMIN_URL, 'https://admin.approachnote.com'),
    timezone: reader.optional('ALERT_TIMEZONE', TIMEZONE, 'UTC'),
    environment: reader.optional('ALERT_ENVIRONMENT', name(20), undefined),
  }
}

function mailSettings(reader: Reader): MailSettings {
  return {
    apiKey: reader.required('SENDGRID_API_KEY', API_KEY, 'create one with Mail Send permission in SendGrid'),
    baseUrl: reader.optional('SENDGRID_BASE_URL', SENDGRID_URL, 'https://api.sendgrid.com'),
    from: {
      email: reader.required('FROM_EMAIL', ADDRESS, 'set it to a sender that SendGrid has verified'),
      name: reader.optional('FROM_NAME', name(80), 'Job alerts'),
    },
    to: reader.required('ALERT_EMAIL_TO', recipients, 'set it to the addresses that get the mail, comma-separated'),
    timeout: reader.optional('SEND_TIMEOUT', TIMEOUT, parseDuration(SEND_TIMEOUT) as number),
  }
}

/** DATABASE_URL, or else the DB_* variables. */
function databaseSettings(reader: Reader): DatabaseSettings {
  const url = reader.text('DATABASE_URL')
  return url === undefined ? settingsFromParts(reader) : settingsFromUrl(reader, url)
}

function settingsFromParts(reader: Reader): DatabaseSettings {
  if (reader.text('DB_HOST') === undefined && reader.text('DB_NAME') === undefined)
    reader.problems.push('DATABASE_URL is missing: set it, or DB_HOST, DB_NAME, DB_USER and DB_PASSWORD')
  else
    for (const name of ['DB_HOST', 'DB_NAME', 'DB_USER'])
      if (reader.text(name) === undefined)
        reader.problems.push(`${name} is missing: DATABASE_URL is not set, so the DB_* variables are needed`)
  return {
    host: reader.text('DB_HOST') ?? '',
    port: reader.optional('DB_PORT', PORT, 5432),
    database: reader.text('DB_NAME') ?? '',
    user: reader.text('DB_USER') ?? '',
    password: reader.text('DB_PASSWORD'),
    sslMode: reader.optional('DB_SSLMODE', oneOf(SSL_MODES), 'require'),
    sslRootCert: undefined,
  }
}

/** What libpq reads in the URL's query. Other keys are pooler hints; the server would refuse them as parameters. */
const URL_KEYS = ['host', 'port', 'user', 'password', 'dbname', 'sslmode', 'sslrootcert'] as const
type UrlParts = { readonly [key in (typeof URL_KEYS)[number]]?: string | undefined }

const DATABASE_URL_ACCEPTED =
  'DATABASE_URL must be a postgresql:// URL with one user, host, port and database; a character such as # / @ ? : in the password or a name must be percent-encoded (%23 %2F %40 %3F %3A)'

function settingsFromUrl(reader: Reader, text: string): DatabaseSettings {
  const url = parseUrl(text, ['postgres:', 'postgresql:'])
  const parts = url && decoded(url)
  const port = PORT(parts?.port ?? '')
  const misplaced = url && parts && misplacedIn(url, parts)
  if (!parts?.host || typeof port !== 'number') reader.problems.push(DATABASE_URL_ACCEPTED)
  else if (misplaced) reader.problems.push(`${DATABASE_URL_ACCEPTED}; as it stands, its ${misplaced}`)
  const mode = SSL_MODES.find((known) => known === (parts?.sslmode ?? 'prefer'))
  if (!mode) reader.problems.push(`DATABASE_URL: sslmode must be one of ${SSL_MODES.join(', ')}`)
  return {
    host: parts?.host ?? '',
    port: typeof port === 'number' ? port : 5432,
    database: parts?.dbname || parts?.user || '',
    user: parts?.user ?? '',
    password: parts?.password || undefined,
    sslMode: mode ?? 'prefer',
    sslRootCert: parts?.sslrootcert,
  }
}

/** A password that is not encoded spills into the parts around it. */
function misplacedIn(url: URL, { user, host }: UrlParts): string | undefined {
  if (url.hash) return 'part behind "#" would be lost'
  if (/[@/]/.test(url.pathname.slice(1))) return 'database has a "/" or "@" in its name'
  if (!user) return 'user is missing'
  return host?.includes(',') ? 'host is a list' : undefined
}

function decoded(url: URL): UrlParts | undefined {
  // Unlike a form, libpq leaves "+" alone.
  const query = new URLSearchParams(url.search.replaceAll('+', '%2B'))
  try {
    return {
      host: decodeURIComponent(url.hostname.replace(/^\[|\]$/g, '')),
      port: url.port || '5432',
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      dbname: decodeURIComponent(url.pathname.slice(1)),
      ...Object.fromEntries(URL_KEYS.filter((key) => query.has(key)).map((key) => [key, query.get(key)])),
    }
  } catch {
    return undefined
  }
}
