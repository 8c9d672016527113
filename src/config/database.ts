import type { Reader } from './reader.js'
import { HOST, oneOf, PORT, Wrong } from './values.js'

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const

/** Where the database is, who asks, and what its TLS has to prove. */
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

/** libpq's grammar: the user's part ends at the first "@", unless a "/" comes before. SQLAlchemy adds "+" and its driver. */
const GRAMMAR =
  /^postgres(?:ql)?(?:\+\w+)?:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<rest>(?:\[(?<address>[^\]]+)\]|(?<name>[^:/?]*))(?::(?<port>[^/?]*))?(?:\/(?<dbname>[^?]*))?(?:\?(?<query>.*))?)$/
const PARAMETERS = /^(?:[^=&]+=[^=&]*(?:&|$))*$/
const ENCODE = 'percent-encode # / @ ? : and blanks in a password or name (%23 %2F %40 %3F %3A %20)'

/** What else people paste. */
const PASTED: readonly (readonly [RegExp, string])[] = [
  [/^["'`‘’“”]/, 'stands in quotes: remove them'],
  [/^(?:export\s+)?DATABASE_URL\s*=/i, 'begins with its own name: keep what follows the "="'],
  [/^psql\b/, 'is a command for psql: keep only the URL in it'],
  [/^jdbc:/, 'is a JDBC URL: write a postgresql:// URL, with user and password before the host'],
  [/[[<{(][\w -]*pass(?:word)?[\]>})]/i, 'has a placeholder where the password belongs'],
  [/\s/, `contains a blank or a line break: ${ENCODE}`],
]

/** What changes neither the rows that are read nor who can read along. Any other parameter is honoured or refused. */
const HARMLESS: readonly RegExp[] = [
  /^(?:fallback_)?application_name=/,
  /^(?:connect_timeout|keepalives(?:_idle|_interval|_count)?|tcp_user_timeout)=\d+$/,
  // Each of these is the default, or what is done anyway.
  /^(?:channel_binding|gssencmode)=(?:disable|prefer)$/,
  /^(?:load_balance_hosts=disable|sslcompression=[01]|sslnegotiation=postgres|sslsni=1|target_session_attrs=any)$/,
  /^(?:client_encoding=(?:auto|utf-?8)|ssl_min_protocol_version=TLSv1(?:\.[12])?)$/i,
  // Neon asks for it where a client sends no SNI.
  /^options=(?:(?:endpoint|project)=[\w-]+)?$/,
  // What other clients tell their own pools.
  /^(?:connection_limit|max_overflow|pgbouncer|pool_\w+|prepareThreshold|socket_timeout|supa|workaround)=/,
  /^(?:prepared_)?statement_cache_size=/,
]
const HONOURED = /^(?:user|password|host|port|dbname|sslmode|sslrootcert|search_path)=/

/** Where removing the parameter is not all that there is to do. */
const CURES: ReadonlyMap<string, string> = new Map([
  ['channel_binding', 'sslmode=verify-full proves the server as well'],
  ['hostaddr', 'name the server as the host'],
  ['options', 'only a search_path can be set in it'],
  ['sslnegotiation', 'sslmode=require encrypts as well'],
  ['ssl', 'write sslmode=require'],
  ['target_session_attrs', 'name the primary as the host'],
])

type Pair = readonly [key: string, value: string]

/**
 * What psql would make of the URL. A parameter is honoured, or harmless, or refused by its name: a run that ignored
 * one might read another table, or send the password in the clear. No value is repeated, since it may be secret.
 */
function settingsOf(text: string): DatabaseSettings | Wrong {
  const pasted = PASTED.find(([form]) => form.test(text))?.[1]
  if (pasted) return new Wrong(` ${pasted}`)
  const { rest, query = '', user = '', password = '', ...server } = GRAMMAR.exec(text)?.groups ?? {}
  if (rest === undefined) return new Wrong(' must be a postgresql:// URL, as psql takes it')
  if (rest.includes('@')) return new Wrong(` has an "@" behind the one before its host: ${ENCODE}`)
  if (!isEncoded(text)) return new Wrong(' has a "%" that begins no percent-encoded character: write %25')
  if (!PARAMETERS.test(query)) return new Wrong(' has a parameter without exactly one "=": in a value, write %3D')
  const { address, name = '', port = '', dbname = '' } = server
  const parts: Pair[] = Object.entries({ user, password, host: address ?? name, port, dbname })
  const pairs = query
    .split('&')
    .filter(Boolean)
    .map((pair) => pair.split('=') as [string, string])
  return settingsBy(
    [...parts, ...pairs].map(([key, value]) => translated(decodeURIComponent(key), decodeURIComponent(value))),
  )
}

function isEncoded(text: string): boolean {
  try {
    return !decodeURIComponent(text).includes('\0')
  } catch {
    return false
  }
}

/** In libpq's words, where others have words of their own; all that names schemas is a search_path. */
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
  // As with libpq, the last one counts.
  const {
    host = '',
    user = '',
    dbname,
    password,
    sslrootcert,
    ...given
  }: Partial<Record<string, string>> = Object.fromEntries(pairs)
  const port = PORT(given.port || '5432')
  const mode = given.sslmode ?? (sslrootcert === 'system' ? 'verify-full' : 'prefer')
  const sslMode = SSL_MODES.find((known) => known === mode)
  if (!host || !user) return new Wrong(` names no ${host ? 'user' : 'host'}`)
  if (`${host}${given.port}`.includes(',')) return new Wrong(' names several hosts: keep the primary')
  if (port instanceof Wrong) return new Wrong(`: its port${port.problem}`)
  if (!sslMode) return new Wrong(`: sslmode must be one of ${SSL_MODES.join(', ')}`)
  if (sslrootcert === '') return new Wrong(': sslrootcert is empty: set it to the path of a PEM file, or remove it')
  if (sslrootcert === 'system' && sslMode !== 'verify-full')
    return new Wrong(': sslrootcert=system needs sslmode=verify-full')
  return {
    host,
    port,
    database: dbname || user,
    user,
    password: password || undefined,
    sslMode,
    sslRootCert: sslrootcert,
    searchPath: given.search_path,
  }
}

/** What stands before "=" may be a piece of a password. */
function named([key]: Pair): string {
  if (!/^\w{1,40}$/.test(key)) return 'a parameter that PostgreSQL does not have'
  return `${key} (${['remove it', CURES.get(key) ?? []].flat().join('; ')})`
}
