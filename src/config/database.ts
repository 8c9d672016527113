import { unescape as decoded } from 'node:querystring'
import type { Reader } from './reader.js'
import { HOST, oneOf, PORT, Wrong } from './values.js'

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const

/** Where the database is, who logs in, and what the server's TLS has to prove. */
export interface DatabaseSettings {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password?: string | undefined
  readonly sslMode: (typeof SSL_MODES)[number]
  /** Path of a PEM file, or "system"; as with libpq, giving one turns "require" into "verify-ca". */
  readonly sslRootCert?: string | undefined
  /** PostgreSQL's search_path, where research_jobs is looked for; undefined: the role's own. */
  readonly searchPath?: string | undefined
}

/** DATABASE_URL, or else the DB_* variables. */
export function databaseSettings(reader: Reader): DatabaseSettings {
  if (reader.has('DATABASE_URL') || !(reader.has('DB_HOST') || reader.has('DB_NAME')))
    return reader.required('DATABASE_URL', settingsOf, 'set it, or DB_HOST, DB_NAME, DB_USER and DB_PASSWORD')
  const cure = 'DATABASE_URL is not set, so the DB_* variables are needed'
  return {
    host: reader.required('DB_HOST', HOST, cure),
    port: reader.optional('DB_PORT', PORT, 5432),
    database: reader.required('DB_NAME', (text) => text, cure),
    user: reader.required('DB_USER', (text) => text, cure),
    password: reader.verbatim('DB_PASSWORD'),
    sslMode: reader.optional('DB_SSLMODE', oneOf(SSL_MODES), 'require'),
  }
}

/** libpq's grammar: user and password end at the first "@" if no "/" comes before. SQLAlchemy adds "+" and a driver. */
const GRAMMAR =
  /^postgres(?:ql)?(?:\+\w+)?:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<rest>(?:\[(?<address>[^\]]+)\]|(?<host>[^:/?]*))(?::(?<port>[^/?]*))?(?:\/(?<dbname>[^?]*))?(?:\?(?<query>.*))?)$/
const PARAMETERS = /^(?:[^=&]+=[^=&]*(?:&|$))*$/
const ENCODE = 'percent-encode # / @ ? : and blanks in a password or name (%23 %2F %40 %3F %3A %20)'

