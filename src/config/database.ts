import type { Reader } from './reader.js'
import { HOST, oneOf, PORT, parseUrl, withoutBrackets } from './values.js'

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const
type SslMode = (typeof SSL_MODES)[number]

/** Where the database is, who asks, and what its TLS has to prove. */
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

/** DATABASE_URL, or else the DB_* variables. */
export function databaseSettings(reader: Reader): DatabaseSettings {
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
    host: reader.optional('DB_HOST', HOST, ''),
    port: reader.optional('DB_PORT', PORT, 5432),
    database: reader.text('DB_NAME') ?? '',
    user: reader.text('DB_USER') ?? '',
    password: reader.verbatim('DB_PASSWORD'),
    sslMode: reader.optional('DB_SSLMODE', oneOf(SSL_MODES), 'require'),
    sslRootCert: undefined,
  }
}

/** What libpq reads in the URL's query. Other keys are pooler hints; the server would refuse them as parameters. */
const URL_KEYS = ['host', 'port', 'user', 'password', 'dbname', 'sslmode', 'sslrootcert'] as const
type UrlParts = { readonly [key in (typeof URL_KEYS)[number]]?: string | undefined }

/** What libpq obeys as well: a run that did not might read another table. */
const NOT_HONOURED = {
  options: 'remove it, and set a search_path by "alter role … set search_path = …"',
  hostaddr: 'remove it, and name the server as the host',
  service: 'remove it, and write what it stands for into the URL',
} as const

const DATABASE_URL_ACCEPTED =
  'DATABASE_URL must be a postgresql:// URL with one user, host, port and database; a character such as # / @ ? : in the password or a name must be percent-encoded (%23 %2F %40 %3F %3A)'

function settingsFromUrl(reader: Reader, text: string): DatabaseSettings {
  const url = parseUrl(text, ['postgres:', 'postgresql:'])
  const parts = url && decoded(url)
  const port = PORT(parts?.port ?? '')
  const misplaced = url && parts && misplacedIn(url, parts)
  if (!parts?.host || typeof port !== 'number') reader.problems.push(DATABASE_URL_ACCEPTED)
  else if (misplaced) reader.problems.push(`${DATABASE_URL_ACCEPTED}; as it stands, its ${misplaced}`)
  for (const [key, cure] of Object.entries(NOT_HONOURED))
    if (url?.searchParams.has(key)) reader.problems.push(`DATABASE_URL: the option ${key} is not supported; ${cure}`)
  if (parts?.sslrootcert === '')
    reader.problems.push('DATABASE_URL: sslrootcert is empty: set it to the path of a PEM file, or remove it')
  const mode = SSL_MODES.find((known) => known === (parts?.sslmode ?? 'prefer'))
  if (!mode) reader.problems.push(`DATABASE_URL: sslmode must be one of ${SSL_MODES.join(', ')}`)
  return {
    host: withoutBrackets(parts?.host ?? ''),
    port: typeof port === 'number' ? port : 5432,
    database: parts?.dbname || parts?.user || '',
    user: parts?.user ?? '',
    password: parts?.password || undefined,
    sslMode: mode ?? 'prefer',
    sslRootCert: parts?.sslrootcert,
  }
}

/** Where the password had a "?", and the rest of the URL became the value of a key. */
const AT_IN_QUERY = /[?&](?:user|host|dbname)=[^&]*@/

/** A password that is not encoded spills into the parts around it. */
function misplacedIn(url: URL, { user, host }: UrlParts): string | undefined {
  if (url.hash) return 'part behind "#" would be lost'
  if (/[@/]/.test(url.pathname.slice(1))) return 'database has a "/" or "@" in its name'
  if (AT_IN_QUERY.test(url.search)) return 'query has an "@" in a user, host or database'
  if (!user) return 'user is missing'
  return host?.includes(',') ? 'host is a list' : undefined
}

function decoded(url: URL): UrlParts | undefined {
  // Unlike a form, libpq leaves "+" alone.
  const query = new URLSearchParams(url.search.replaceAll('+', '%2B'))
  try {
    return {
      host: decodeURIComponent(url.hostname),
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
