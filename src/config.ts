import { redact } from './text/redact.js'
import { parseDuration } from './text/time.js'
import { cut, oneLine } from './text/words.js'

export type Environment = Readonly<Record<string, string | undefined>>

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const
export type SslMode = (typeof SSL_MODES)[number]

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

/** Every problem of the environment at once, one a line, none with a value that may be secret. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '))
    this.name = 'ConfigError'
  }
}

/** Reads values and keeps a list of what is wrong with them, so that all of it is reported in one go. */
class Reader {
  readonly problems: string[] = []

  constructor(private readonly env: Environment) {}

  text(name: string): string | undefined {
    return this.env[name]?.trim() || undefined
  }

  required(name: string, cure: string): string {
    const value = this.text(name)
    if (value === undefined) this.problems.push(`${name} is missing: ${cure}`)
    return value ?? ''
  }

  /** `parse` returns undefined for a value it does not accept. */
  parsed<T>(name: string, fallback: T, accepts: string, parse: (text: string) => T | undefined): T {
    const text = this.text(name)
    if (text === undefined) return fallback
    const value = parse(text)
    if (value === undefined) this.problems.push(`${name} must be ${accepts}`)
    return value ?? fallback
  }

  /** Throws a ConfigError if anything read so far was wrong. */
  finish<T>(config: T): T {
    if (this.problems.length > 0) throw new ConfigError(this.problems)
    return config
  }
}

export interface DigestConfig {
  readonly database: DatabaseSettings
  readonly presentation: Presentation
  /** Undefined for a dry run, which needs neither key nor recipient. */
  readonly mail: MailSettings | undefined
  readonly limits: Limits
  readonly logLevel: LogLevel
}

const SEND_TIMEOUT = '15s'

/** Environment → what a run of `digest` needs. Throws a ConfigError that names every problem. */
export function digestConfig(env: Environment, { dryRun }: { readonly dryRun: boolean }): DigestConfig {
  const reader = new Reader(env)
  const config = {
    database: databaseSettings(reader),
    presentation: presentation(reader),
    mail: dryRun ? undefined : mailSettings(reader),
    limits: { run: duration(reader, 'RUN_TIMEOUT', '60s'), overdueAfter: overdueAfter(reader) },
    logLevel: logLevel(reader),
  }
  if (config.mail && config.mail.timeout >= config.limits.run)
    reader.problems.push(
      reader.text('SEND_TIMEOUT') === undefined
        ? `RUN_TIMEOUT must be longer than SEND_TIMEOUT, which is ${SEND_TIMEOUT} unless set`
        : 'SEND_TIMEOUT must be shorter than RUN_TIMEOUT',
    )
  return reader.finish(config)
}

