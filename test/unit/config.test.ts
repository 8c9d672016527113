import { expect, test } from 'vitest'
import { ConfigError, type Environment } from '../../src/config/reader.js'
import { digestConfig, migrateConfig, usableConfig } from '../../src/config.js'

const DATABASE = { DATABASE_URL: 'postgresql://app:hunter2@db.example.com:6543/music?sslmode=require' }
const COMPLETE: Environment = {
  ...DATABASE,
  SENDGRID_API_KEY: 'SG.key',
  ALERT_EMAIL_TO: 'oncall@example.com',
  FROM_EMAIL: 'alerts@example.com',
}

function sending(env: Environment = {}) {
  return digestConfig({ ...COMPLETE, ...env }, { dryRun: false })
}

function mail(env: Environment = {}) {
  const settings = sending(env).mail
  if (!settings) throw new Error('no mail settings')
  return settings
}

function database(url: string) {
  return digestConfig({ DATABASE_URL: url }, { dryRun: true }).database
}

function problems(read: () => unknown): readonly string[] {
  try {
    read()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('every problem is named at once', () => {
  const named = problems(() =>
    digestConfig(
      {
        DB_HOST: 'localhost',
        DB_PORT: 'x',
        DB_SSLMODE: 'x',
        ADMIN_BASE_URL: 'x',
        ALERT_TIMEZONE: 'x',
        ALERT_EMAIL_TO: 'x',
        FROM_EMAIL: 'x',
        SENDGRID_BASE_URL: 'x',
        SEND_TIMEOUT: 'x',
        RUN_TIMEOUT: 'x',
      },
      { dryRun: false },
    ),
  )
  const names = named.map((problem) => problem.split(/[ :]/)[0]).sort()
  expect(names).toEqual([
    'ADMIN_BASE_URL',
    'ALERT_EMAIL_TO',
    'ALERT_TIMEZONE',
    'DB_NAME',
    'DB_PORT',
    'DB_SSLMODE',
    'DB_USER',
    'FROM_EMAIL',
    'RUN_TIMEOUT',
    'SENDGRID_API_KEY',
    'SENDGRID_BASE_URL',
    'SEND_TIMEOUT',
  ])
})

test('an empty environment names what is missing, and each cure', () => {
  expect(problems(() => digestConfig({}, { dryRun: false }))).toEqual([
    expect.stringMatching(/^DATABASE_URL is missing: .*DB_HOST/),
    expect.stringMatching(/^SENDGRID_API_KEY is missing: /),
    expect.stringMatching(/^FROM_EMAIL is missing: /),
    expect.stringMatching(/^ALERT_EMAIL_TO is missing: /),
  ])
})

test('a blank variable counts as missing', () => {
  expect(problems(() => sending({ SENDGRID_API_KEY: ' \n' }))).toEqual([expect.stringMatching(/^SENDGRID_API_KEY is/)])
})

test.each([
  'DATABASE_URL',
  'DB_PORT',
  'DB_SSLMODE',
  'SENDGRID_API_KEY',
  'ALERT_EMAIL_TO',
  'FROM_EMAIL',
  'SENDGRID_BASE_URL',
  'ADMIN_BASE_URL',
  'ALERT_TIMEZONE',
  'SEND_TIMEOUT',
  'RUN_TIMEOUT',
])('the value of a malformed %s is not repeated: it may be a secret in the wrong place', (name) => {
  const { DATABASE_URL, ...rest } = COMPLETE
  const env = name.startsWith('DB_') ? { ...rest, DB_HOST: 'h', DB_NAME: 'd', DB_USER: 'u' } : COMPLETE
  const found = problems(() => digestConfig({ ...env, [name]: 'hunter2 “hunter2”' }, { dryRun: false }))
  expect(found).toHaveLength(1)
  expect(found[0]).toContain(name)
  expect(found[0]).not.toContain('hunter2')
})

test.each([
  'postgresql://app:hunter2@host:port/db',
  'postgresql://app:hun/ter2@host/db',
  'postgresql://app:hunter2@host:99999/db',
  'postgresql://app:hunter2@host:0/db',
  'postgresql://app:hunter2@host/db?port=x',
  'postgresql://app:hunter2%zz@host/db',
  'postgresql://app:hunter2@/db',
  'postgresql:///db?user=app&password=hunter2',
  'mysql://app:hunter2@host/db',
  'app:hunter2@host/db',
  '"postgresql://app:hunter2@host/db"',
  'postgresql://app:hunter2@host/db?sslmode=hunter2',
  'postgresql://postgres:12/hunter2@db/x',
  'postgresql://:hunter2@host/db',
  'postgresql://host/db',
  'postgresql://app:hunter2@one,two/db',
  'postgresql://app:hun@ter2@host/db',
])('the malformed %s is refused without its password', (url) => {
  try {
    database(url)
    expect.unreachable()
  } catch (error) {
    expect((error as ConfigError).problems).toEqual([expect.stringMatching(/^DATABASE_URL/)])
    expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toMatch(/hunter2|ter2/)
    expect((error as Error).cause).toBeUndefined()
  }
})

test.each([
  ['postgresql://postgres:12/34@db/x', 'has an "@" behind the one before its host: percent-encode # / @'],
  ['postgresql://postgres:12@34@db/x', 'has an "@" behind the one before its host: percent-encode # / @'],
  ['postgresql://host/db?user=app@server', 'has an "@" behind the one before its host: percent-encode # / @'],
  ['postgresql://app:1 2@host/db', 'contains a blank or a line break: percent-encode # / @'],
  ['postgresql://app:100%@host/db', 'has a "%" that encodes no character: write %25'],
  ['postgresql://app:w%00@host/db', 'has a "%" that encodes no character: write %25'],
  ['postgresql://:hunter2@host/db', 'names no user'],
  // What dotenv leaves of app:hunter#2@host/db.
  ['postgresql://app:5', 'names no user (in a .env file, a "#" outside quotes ends the value)'],
  ['postgresql:///db', 'names no host'],
  ['postgresql://app:hunter2@one,two/db', 'names several hosts: keep the primary'],
  ['postgresql://app@one:1,two:2/db', 'names several hosts: keep the primary'],
  ['postgresql://app@host/db?options=-csearch_path=music', 'has a parameter without exactly one "="'],
  ['postgresql://app@host/db?schema=a&search_path=b', 'names a schema more than once'],
  ['postgresql://app@host/db?sslmode=verify-full&sslrootcert=', 'sslrootcert (remove it)'],
  ['postgresql://app@host/db?sslmode=require&sslrootcert=system', 'sslrootcert=system needs verify-full'],
  ['mysql://app@host/db', 'must be a postgresql:// URL'],
  ['host=localhost', 'must be a postgresql:// URL'],
  ['"postgresql://app@host/db"', 'stands in quotes'],
  ['“postgresql://app@host/db”', 'stands in quotes'],
  ['DATABASE_URL=postgresql://app@host/db', 'begins with its own name'],
  ['export DATABASE_URL="postgresql://app@host/db"', 'begins with its own name'],
  ["psql 'postgresql://app@host/db'", 'is a command for psql'],
  ['jdbc:postgresql://host/db?user=app', 'is a JDBC URL'],
  ['postgresql://postgres.ref:[YOUR-PASSWORD]@host/db', 'has a placeholder where the password belongs'],
  ['postgresql://app:<db_password>@host/db', 'has a placeholder where the password belongs'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as people write it
  ['postgresql://app:${PASSWORD}@host/db', 'has a placeholder where the password belongs'],
])('%s is refused for what it is', (url, why) => {
  expect(problems(() => database(url))).toEqual([expect.stringMatching(/^DATABASE_URL[ :]/)])
  expect(problems(() => database(url))[0]).toContain(why)
})

test('DATABASE_URL is read whole', () => {
  expect(database(DATABASE.DATABASE_URL)).toEqual({
    host: 'db.example.com',
    port: 6543,
    database: 'music',
    user: 'app',
    password: 'hunter2',
    sslMode: 'require',
    sslRootCert: undefined,
  })
})

test('what DATABASE_URL leaves out is as with libpq: port 5432, the database of the user, TLS if there is any', () => {
  expect(database('postgres://app@host')).toMatchObject({
    port: 5432,
    database: 'app',
    password: undefined,
    sslMode: 'prefer',
  })
})

test.each([
  ['postgresql://a%40b:p%40%2F%23%25w@host/my%20db', { user: 'a@b', password: 'p@/#%w', database: 'my db' }],
  ['postgresql://app:a+b@host/db', { password: 'a+b' }],
  ['postgresql://app:1#2?3:[4]@host/db', { password: '1#2?3:[4]', host: 'host' }],
  ['postgresql://app:1?user=5678@db/x', { user: 'app', password: '1?user=5678', host: 'db' }],
  ['postgresql+psycopg2://app@host/db', { host: 'host' }],
  ['postgresql://host/db?user=app%40server', { user: 'app@server' }],
  ['postgresql://app@host/db?sslrootcert=system', { sslMode: 'verify-full', sslRootCert: 'system' }],
  ['postgresql://app:w@[::1]:5433/db', { host: '::1', port: 5433 }],
  ['postgresql://app:w@%2Fvar%2Frun/db', { host: '/var/run' }],
  ['postgresql:///db?host=/tmp&port=5433&user=app&password=a%2Fb+c', { host: '/tmp', port: 5433, password: 'a/b+c' }],
])('%s means %j', (url, expected) => {
  expect(database(url)).toMatchObject(expected)
})

test.each(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'])(
  'sslmode=%s keeps its meaning, in the URL and in DB_SSLMODE',
  (mode) => {
    expect(database(`postgresql://app@host/db?sslmode=${mode}`).sslMode).toBe(mode)
    const parts = { DB_HOST: 'h', DB_NAME: 'd', DB_USER: 'u', DB_SSLMODE: mode }
    expect(migrateConfig(parts).database.sslMode).toBe(mode)
  },
)

test.each([
  ['ssl=true', 'require'],
  ['requiressl=1', 'require'],
  ['requiressl=0', 'prefer'],
])('%s means sslmode=%s', (query, mode) => {
  expect(database(`postgresql://app@host/db?${query}`).sslMode).toBe(mode)
})

test('sslrootcert is kept', () => {
  const url = 'postgresql://app@host/db?sslmode=verify-full&sslrootcert=/etc/ca+1.pem'
  expect(database(url).sslRootCert).toBe('/etc/ca+1.pem')
})

test.each([
  'pgbouncer=true&connection_limit=1&pool_timeout=0&statement_cache_size=0',
  'application_name=y&connect_timeout=10&keepalives=1&keepalives_idle=30',
  'channel_binding=prefer&gssencmode=disable&target_session_attrs=any&client_encoding=UTF8',
  'options=endpoint%3Dep-cool-darkness-123456',
  'uselibpqcompat=true',
])('%s is harmless, and dropped', (query) => {
  expect(database(`${DATABASE.DATABASE_URL}&${query}`)).toEqual(database(DATABASE.DATABASE_URL))
})

test.each([
  ['schema=music', '"music"'],
  ['schema=my%22music', '"my""music"'],
  ['search_path=music,public', 'music,public'],
  ['currentSchema=music', 'music'],
  ['options=-csearch_path%3Dmusic', 'music'],
  ['options=-c%20search_path%3D%22my%5C%20music%22,public', '"my music",public'],
  ['options=--search-path%3Dmusic', 'music'],
  ['sslmode=require', undefined],
])('with %s research_jobs is looked for in %s', (query, searchPath) => {
  expect(database(`postgresql://app@host/db?${query}`).searchPath).toBe(searchPath)
})

test('migrate refuses a URL that names a schema: it might alter another table', () => {
  expect(problems(() => migrateConfig({ DATABASE_URL: 'postgresql://app@host/db?schema=music' }))).toEqual([
    expect.stringMatching(/^DATABASE_URL names a schema, .*: remove it, and run "alter role … set search_path = …"/),
  ])
})

test.each([
  ['channel_binding=require', 'channel_binding (remove it; sslmode=verify-full proves the server as well)'],
  ['sslnegotiation=direct', 'sslnegotiation (remove it; sslmode=require encrypts as well)'],
  ['options=-crole%3Downer', 'options (remove it; only a search_path can be set in it)'],
  ['options=-csearch_path%3Dmusic%20-crole%3Downer', 'options (remove it; only a search_path can be set in it)'],
  ['hostaddr=10.0.0.1', 'hostaddr (remove it, and name the server as the host)'],
  ['target_session_attrs=read-write', 'target_session_attrs (remove it, and name the primary as the host)'],
  ['ssl=verify-full', 'ssl (remove it, and write sslmode=…)'],
  ['service=music&passfile=/x', 'service (remove it), passfile (remove it)'],
  ['gssencmode=require', 'gssencmode (remove it)'],
  ['require_auth=md5', 'require_auth (remove it)'],
  ['requirepeer=postgres', 'requirepeer (remove it)'],
  ['replication=database', 'replication (remove it)'],
  ['client_encoding=LATIN1', 'client_encoding (remove it)'],
  ['sslcert=/x&sslkey=/x&sslpassword=x', 'sslcert (remove it), sslkey (remove it), sslpassword (remove it)'],
  ['sslcrl=/x', 'sslcrl (remove it)'],
  ['sslsni=0', 'sslsni (remove it)'],
  ['ssl_min_protocol_version=TLSv1.3', 'ssl_min_protocol_version (remove it)'],
  ['constructor=x', 'constructor (remove it)'],
  ['SSLMODE=require', 'SSLMODE (remove it)'],
  ['hunter2%20%2F=x', 'a parameter that PostgreSQL does not have'],
])('%s is refused by name: psql obeys it, or does not know it', (query, named) => {
  expect(problems(() => database(`postgresql://app@host/db?${query}`))).toEqual([
    `DATABASE_URL asks for what is not supported: ${named}`,
  ])
})

test('an IPv6 address is read without its brackets, wherever it stands', () => {
  const parts = { DB_NAME: 'd', DB_USER: 'u' }
  expect(database('postgresql://app@[::1]/db').host).toBe('::1')
  expect(migrateConfig({ ...parts, DB_HOST: '[::1]' }).database.host).toBe('::1')
  expect(migrateConfig({ ...parts, DB_HOST: '::1' }).database.host).toBe('::1')
  expect(migrateConfig({ ...parts, DB_HOST: '/var/run' }).database.host).toBe('/var/run')
})

test.each(['one,two', 'db.example.com:5433', '[::1]:5433', 'https://db.example.com'])(
  'DB_HOST=%s is refused',
  (DB_HOST) => {
    expect(problems(() => migrateConfig({ DB_HOST, DB_NAME: 'd', DB_USER: 'u' }))).toEqual([
      'DB_HOST must be one host alone: DB_PORT is for the port',
    ])
  },
)

test('DB_PASSWORD is taken as it is, blanks at its ends included', () => {
  const env = { DB_HOST: 'h', DB_NAME: 'd', DB_USER: 'u', DB_PASSWORD: ' p ' }
  expect(migrateConfig(env).database.password).toBe(' p ')
  expect(migrateConfig({ ...env, DB_PASSWORD: '' }).database.password).toBeUndefined()
})

test('the DB_* variables stand in for DATABASE_URL, and demand TLS unless told otherwise', () => {
  const env = { DB_HOST: 'h', DB_NAME: 'd', DB_USER: 'u', DB_PASSWORD: 'p#/@ %' }
  expect(migrateConfig(env).database).toEqual({
    host: 'h',
    port: 5432,
    database: 'd',
    user: 'u',
    password: 'p#/@ %',
    sslMode: 'require',
    sslRootCert: undefined,
  })
  expect(migrateConfig({ ...env, DB_PORT: '6543' }).database.port).toBe(6543)
})

test('DATABASE_URL wins over the DB_* variables', () => {
  expect(migrateConfig({ ...DATABASE, DB_HOST: 'other', DB_PORT: 'x' }).database.host).toBe('db.example.com')
})

test.each(['0', '65536', '-1', '1e3', '54 32', ''])('DB_PORT=%j is no port, blank is the default', (value) => {
  const read = () => migrateConfig({ DB_HOST: 'h', DB_NAME: 'd', DB_USER: 'u', DB_PORT: value })
  expect(problems(read)).toHaveLength(value === '' ? 0 : 1)
})

test('a dry run needs the database and nothing else', () => {
  expect(digestConfig(DATABASE, { dryRun: true })).toEqual({
    database: database(DATABASE.DATABASE_URL),
    presentation: { adminBaseUrl: 'https://admin.approachnote.com', timezone: 'UTC', environment: undefined },
    mail: undefined,
    runTimeout: 300_000,
    overdueAfter: undefined,
    logLevel: 'info',
  })
})

test('a dry run does not mind malformed variables of the mail', () => {
  const env = { ...DATABASE, ALERT_EMAIL_TO: 'x', SEND_TIMEOUT: 'x', SENDGRID_BASE_URL: 'x' }
  expect(problems(() => digestConfig(env, { dryRun: true }))).toEqual([])
})

test('the defaults of the mail are SendGrid, "Job alerts" and 15 seconds', () => {
  expect(mail()).toEqual({
    apiKey: 'SG.key',
    baseUrl: 'https://api.sendgrid.com',
    from: { email: 'alerts@example.com', name: 'Job alerts' },
    to: ['oncall@example.com'],
    timeout: 15_000,
  })
})

test.each([
  ['https://api.eu.sendgrid.com', 'https://api.eu.sendgrid.com'],
  ['https://api.eu.sendgrid.com//', 'https://api.eu.sendgrid.com'],
  ['http://127.0.0.1:8025', 'http://127.0.0.1:8025'],
  ['http://127.9.9.9', 'http://127.9.9.9'],
  ['http://localhost:8025/', 'http://localhost:8025'],
  ['http://LOCALHOST', 'http://localhost'],
  ['http://[::1]:8025', 'http://[::1]:8025'],
  ['https://api.sendgrid.com/v3', 'https://api.sendgrid.com'],
  ['https://api.sendgrid.com/v3/', 'https://api.sendgrid.com'],
])('SENDGRID_BASE_URL=%s is accepted', (value, baseUrl) => {
  expect(mail({ SENDGRID_BASE_URL: value }).baseUrl).toBe(baseUrl)
})

test.each([
  'http://api.sendgrid.com',
  'http://127.0.0.1.evil.com',
  'http://localhost.evil.com',
  'http://localhost.',
  'http://evil-localhost',
  'http://127.0.0.1@evil.com',
  'http://localhost:80@evil.com',
  'http://localhost%40evil.com',
  'http://evil.com\\@localhost',
  'http://evil.com/#@localhost',
  'http://evil.com?@localhost',
  'http://128.0.0.1',
  'http://0.0.0.0',
  'http://[::ffff:127.0.0.1]',
  'http://[::2]',
  'https://user@api.sendgrid.com',
  'https://api.sendgrid.com@evil.com',
  'https://api.sendgrid.com?key=x',
  'ftp://localhost',
  'file:///etc/passwd',
  'api.sendgrid.com',
])('SENDGRID_BASE_URL=%s is refused: the key would travel in the clear, or elsewhere', (value) => {
  expect(problems(() => mail({ SENDGRID_BASE_URL: value }))).toEqual([expect.stringMatching(/^SENDGRID_BASE_URL must/)])
})

test.each([
  ['a@example.com', ['a@example.com']],
  [' a@example.com ,, b@example.com , ', ['a@example.com', 'b@example.com']],
  ['a@example.com,A@Example.com,b@example.com', ['a@example.com', 'b@example.com']],
  ['On.Call+jobs@sub.example.co.uk', ['On.Call+jobs@sub.example.co.uk']],
])('ALERT_EMAIL_TO=%j tells %j', (value, to) => {
  expect(mail({ ALERT_EMAIL_TO: value }).to).toEqual(to)
})

test.each([
  ['nobody', 1],
  ['a@example.com, nobody', 2],
  ['a@example.com,,nobody@localhost', 2],
  ['Bob <bob@example.com>', 1],
  ['a@example.com; b@example.com', 1],
  ['a@example.com b@example.com', 1],
  ['a@@example.com', 1],
  ['a@example.com\r\nBcc: b@example.com', 1],
])('ALERT_EMAIL_TO=%j is refused by the place of its wrong entry, %d', (value, entry) => {
  expect(problems(() => mail({ ALERT_EMAIL_TO: value }))).toEqual([expect.stringContaining(`entry ${entry} `)])
})

test('ALERT_EMAIL_TO that holds nothing but commas is refused', () => {
  expect(problems(() => mail({ ALERT_EMAIL_TO: ' , ,' }))).toEqual(['ALERT_EMAIL_TO contains no address'])
})

test('FROM_EMAIL is one plain address, FROM_NAME one short line', () => {
  expect(problems(() => mail({ FROM_EMAIL: 'a@example.com, b@example.com' }))).toHaveLength(1)
  expect(mail({ FROM_NAME: 'Jobs\r\nBcc: x@example.com' }).from.name).toBe('Jobs Bcc: x@example.com')
  expect(mail({ FROM_NAME: 'J'.repeat(500) }).from.name).toHaveLength(80)
})

test.each(['SG.a b', 'SG.a\nb', 'SG.“a”'])('the key %j is refused: no HTTP header can hold it', (key) => {
  expect(problems(() => mail({ SENDGRID_API_KEY: key }))).toEqual([
    expect.stringMatching(/^SENDGRID_API_KEY contains a character/),
  ])
})

test.each([
  ['DATABASE_URL', '\u200bpostgresql://app:hunter2@host/db', 'U+200B'],
  ['SENDGRID_API_KEY', 'SG.key\ufeff', 'U+FEFF'],
  ['ALERT_EMAIL_TO', 'a@example.com,\u00a0b@example.com', 'U+00A0'],
  ['FROM_NAME', 'Job\u200dalerts', 'U+200D'],
  ['ALERT_ENVIRONMENT', 'sta\u00adging', 'U+00AD'],
  ['SEND_TIMEOUT', '15s\u2028', 'U+2028'],
  ['LOG_LEVEL', 'info\u0000', 'U+0000'],
  ['HEARTBEAT_URL', 'https://hc-ping.com/\u2060uuid', 'U+2060'],
])('an invisible character in %s is refused by name: %j has %s', (name, value, code) => {
  expect(problems(() => sending({ [name]: value }))).toEqual([
    `${name} contains an invisible character (${code}): type it anew`,
  ])
})

test('an invisible character in DB_PASSWORD is refused as well', () => {
  const env = { DB_HOST: 'h', DB_NAME: 'd', DB_USER: 'u', DB_PASSWORD: 'hunter2\u200b' }
  expect(problems(() => migrateConfig(env))).toEqual([
    'DB_PASSWORD contains an invisible character (U+200B): type it anew',
  ])
})

test('a key pasted with a line break at its end is taken without it', () => {
  expect(mail({ SENDGRID_API_KEY: 'SG.key\n' }).apiKey).toBe('SG.key')
})

test.each([
  ['30s', 30_000],
  ['59s', 59_000],
])('SEND_TIMEOUT=%s is %d ms', (value, timeout) => {
  expect(mail({ SEND_TIMEOUT: value }).timeout).toBe(timeout)
})

test.each(['0s', '15', '25h', '999999999w', 'soon'])('RUN_TIMEOUT=%s is refused', (value) => {
  expect(problems(() => sending({ RUN_TIMEOUT: value }))).toEqual([expect.stringMatching(/^RUN_TIMEOUT must/)])
})

test('RUN_TIMEOUT and SEND_TIMEOUT are bounds of their own', () => {
  expect(sending({ RUN_TIMEOUT: '5s', SEND_TIMEOUT: '1m' })).toMatchObject({
    runTimeout: 5_000,
    mail: { timeout: 60_000 },
  })
})

test.each([
  [{}, undefined],
  [{ REFRESH_OVERDUE_AFTER: '14d' }, 14 * 86_400_000],
  [{ REFRESH_OVERDUE_AFTER: '90d' }, 90 * 86_400_000],
])('with %j a refresh is overdue after %s ms', (env, after) => {
  expect(sending(env).overdueAfter).toBe(after)
})

test.each(['two weeks', '0d', '3651d'])('REFRESH_OVERDUE_AFTER=%s is refused', (after) => {
  expect(problems(() => sending({ REFRESH_OVERDUE_AFTER: after }))).toEqual([
    'REFRESH_OVERDUE_AFTER must be a duration of at most 3650d, e.g. 14d',
  ])
})

test.each(['Europe/Berlin', 'America/New_York', 'UTC', 'Asia/Kathmandu'])('ALERT_TIMEZONE=%s is accepted', (zone) => {
  expect(sending({ ALERT_TIMEZONE: zone }).presentation.timezone).toBe(zone)
})

test.each(['Europe/Atlantis', 'Berlin', 'UTC+25', 'Europe/Berlin\nX'])('ALERT_TIMEZONE=%j is refused', (zone) => {
  expect(problems(() => sending({ ALERT_TIMEZONE: zone }))).toEqual([expect.stringMatching(/^ALERT_TIMEZONE must/)])
})

test.each([
  ['http://localhost:5001/admin/', 'http://localhost:5001/admin'],
  ['https://admin.example.com', 'https://admin.example.com'],
  ['https://admin.example.com/"><script>', 'https://admin.example.com/%22%3E%3Cscript%3E'],
])('ADMIN_BASE_URL=%s stands before the pages as %s', (value, base) => {
  expect(sending({ ADMIN_BASE_URL: value }).presentation.adminBaseUrl).toBe(base)
})

test.each(['javascript:alert(1)', 'admin.example.com', 'https://u:p@admin.example.com', 'https://a.example.com/?x'])(
  'ADMIN_BASE_URL=%s is refused',
  (value) => {
    expect(problems(() => sending({ ADMIN_BASE_URL: value }))).toEqual([expect.stringMatching(/^ADMIN_BASE_URL must/)])
  },
)

test('ALERT_ENVIRONMENT is one short line without secrets', () => {
  expect(sending({ ALERT_ENVIRONMENT: ' staging ' }).presentation.environment).toBe('staging')
  expect(sending({ ALERT_ENVIRONMENT: 'a\r\nb' }).presentation.environment).toBe('a b')
  expect(sending({ ALERT_ENVIRONMENT: 'x'.repeat(99) }).presentation.environment).toHaveLength(20)
  expect(sending({ ALERT_ENVIRONMENT: 'password=hunter2' }).presentation.environment).not.toContain('hunter2')
})

test('LOG_LEVEL is one that pino knows, in any case, and info by default', () => {
  expect(sending().logLevel).toBe('info')
  expect(sending({ LOG_LEVEL: 'DEBUG' }).logLevel).toBe('debug')
  expect(problems(() => sending({ LOG_LEVEL: 'loud' }))).toEqual([expect.stringMatching(/^LOG_LEVEL must be one of/)])
})

const heartbeat = (url: string) => problems(() => sending({ HEARTBEAT_URL: url }))

test.each(['https://hc-ping.com/uuid', 'http://127.0.0.1:8000/ping?x'])('HEARTBEAT_URL=%s is accepted', (url) => {
  expect(sending({ HEARTBEAT_URL: url }).heartbeatUrl).toBe(url)
})

test.each(['hc-ping.com/hunter2', 'https://user:hunter2@hc-ping.com/uuid', 'https://hunter2@hc-ping.com/uuid'])(
  'HEARTBEAT_URL=%s is refused: fetch would never request it',
  (url) => {
    expect(heartbeat(url)).toEqual(['HEARTBEAT_URL must be an http or https URL without user and password'])
  },
)

test('each variable that is missing is named with what to set it to', () => {
  expect(problems(() => digestConfig({}, { dryRun: false }))).toEqual([
    'DATABASE_URL is missing: set it, or DB_HOST, DB_NAME, DB_USER and DB_PASSWORD',
    'SENDGRID_API_KEY is missing: create one with Mail Send permission in SendGrid',
    'FROM_EMAIL is missing: set it to a sender that SendGrid has verified',
    'ALERT_EMAIL_TO is missing: set it to the addresses that get the mail, comma-separated',
  ])
})

test('a check uses what is right of a configuration that is wrong in places', () => {
  const whole = usableConfig(COMPLETE)
  expect(whole).toMatchObject({ problems: [], database: { host: 'db.example.com' }, account: { apiKey: 'SG.key' } })
  expect(whole.mail?.to).toEqual(['oncall@example.com'])

  const noKey = usableConfig({ ...COMPLETE, SENDGRID_API_KEY: '' })
  expect(noKey.problems).toHaveLength(1)
  expect(noKey).toMatchObject({ database: { host: 'db.example.com' }, account: undefined, mail: undefined })

  const noDatabase = usableConfig({ ...COMPLETE, DATABASE_URL: 'mysql://app@host/db' })
  expect(noDatabase).toMatchObject({ database: undefined, account: { apiKey: 'SG.key' } })

  const noRecipient = usableConfig({ ...COMPLETE, ALERT_EMAIL_TO: 'x', SEND_TIMEOUT: '3s' })
  expect(noRecipient).toMatchObject({ account: { apiKey: 'SG.key', timeout: 3_000 }, mail: undefined })

  const noTimeout = usableConfig({ ...COMPLETE, SEND_TIMEOUT: 'soon' })
  expect(noTimeout).toMatchObject({ account: { apiKey: 'SG.key', timeout: 15_000 }, mail: undefined })
})

test.each(['1', '5432', '65535'])('%s is a port', (port) => {
  const parts = { DB_HOST: 'h', DB_NAME: 'd', DB_USER: 'u' }
  expect(migrateConfig({ ...parts, DB_PORT: port }).database.port).toBe(Number(port))
})

test.each(['0', '65536', '-1', '5432x', 'x'])('%s is no port', (port) => {
  const parts = { DB_HOST: 'h', DB_NAME: 'd', DB_USER: 'u' }
  expect(problems(() => migrateConfig({ ...parts, DB_PORT: port }))).toEqual(['DB_PORT must be a port number'])
  expect(problems(() => database(`postgresql://app@h:5432/db?port=${port}`))).toHaveLength(1)
})

test.each([
  ['https://api.eu.sendgrid.com/v3', 'https://api.eu.sendgrid.com'],
  ['https://proxy.example.com/v3/sendgrid', 'https://proxy.example.com/v3/sendgrid'],
  ['http://127.100.20.3:8025', 'http://127.100.20.3:8025'],
])('SENDGRID_BASE_URL=%s is asked at %s', (url, base) => {
  expect(mail({ SENDGRID_BASE_URL: url }).baseUrl).toBe(base)
})

test('a name that begins like a loopback address is none', () => {
  expect(problems(() => mail({ SENDGRID_BASE_URL: 'http://127.0.0.1.example.com' }))).toHaveLength(1)
  expect(problems(() => mail({ SENDGRID_BASE_URL: 'http://mail.127.0.0.1' }))).toHaveLength(1)
})
