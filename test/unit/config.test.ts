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
  return migrateConfig({ DATABASE_URL: url }).database
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
  'postgresql://postgres:hunter2#5678@db/x',
  'postgresql://app:12#hunter2@host:6543/db',
  'postgresql://postgres:12/hunter2@db/x',
  'postgresql://app:12?hunter2@host/db',
  'postgresql://:hunter2@host/db',
  'postgresql://host/db',
  'postgresql://app:hunter2@one,two/db',
  'postgresql://app:hunter2@host/db/more',
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
  ['postgresql://postgres:1234#5678@db/x', 'part behind "#" would be lost'],
  ['postgresql://:hunter2@host/db', 'user is missing'],
  ['postgresql://app:hunter2@one,two/db', 'host is a list'],
  ['postgresql://postgres:12/34@db/x', 'database has a "/" or "@" in its name'],
])('%s is refused with the cure', (url, why) => {
  const [problem] = problems(() => database(url))
  expect(problem).toContain('percent-encoded (%23 %2F %40')
  expect(problem).toContain(why)
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
  ['postgresql://app:p@w@host/db', { user: 'app', password: 'p@w', host: 'host' }],
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

test('sslrootcert is kept', () => {
  const url = 'postgresql://app@host/db?sslmode=verify-full&sslrootcert=/etc/ca+1.pem'
  expect(database(url).sslRootCert).toBe('/etc/ca+1.pem')
})

test('keys that only poolers and other drivers know are dropped', () => {
  const odd = 'pgbouncer=true&connection_limit=1&channel_binding=require&application_name=y'
  expect(database(`${DATABASE.DATABASE_URL}&${odd}`)).toEqual(database(DATABASE.DATABASE_URL))
})

test.each([
  [
    'options=-c%20search_path%3Dother',
    /^DATABASE_URL: the option options is not supported; remove it, .*alter role … set search_path/,
  ],
  ['hostaddr=10.0.0.1', /^DATABASE_URL: the option hostaddr is not supported; remove it/],
  ['service=music', /^DATABASE_URL: the option service is not supported; remove it/],
])('%s in DATABASE_URL is refused with its cure: without it another table might be read', (query, problem) => {
  expect(problems(() => database(`${DATABASE.DATABASE_URL}&${query}`))).toEqual([expect.stringMatching(problem)])
})

test.each(['user=5678@db/x', 'user=app&dbname=5678@db/x', 'host=5678@db/x&user=app'])(
  'a password with a "?" spills into the query as %s: refused',
  (query) => {
    expect(problems(() => database(`postgresql://u:1234?${query}`))).toEqual([
      expect.stringMatching(/^DATABASE_URL must .* query has an "@" in a user, host or database$/),
    ])
  },
)

test('an "@" that is percent-encoded may stand in the query', () => {
  expect(database('postgresql://host/db?user=app%40server').user).toBe('app@server')
})

test('an sslrootcert that is empty is refused with its cure', () => {
  expect(problems(() => database('postgresql://app@host/db?sslmode=verify-full&sslrootcert='))).toEqual([
    'DATABASE_URL: sslrootcert is empty: set it to the path of a PEM file, or remove it',
  ])
})

test('an IPv6 address is read without its brackets, wherever it stands', () => {
  const parts = { DB_NAME: 'd', DB_USER: 'u' }
  expect(database('postgresql:///db?host=[::1]&user=app').host).toBe('::1')
  expect(migrateConfig({ ...parts, DB_HOST: '[::1]' }).database.host).toBe('::1')
  expect(migrateConfig({ ...parts, DB_HOST: '::1' }).database.host).toBe('::1')
  expect(migrateConfig({ ...parts, DB_HOST: '/var/run' }).database.host).toBe('/var/run')
})

test.each([
  ['one,two', 'DB_HOST must be one host, not a list'],
  ['db.example.com:5433', 'DB_HOST must be a host alone: set DB_PORT to the port'],
  ['[::1]:5433', 'DB_HOST must be a host alone: set DB_PORT to the port'],
])('DB_HOST=%s is refused', (DB_HOST, problem) => {
  expect(problems(() => migrateConfig({ DB_HOST, DB_NAME: 'd', DB_USER: 'u' }))).toEqual([problem])
})

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
    runTimeout: 60_000,
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

test.each(['SG.a b', 'SG.a\nb', 'SG.“a”', 'SG.\u200ba'])('the key %j is refused: no HTTP header can hold it', (key) => {
  expect(problems(() => mail({ SENDGRID_API_KEY: key }))).toEqual([
    expect.stringMatching(/^SENDGRID_API_KEY contains a character/),
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

test('the mail must have less time than the run', () => {
  const shorter = [expect.stringMatching(/^SEND_TIMEOUT must be shorter/)]
  expect(problems(() => sending({ SEND_TIMEOUT: '60s' }))).toEqual(shorter)
  expect(problems(() => sending({ RUN_TIMEOUT: '15s', SEND_TIMEOUT: '20s' }))).toEqual(shorter)
  expect(sending({ RUN_TIMEOUT: '16s' }).runTimeout).toBe(16_000)
})

test.each(['15s', '10s'])('RUN_TIMEOUT=%s alone is what has to change, not a SEND_TIMEOUT that nobody set', (value) => {
  expect(problems(() => sending({ RUN_TIMEOUT: value }))).toEqual([
    'RUN_TIMEOUT must be longer than SEND_TIMEOUT, which is 15s unless set',
  ])
})

test.each([
  [{}, undefined],
  [{ REFRESH_OVERDUE_AFTER: '14d' }, 14 * 86_400_000],
  [{ REFRESH_OVERDUE_AFTER: '29d' }, 29 * 86_400_000],
])('with %j a refresh is overdue after %s ms', (env, after) => {
  expect(sending(env).overdueAfter).toBe(after)
})

test.each(['two weeks', '30d', '5w'])(
  'REFRESH_OVERDUE_AFTER=%s is refused: by then the last success is gone',
  (after) => {
    expect(problems(() => sending({ REFRESH_OVERDUE_AFTER: after }))).toEqual([
      'REFRESH_OVERDUE_AFTER must be a duration below 30d, e.g. 14d (jobs that succeeded are deleted after 30 days)',
    ])
  },
)

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

test.each([
  ['hc-ping.com/hunter2', 'HEARTBEAT_URL must be an http or https URL'],
  ['https://user:hunter2@hc-ping.com/uuid', 'HEARTBEAT_URL must be a URL without user and password'],
  ['https://hunter2@hc-ping.com/uuid', 'HEARTBEAT_URL must be a URL without user and password'],
  ['http://hc-ping.com:25/hunter2', 'HEARTBEAT_URL has a port that is blocked for HTTP'],
  ['http://hc-ping.com:0/hunter2', 'HEARTBEAT_URL has a port that is blocked for HTTP'],
])('HEARTBEAT_URL=%s is refused: fetch would never request it', (url, problem) => {
  expect(heartbeat(url)).toEqual([problem])
})

test('HEARTBEAT_URL is refused on the ports that fetch refuses, and on no other', async () => {
  const around = [
    1, 7, 37, 53, 110, 137, 512, 546, 601, 989, 1719, 2049, 3659, 4045, 4190, 5060, 6000, 6566, 6667, 6697,
  ]
  const ports = [...around.flatMap((port) => [port, port + 1, port + 2]), 8080, 10_080]
  const refused = async (url: string) =>
    fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      () => false,
      ({ cause }: Error) => (cause as Error | undefined)?.message === 'bad port',
    )
  const urls = ports.map((port) => `http://127.0.0.1:${port}/`)
  const byFetch = await Promise.all(urls.map(refused))
  expect(urls.filter((url) => heartbeat(url).length > 0)).toEqual(urls.filter((_, index) => byFetch[index]))
})

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