/** What people paste by mistake. */
const PASTED: readonly (readonly [RegExp, string])[] = [
  [/^["'`‘’“”]/, 'stands in quotes: remove them'],
  [/^(?:export\s+)?DATABASE_URL\s*=/i, 'begins with its own name: keep what follows the "="'],
  [/^psql\b/, 'is a command for psql: keep only the URL in it'],
  [/^jdbc:/, 'is a JDBC URL: write a postgresql:// URL, with user and password before the host'],
  [/[[<{(][\w -]*pass(?:word)?[\]>})]/i, 'has a placeholder where the password belongs'],
  [/\s/, `contains a blank or a line break: ${ENCODE}`],
]

const HONOURED = /^(?:user|password|host|port|dbname|sslmode|search_path)=|^sslrootcert=./
/** Parameters that change neither which rows are read nor who can read along. Any other one is refused. */
const HARMLESS: readonly RegExp[] = [
  /^(?:fallback_)?application_name=/,
  /^(?:connect_timeout|keepalives(?:_idle|_interval|_count)?|tcp_user_timeout)=\d+$/,
  // The default, or what is done anyway. Neon needs its option only from clients that send no SNI.
  /^(?:channel_binding|gssencmode)=(?:disable|prefer)$|^options=(?:(?:endpoint|project)=[\w-]+)?$|^uselibpqcompat=true$/,
  /^(?:target_session_attrs=any|client_encoding=(?:auto|utf-?8)|ssl_min_protocol_version=TLSv1(?:\.[12])?)$/i,
  // Settings of other clients' own pools.
  /^(?:connection_limit|max_overflow|pgbouncer|pool_\w+|prepareThreshold|socket_timeout|supa|workaround)=/,
  /^(?:prepared_)?statement_cache_size=/,
]
/** What to do besides removing a refused parameter. */
const CURES: ReadonlyMap<string, string> = new Map([
  ['channel_binding', '; sslmode=verify-full proves the server as well'],
  ['hostaddr', ', and name the server as the host'],
  ['options', '; only a search_path can be set in it'],
  ['sslnegotiation', '; sslmode=require encrypts as well'],
  ['ssl', ', and write sslmode=…'],
  ['target_session_attrs', ', and name the primary as the host'],
])

type Pair = readonly [name: string, value: string]

/**
 * The settings that psql would take from the URL. A parameter is honoured, or harmless, or refused by its name: a run
 * that ignored one might read another table, or send the password in the clear. No problem repeats a secret value.
 */
function settingsOf(text: string): DatabaseSettings | Wrong {
  const pasted = PASTED.find(([form]) => form.test(text))?.[1]
  if (pasted) return new Wrong(` ${pasted}`)
  const { rest, query = '', address, ...parts } = GRAMMAR.exec(text)?.groups ?? {}
  if (rest === undefined) return new Wrong(' must be a postgresql:// URL, as psql takes it')
  if (rest.includes('@')) return new Wrong(` has an "@" behind the one before its host: ${ENCODE}`)
  if (/%(?![\da-f]{2})|%00/i.test(text)) return new Wrong(' has a "%" that encodes no character: write %25')
  if (!PARAMETERS.test(query)) return new Wrong(' has a parameter without exactly one "=": in a value, write %3D')
  const pairs = (query.match(/[^&]+/g) ?? []).map((pair) => pair.split('='))
  const all = [...Object.entries(parts), ['host', address || parts.host], ...pairs]
  return settingsBy(all.map(([key, value]) => translated(decoded(key ?? ''), decoded(value ?? ''))))
}

/** Other clients' names and values → libpq's; whatever names a schema becomes a search_path. */
function translated(key: string, value: string): Pair {
  const [, path] = (key === 'options' && /^\s*(?:-c\s*|--)search[-_]path=((?:\\.|[^\\\s])*)\s*$/i.exec(value)) || []
  if (path !== undefined) return ['search_path', path.replace(/\\(.)/g, '$1')]
  if (key === 'currentSchema') return ['search_path', value]
  if (key === 'schema') return ['search_path', `"${value.replaceAll('"', '""')}"`]
  if (key === 'ssl' && value === 'true') return ['sslmode', 'require']
  if (key === 'requiressl') return ['sslmode', value.startsWith('1') ? 'require' : 'prefer']
  return [key, value]
}

function settingsBy(pairs: readonly Pair[]): DatabaseSettings | Wrong {
  const refused = pairs.filter((pair) => ![HONOURED, ...HARMLESS].some((form) => form.test(pair.join('='))))
  if (refused.length > 0) return new Wrong(` asks for what is not supported: ${refused.map(named).join(', ')}`)
  if (pairs.filter(([key]) => key === 'search_path').length > 1) return new Wrong(' names a schema more than once')
  // As with libpq, the last value of a key counts.
  const given: Partial<Record<string, string>> = Object.fromEntries(pairs)
  const { host, user, sslrootcert: sslRootCert, search_path: searchPath } = given
  const port = PORT(given.port || '5432')
  const mode = given.sslmode ?? (sslRootCert === 'system' ? 'verify-full' : 'prefer')
  const sslMode = SSL_MODES.find((known) => known === mode)
  if (!host || !user)
    return new Wrong(` names no ${host ? 'user' : 'host'} (in a .env file, a "#" outside quotes ends the value)`)
  if (`${host}${given.port}`.includes(',')) return new Wrong(' names several hosts: keep the primary')
  if (port instanceof Wrong) return new Wrong(`: its port${port.problem}`)
  if (!sslMode) return new Wrong(`: sslmode must be one of ${SSL_MODES.join(', ')}`)
  if (sslRootCert === 'system' && mode !== 'verify-full') return new Wrong(': sslrootcert=system needs verify-full')
  const { dbname, password } = given
  return {
    host,
    port,
    database: dbname || user,
    user,
    password: password || undefined,
    sslMode,
    sslRootCert,
    searchPath,
  }
}

/** A name of another form is not shown: it may be a piece of a password. */
function named([key]: Pair): string {
  if (!/^\w{1,40}$/.test(key)) return 'a parameter that PostgreSQL does not have'
  return `${key} (remove it${CURES.get(key) ?? ''})`
}