/** Environment → what `migrate` needs. Throws a ConfigError. */
export function migrateConfig(env: Environment): Pick<DigestConfig, 'database' | 'logLevel'> {
  const reader = new Reader(env)
  return reader.finish({ database: databaseSettings(reader), logLevel: logLevel(reader) })
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

function logLevel(reader: Reader): LogLevel {
  return reader.parsed<LogLevel>('LOG_LEVEL', 'info', `one of ${LOG_LEVELS.join(', ')}`, (text) =>
    LOG_LEVELS.find((known) => known === text.toLowerCase()),
  )
}

function duration(reader: Reader, name: string, fallback: string): number {
  // setTimeout() fires at once beyond 2^31 - 1 milliseconds, and nothing here may take a day.
  return reader.parsed(name, parseDuration(fallback) as number, 'a duration of at most 1d, e.g. 15s or 2m', (text) => {
    const milliseconds = parseDuration(text)
    return milliseconds !== undefined && milliseconds <= 86_400_000 ? milliseconds : undefined
  })
}

function overdueAfter(reader: Reader): number | undefined {
  return reader.parsed<number | undefined>('REFRESH_OVERDUE_AFTER', undefined, 'a duration such as 14d', parseDuration)
}

function presentation(reader: Reader): Presentation {
  return {
    adminBaseUrl: reader.parsed(
      'ADMIN_BASE_URL',
      'https://admin.approachnote.com',
      'an http or https URL without user or query',
      (text) => baseUrl(text),
    ),
    timezone: reader.parsed('ALERT_TIMEZONE', 'UTC', 'an IANA time zone, e.g. Europe/Berlin', (text) =>
      isTimezone(text) ? text : undefined,
    ),
    environment: reader.parsed<string | undefined>('ALERT_ENVIRONMENT', undefined, 'a name', (text) =>
      cut(oneLine(redact(text)), 20),
    ),
  }
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function mailSettings(reader: Reader): MailSettings {
  return {
    apiKey: apiKey(reader),
    baseUrl: reader.parsed(
      'SENDGRID_BASE_URL',
      'https://api.sendgrid.com',
      'an https URL (plain http only to 127.0.0.1, ::1 or localhost)',
      // The library appends the version itself.
      (text) =>
        baseUrl(text, ({ protocol, hostname }) => protocol === 'https:' || isLoopback(hostname))?.replace(/\/v3$/, ''),
    ),
    from: {
      email: address(reader, 'FROM_EMAIL', 'a sender that SendGrid has verified'),
      name: cut(oneLine(redact(reader.text('FROM_NAME') ?? 'Job alerts')), 80),
    },
    to: recipients(reader),
    timeout: duration(reader, 'SEND_TIMEOUT', SEND_TIMEOUT),
  }
}

function apiKey(reader: Reader): string {
  const key = reader.required('SENDGRID_API_KEY', 'create one with Mail Send permission in SendGrid')
  // A key pasted with a line break or a typographic quote cannot stand in an HTTP header.
  if (key && !/^[\x21-\x7e]+$/.test(key))
    reader.problems.push('SENDGRID_API_KEY has a character no key has: paste it again')
  return key
}

/** An http or https URL that paths are appended to, hence without its trailing slash. */
function baseUrl(text: string, allowed: (url: URL) => boolean = () => true): string | undefined {
  const url = parseUrl(text, ['http:', 'https:'])
  if (!url || url.username || url.password || url.search || url.hash || !allowed(url)) return undefined
  return url.href.replace(/\/+$/, '')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

const ADDRESS = /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]{1,253}\.[^\s@<>()[\]\\,;:".]{2,63}$/

function address(reader: Reader, name: string, cure: string): string {
  const value = reader.required(name, `set it to ${cure}`)
  if (value && !ADDRESS.test(value))
    reader.problems.push(`${name} must be one plain address such as alerts@example.com`)
  return value
}

/** Comma-separated; SendGrid refuses a duplicate whatever its case, so the first spelling stands. */
function recipients(reader: Reader): readonly string[] {
  const list = reader
    .required('ALERT_EMAIL_TO', 'set it to the addresses that are to be told, comma-separated')
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
  const wrong = list.findIndex((entry) => !ADDRESS.test(entry))
  if (wrong >= 0)
    reader.problems.push(`ALERT_EMAIL_TO: entry ${wrong + 1} is not a plain address such as oncall@example.com`)
  else if (list.length === 0 && reader.text('ALERT_EMAIL_TO')) reader.problems.push('ALERT_EMAIL_TO holds no address')
  const lower = list.map((entry) => entry.toLowerCase())
  return list.filter((_, index) => lower.indexOf(lower[index] as string) === index)
}

function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  // URL.parse() is not in Node 20, and the error of new URL() holds its input, password and all.
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return protocols.includes(url.protocol) ? url : undefined
}

const SSL_MODES_ACCEPTED = `one of ${SSL_MODES.join(', ')}`

function sslMode(text: string): SslMode | undefined {
  return SSL_MODES.find((mode) => mode === text)
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
      reader.required(name, 'DATABASE_URL is not set, so the DB_* variables are needed')
  return {
    host: reader.text('DB_HOST') ?? '',
    port: reader.parsed('DB_PORT', 5432, 'a port number', port),
    database: reader.text('DB_NAME') ?? '',
    user: reader.text('DB_USER') ?? '',
    password: reader.text('DB_PASSWORD'),
    sslMode: reader.parsed('DB_SSLMODE', 'require' as SslMode, SSL_MODES_ACCEPTED, sslMode),
    sslRootCert: undefined,
  }
}

/** What libpq reads in the URL's query. Other keys are pooler hints; the server would refuse them as parameters. */
const URL_KEYS = ['host', 'port', 'user', 'password', 'dbname', 'sslmode', 'sslrootcert'] as const

function settingsFromUrl(reader: Reader, text: string): DatabaseSettings {
  const url = parseUrl(text, ['postgres:', 'postgresql:'])
  const parts = url && decoded(url)
  const portNumber = port(parts?.port ?? '')
  if (!url || !parts?.host || portNumber === undefined) reader.problems.push(DATABASE_URL_ACCEPTED)
  else if (url.hash || !parts.user || /[@/]/.test(url.pathname.slice(1)) || parts.host.includes(','))
    reader.problems.push(`${DATABASE_URL_ACCEPTED}; as it stands, its ${misplaced(url, parts)}`)
  const mode = parts?.sslmode ?? 'prefer'
  if (!sslMode(mode)) reader.problems.push(`DATABASE_URL: sslmode must be ${SSL_MODES_ACCEPTED}`)
  return {
    host: parts?.host ?? '',
    port: portNumber ?? 5432,
    database: parts?.dbname || parts?.user || '',
    user: parts?.user ?? '',
    password: parts?.password || undefined,
    sslMode: sslMode(mode) ?? 'prefer',
    sslRootCert: parts?.sslrootcert,
  }
}

const DATABASE_URL_ACCEPTED =
  'DATABASE_URL must be a postgresql:// URL with one user, host, port and database; a character such as # / @ ? : in the password or a name must be percent-encoded (%23 %2F %40 %3F %3A)'

/** A password that is not encoded spills into the parts around it. */
function misplaced(url: URL, { user }: UrlParts): string {
  if (url.hash) return 'part behind "#" would be lost'
  if (/[@/]/.test(url.pathname.slice(1))) return 'database has a "/" or "@" in its name'
  return user ? 'host is a list' : 'user is missing'
}

type UrlParts = { readonly [key in (typeof URL_KEYS)[number]]?: string | undefined }

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

function port(text: string): number | undefined {
  const value = Number(text)
  return /^\d+$/.test(text) && value >= 1 && value <= 65_535 ? value : undefined
}
