import { readFileSync } from 'node:fs'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type Finished, preloaded, run, start, type Variables } from '../support/command.js'
import { createDatabase } from '../support/database.js'
import { freePort, listen } from '../support/ports.js'
import { type DatabaseProxy, startProxy } from '../support/proxy.js'
import type { Checked } from '../support/run.js'
import { useScene } from '../support/scene.js'
import { type Answer, refusal, status } from '../support/sendgrid.js'

const scene = useScene()

function spawnCheck(variables: Variables = {}, ...args: string[]): Promise<Finished> {
  return run(['check', ...args], { ...scene.variables, ...variables })
}

/** The lines that begin with that mark, without it. */
function marked(mark: string, { stdout }: Checked): readonly string[] {
  return stdout.split('\n').flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(2)] : []))
}

test('where all is well, every line says so, and exit is 0', async () => {
  await scene.worker.dead()
  const old = await scene.worker.dead()
  await scene.worker.age(old, '9 days')
  const finished = await spawnCheck({ FROM_NAME: 'Night watch', ALERT_EMAIL_TO: 'a@example.com, b@example.com' })
  expect(finished.code).toBe(0)
  expect(finished.summary).toMatchObject({ outcome: 'check passed', msg: 'a digest would work' })
  expect(marked('✗', finished)).toEqual([])
  expect(marked('✓', finished)).toEqual([
    'configuration: complete',
    expect.stringMatching(
      /^database: postgres@127.0.0.1:\d+\/job_alert_\w+, PostgreSQL \d+\.\d+.*, not encrypted, without a pooler$/,
    ),
    'table: public.research_jobs with its column last_alerted_at, and no hidden rows',
    'index: research_jobs_unreported_failures',
    'index: research_jobs_chain',
    'digest: would report 1 failure; works up to the send',
    'sending: SendGrid accepts the key, which may send',
  ])
  expect(marked('·', finished)).toEqual([
    'queue: 1 older failure never reported',
    'sender: Night watch <alerts@example.com>',
    'recipients: a@example.com, b@example.com',
    'heartbeat: HEARTBEAT_URL is not set; nothing will alert you if the cron stops running',
  ])
  expect(scene.sendGrid.requests.map(({ path }) => path)).toEqual(['GET /v3/scopes'])
})

test('it changes nothing', async () => {
  await scene.worker.dead()
  const before = await scene.sql`select *, xmin::text from research_jobs`
  await scene.check()
  expect(await scene.sql`select *, xmin::text from research_jobs`).toEqual(before)
})

async function proxied(): Promise<DatabaseProxy> {
  const proxy = await startProxy(scene.database.url)
  onTestFinished(() => proxy.close())
  return proxy
}

const isClaim = (data: Buffer): boolean => data.includes('for update skip locked')

interface State {
  readonly state: string
  /** Brings it about; the variables that the check runs with besides the scene's. Undone when the test has finished. */
  readonly arrange: () => Variables | Promise<Variables>
  /** What is wrong, in order: its line and, behind " → ", the cure on the line below. */
  readonly wrong: readonly (string | RegExp)[]
  readonly code: 0 | 1 | 2
  /** A digest ends in the same exit code. */
  readonly asDigest?: true
}

/** What is wrong is named with its cure and nothing else is, the rest was looked into, and the exit code is this. */
async function expectState({ arrange, wrong, code, asDigest }: State, rest: string): Promise<Checked> {
  const variables = await arrange()
  const finished = await scene.check(variables)
  const found = [...finished.stdout.matchAll(/^✗ (.*)(?:\n {4}(.*))?/gm)].map(([, ...said]) =>
    said.filter(Boolean).join(' → '),
  )
  expect(found).toEqual(wrong.map((line) => (line instanceof RegExp ? expect.stringMatching(line) : line)))
  expect(marked('✓', finished)).toContain(rest)
  expect(finished.code).toBe(code)
  if (asDigest) expect((await scene.report(variables)).code).toBe(code)
  expect(finished.stdout).not.toContain('hunter2')
  return finished
}

const KEY_ACCEPTED = 'sending: SendGrid accepts the key, which may send'

/** What changes the database, and what changes it back. */
async function changed(change: string, back: string): Promise<Variables> {
  await scene.sql.unsafe(change)
  onTestFinished(async () => void (await scene.sql.unsafe(back)))
  return {}
}

/** A database of its own. */
async function elsewhere(options: Parameters<typeof createDatabase>[1] = {}, change = 'select'): Promise<Variables> {
  const database = await createDatabase(scene.database.url, options)
  onTestFinished(() => database.drop())
  await database.sql.unsafe(change)
  return { DATABASE_URL: database.url }
}

/** An account with these rights, on a table with these policies. */
async function account(grants: string, policies = ''): Promise<Variables> {
  const role = `checker_${scene.database.name}`
  await changed(
    `create role ${role} login password 'checker'; ${grants.replaceAll('ROLE', role)}; ${policies}`,
    `alter table research_jobs disable row level security; drop owned by ${role}; drop role ${role}`,
  )
  const url = new URL(scene.database.url)
  url.username = role
  url.password = 'checker'
  return { DATABASE_URL: url.href }
}

/** One that may mark, and read these columns, where a step of the refresh has failed. */
async function reader(columns: string): Promise<Variables> {
  const [, songs] = await scene.worker.refresh('songs')
  await scene.worker.failPermanently(songs as number, 'timed out')
  return account(`grant select (${columns}), update (last_alerted_at) on research_jobs to ROLE`)
}

const COLUMNS =
  'id, source, job_type, target_type, target_id, payload, status, attempts, max_attempts, run_after, claimed_at, finished_at, last_error, created_at, last_alerted_at'
const MIGRATE = 'run "node bin/job-alert.js migrate" as the owner of the table'
const INDEX = 'is missing or was not completed; a digest works, but reads the whole table'

const unfinished = (index: string): State => ({
  state: `the index ${index} was not completed`,
  arrange: () => {
    const is = (valid: boolean) => `update pg_index set indisvalid = ${valid} where indexrelid = '${index}'::regclass`
    return changed(is(false), is(true))
  },
  wrong: [`index: ${index} ${INDEX} → ${MIGRATE}`],
  code: 0,
  asDigest: true,
})

test.each<State>([
  {
    state: 'its URL is of another kind',
    arrange: () => ({ DATABASE_URL: 'mysql://u:hunter2@host/db' }),
    wrong: ['configuration: DATABASE_URL must be a postgresql:// URL, as psql takes it'],
    code: 2,
  },
  {
    state: 'it is out of reach',
    arrange: async () => ({ DATABASE_URL: `postgresql://u:hunter2@127.0.0.1:${await freePort()}/db` }),
    wrong: [/^database: cannot connect to 127.0.0.1:\d+ \(ECONNREFUSED\) → check DATABASE_URL/],
    code: 1,
  },
  {
    state: 'it has no table',
    arrange: () => elsewhere({}, 'drop table research_jobs'),
    wrong: [
      'table: the table research_jobs was not found → check the database that DATABASE_URL names, and that the role may use its schema',
    ],
    code: 2,
  },
  {
    state: 'it was not migrated',
    arrange: () => elsewhere({ migrated: false }),
    wrong: [
      `table: research_jobs has no column last_alerted_at → ${MIGRATE}`,
      `index: research_jobs_unreported_failures ${INDEX} → ${MIGRATE}`,
      `index: research_jobs_chain ${INDEX} → ${MIGRATE}`,
    ],
    code: 2,
  },
  unfinished('research_jobs_unreported_failures'),
  unfinished('research_jobs_chain'),
  {
    state: 'the account may not mark',
    arrange: async () => {
      await scene.worker.dead()
      return account('grant select on research_jobs to ROLE')
    },
    wrong: [/^digest: permission denied for table research_jobs → .*update \(last_alerted_at\); see the README$/],
    code: 2,
  },
  {
    state: 'the account may not read',
    arrange: () => account('grant update (last_alerted_at) on research_jobs to ROLE'),
    wrong: [/^digest: permission denied for table research_jobs → /],
    code: 2,
  },
  {
    state: 'the account may not read one column',
    arrange: () => reader(COLUMNS.replace(', last_error', '')),
    wrong: [/^digest: permission denied for table research_jobs → /],
    code: 2,
    asDigest: true,
  },
  {
    state: 'the account may not read a column that a chain is read with',
    arrange: () => reader(COLUMNS),
    wrong: [/^digest: permission denied for table research_jobs → /],
    code: 2,
    asDigest: true,
  },
  {
    state: 'row-level security hides rows',
    arrange: () =>
      account(
        'grant select, update (last_alerted_at) on research_jobs to ROLE',
        'alter table research_jobs enable row level security',
      ),
    wrong: [/^table: row-level security hides rows .* → run "alter role .* bypassrls"/],
    code: 2,
  },
  {
    state: 'the account has what the README grants',
    arrange: () => account('grant select, update (last_alerted_at) on research_jobs to ROLE'),
    wrong: [],
    code: 0,
  },
  {
    state: 'a column has another name: the words are those of the server',
    arrange: async () => {
      await scene.worker.dead()
      return changed(
        'alter table research_jobs rename column run_after to run_later',
        'alter table research_jobs rename column run_later to run_after',
      )
    },
    wrong: ['digest: column "run_after" does not exist, 42703'],
    code: 1,
    asDigest: true,
  },
  {
    state: 'it is read-only: the words are those of the server',
    arrange: () => {
      const setting = `alter database ${scene.database.name} set default_transaction_read_only`
      return changed(`${setting} = on`, `${setting} = off`)
    },
    wrong: [/^digest: cannot execute SELECT FOR UPDATE in a read-only transaction[^→]*$/],
    code: 1,
  },
  {
    state: 'it is lost on the way',
    arrange: async () => {
      const proxy = await proxied()
      proxy.onClientData = (data, cut) => {
        if (!isClaim(data)) return true
        cut()
        return false
      }
      return { DATABASE_URL: proxy.url }
    },
    wrong: [/^database: .* → .*that the server is up$/],
    code: 1,
  },
  {
    state: 'a certificate file is missing',
    arrange: () => ({
      DATABASE_URL: `${scene.database.url}?sslmode=verify-full&sslrootcert=/nonexistent/ca.pem`,
    }),
    wrong: ['database: cannot read /nonexistent/ca.pem, which sslrootcert names (ENOENT)'],
    code: 2,
    asDigest: true,
  },
  {
    state: 'it has no TLS',
    arrange: async () => {
      const server = createServer((socket) => socket.once('data', () => socket.write('N')))
      onTestFinished(() => void server.close())
      return { DATABASE_URL: `postgresql://u@127.0.0.1:${await listen(server)}/db?sslmode=require` }
    },
    wrong: [/^database: .* does not support TLS, .* set it to "prefer"[^→]*$/],
    code: 1,
  },
])('of the database, where $state: exit $code, and SendGrid is looked into', async (state) => {
  const { summary } = await expectState(state, KEY_ACCEPTED)
  expect(summary).not.toHaveProperty('stack')
  const wrong = state.wrong.length === 1 ? 'one thing is wrong' : `${state.wrong.length} things are wrong`
  const passed = state.wrong.length > 0 ? `a digest would work, but ${wrong}` : 'a digest would work'
  expect(summary).toMatchObject(
    state.code === 0 ? { outcome: 'check passed', msg: passed } : { outcome: 'check failed', exitCode: state.code },
  )
})

test.each<State>([
  {
    state: 'variables are missing or wrong',
    arrange: () => ({ ALERT_EMAIL_TO: undefined, SEND_TIMEOUT: 'soon', HEARTBEAT_URL: 'nowhere' }),
    wrong: [
      'configuration: ALERT_EMAIL_TO is missing → set it to the addresses that get the mail, comma-separated',
      'configuration: SEND_TIMEOUT must be a duration of at most 1d, e.g. 15s or 2m',
      'configuration: HEARTBEAT_URL must be an http or https URL without user and password',
    ],
    code: 2,
  },
  {
    state: 'a variable is no choice',
    arrange: () => ({ LOG_LEVEL: 'loud' }),
    wrong: ['configuration: LOG_LEVEL must be one of trace, debug, info, warn, error, fatal'],
    code: 2,
  },
  {
    state: 'a colon follows the name alone: it is no cure',
    arrange: () => ({ ALERT_EMAIL_TO: 'nobody' }),
    wrong: ['configuration: ALERT_EMAIL_TO: entry 1 is not a plain address such as oncall@example.com'],
    code: 2,
  },
])('of the configuration, where $state: exit $code, and the database is looked into', async (state) => {
  await expectState(state, 'digest: would report 0 failures; works up to the send')
})

const answering = (...answers: readonly Answer[]) => {
  scene.sendGrid.answer(...answers)
  return {}
}
const KEY = 'set SENDGRID_API_KEY to a key that is valid'
const ADDRESS = 'check SENDGRID_BASE_URL'
const REACH = 'check SENDGRID_BASE_URL, and that this machine may connect to it'
const BUSY = 'SendGrid is busy: run check again in a few minutes'
const moved: Answer = status(302, '', { location: '/elsewhere' })

// Each has its own cure: a good key is not to be replaced.
test.each<State>([
  ...(
    [
      [refusal(401, 'revoked'), `SendGrid does not accept the key (SendGrid answered 401: revoked) → ${KEY}`],
      [refusal(403, 'forbidden'), `SendGrid does not accept the key (SendGrid answered 403: forbidden) → ${KEY}`],
      [status(404), `SendGrid answered 404 → ${ADDRESS}`],
      [moved, `SendGrid answered 302 → ${ADDRESS}`],
      [refusal(429, 'too many requests'), `SendGrid answered 429: too many requests → ${BUSY}`],
      [status(500), `SendGrid answered 500 → ${BUSY}`],
      [status(503), `SendGrid answered 503 → ${BUSY}`],
      [
        status(200, { scopes: ['stats.read'] }),
        'SendGrid accepts the key, but it may not send → give the key the permission Mail Send',
      ],
      ...['<html>maintenance</html>', '{}', '[]', '{"scopes":"mail.send"}', 'null', ''].map(
        (body) => [status(200, body), `SendGrid answered 200 without a list of permissions → ${ADDRESS}`] as const,
      ),
    ] as const
  ).map(([answer, wrong]) => ({
    state: wrong,
    arrange: () => answering(answer),
    wrong: [`sending: ${wrong}`],
    code: 1 as const,
  })),
  {
    state: 'it is out of reach',
    arrange: async () => ({ SENDGRID_BASE_URL: `http://127.0.0.1:${await freePort()}` }),
    wrong: [`sending: cannot reach SendGrid (ECONNREFUSED) → ${REACH}`],
    code: 1,
  },
  {
    state: 'its certificate cannot be trusted',
    arrange: async () => {
      const file = (name: string) => readFileSync(new URL(`../support/tls/${name}`, import.meta.url))
      const server = createHttpsServer({ key: file('server.key'), cert: file('server.pem') })
      onTestFinished(() => void server.close())
      return { SENDGRID_BASE_URL: `https://localhost:${await listen(server)}` }
    },
    wrong: [new RegExp(`^sending: cannot trust SendGrid's certificate .* → ${REACH}$`)],
    code: 1,
  },
])('of SendGrid, where $state: exit $code', async (state) => {
  const { summary } = await expectState(state, 'digest: would report 0 failures; works up to the send')
  expect(summary).not.toHaveProperty('stack')
})

test('what is missing is said with its cure on the line below', async () => {
  const { stdout } = await spawnCheck({ FROM_EMAIL: undefined })
  expect(stdout).toContain(
    '✗ configuration: FROM_EMAIL is missing\n    set it to a sender that SendGrid has verified (there is no ./.env)\n',
  )
})

test.each([{ ALERT_EMAIL_TO: 'nobody' }, { FROM_EMAIL: undefined }, { SEND_TIMEOUT: 'soon' }])(
  '%j does not hide the key, and a test mail is not sent without a word',
  async (variables) => {
    const finished = await scene.check(variables, { sendTest: true })
    expect(finished.code).toBe(2)
    expect(marked('✓', finished)).toContain('sending: SendGrid accepts the key, which may send')
    expect(marked('✗', finished).at(-1)).toMatch(/^test mail: not sent, because /)
    expect(scene.sendGrid.accepted).toEqual([])
  },
)

test('no variable at all: exit 2, and every missing one is named', async () => {
  const finished = await run(['check'], {})
  expect(finished.code).toBe(2)
  expect(marked('✗', finished)).toEqual([
    'configuration: DATABASE_URL is missing',
    'configuration: SENDGRID_API_KEY is missing',
    'configuration: FROM_EMAIL is missing',
    'configuration: ALERT_EMAIL_TO is missing',
  ])
})

test('where an overdue refresh is to be reported, marking it is tried, too', async () => {
  const steps = await scene.worker.refresh('rebuild_index')
  await scene.worker.succeed(steps.at(-1) as number)
  await scene.worker.age(steps, '20 days')
  await scene.sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin raise 'done is done'; end $$;
    create trigger refuse before update on research_jobs for each row when (old.status = 'done') execute function refuse()`)
  const overdue = { REFRESH_OVERDUE_AFTER: '14d' }
  const [without, finished, digest] = [await scene.check(), await scene.check(overdue), await scene.report(overdue)]
  await scene.sql.unsafe('drop trigger refuse on research_jobs; drop function refuse()')
  expect(without.code).toBe(0)
  expect({ check: finished.code, digest: digest.code }).toEqual({ check: 1, digest: 1 })
  expect(marked('✗', finished)).toEqual(['digest: done is done, P0001'])
})

test('a fault of the program is no finding about the database: it keeps its stack', async () => {
  const broken = `Date.prototype.getUTCFullYear = () => { throw new TypeError('broken') }`
  const finished = await spawnCheck(preloaded(broken))
  expect(finished.code).toBe(1)
  expect(marked('✗', finished)).toEqual([])
  expect(finished.summary).toMatchObject({ outcome: 'failed', stack: expect.stringMatching(/^TypeError: broken\n/) })
})

test('a session that the server ends on the way is exit 1, and the rest is looked into', async () => {
  const finished = await scene.sql.begin(async (sql) => {
    await sql`lock table research_jobs in access exclusive mode`
    const running = scene.check()
    await scene.database.blocked()
    await scene.database.killSessions()
    return running
  })
  expect(finished.code).toBe(1)
  expect(finished.stdout).toMatch(/^✗ database: .*\n {4}.*that the server is up$/m)
  expect(marked('✗', finished)).toHaveLength(1)
  expect(marked('✓', finished).at(-1)).toBe(KEY_ACCEPTED)
  expect(marked('·', finished).map((line) => line.replace(/:.*/, ''))).toEqual(['sender', 'recipient', 'heartbeat'])
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s while the database keeps it waiting: exit %i at once', async (signal, exitCode) => {
  const { code, summary, stdout } = await scene.sql.begin(async (sql) => {
    await sql`lock table research_jobs in access exclusive mode`
    const { child, finished } = start(['check'], scene.variables)
    await scene.database.blocked()
    const interrupted = performance.now()
    child.kill(signal)
    const result = await finished
    // The server would give up waiting for the lock after five seconds.
    expect(performance.now() - interrupted).toBeLessThan(4_000)
    return result
  })
  expect(code).toBe(exitCode)
  expect(summary).toMatchObject({ outcome: 'stopped', msg: `stopped by ${signal}; nothing was changed` })
  expect(stdout).not.toContain('✗')
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s while SendGrid keeps it waiting: exit %i at once', async (signal, exitCode) => {
  scene.sendGrid.answer(() => {})
  const arrival = scene.sendGrid.arrival()
  const { child, finished } = start(['check'], scene.variables)
  await arrival
  const interrupted = performance.now()
  child.kill(signal)
  const { code, summary, stdout } = await finished
  expect(performance.now() - interrupted).toBeLessThan(4_000)
  expect({ code, outcome: summary.outcome }).toEqual({ code: exitCode, outcome: 'stopped' })
  expect(stdout).not.toContain('✗')
})

test('a check as a whole takes a minute longer than a run at most, whatever is silent', async () => {
  const proxy = await proxied()
  proxy.onClientData = (data) => !isClaim(data)
  const hurried = `const { setTimeout } = globalThis
    globalThis.setTimeout = (work, time, ...rest) => setTimeout(work, time === 360_000 ? 2_000 : time, ...rest)`
  const finished = await spawnCheck({ DATABASE_URL: proxy.url, ...preloaded(hurried) })
  expect(finished.code).toBe(1)
  expect(finished.summary.msg).toBe('check took longer than 360 seconds; nothing was changed')
})

test('of an overdue refresh it says from what it counts', async () => {
  const said = async () =>
    marked('·', await scene.check({ REFRESH_OVERDUE_AFTER: '14d' })).filter((line) => /^overdue/.test(line))
  expect(await said()).toEqual(['overdue: no refresh is on record, so nothing can be overdue'])
  const steps = await scene.worker.refresh('rebuild_index')
  expect(await said()).toEqual([
    expect.stringMatching(
      /^overdue: counts from the oldest refresh job on record, as no success is, 20.*; overdue from 20/,
    ),
  ])
  await scene.worker.succeed(steps.at(-1) as number)
  expect(await said()).toEqual([expect.stringMatching(/^overdue: counts from the last success, 20.*; overdue from 20/)])
})

test('--send-test sends a mail marked TEST about made-up failures, and marks nothing', async () => {
  await scene.worker.dead()
  const finished = await spawnCheck({}, '--send-test')
  expect(finished.code).toBe(0)
  expect(marked('✓', finished).at(-1)).toMatch(
    /^test mail: SendGrid accepted it \(message id stand-in-1\); make sure it arrives$/,
  )
  expect(scene.mail.subject).toMatch(/^TEST: Apple Music refresh failed at songs/)
  expect(scene.mail.text).toMatch(/^✗ ACTION NEEDED · TEST\n/)
  expect(scene.mail.text).toContain('This failure is made up')
  expect(scene.mail.text).toMatch(/where id = -2\n +and status/)
  expect(scene.mail.text).not.toMatch(/(?:job|id =) \d/)
  expect(await scene.marked()).toEqual([])
})

test('a test mail that is refused is exit 1, with the reason', async () => {
  scene.sendGrid.answer(
    status(200, { scopes: ['mail.send'] }),
    refusal(403, 'The from address does not match a verified Sender Identity', 'from'),
  )
  const finished = await scene.check({}, { sendTest: true })
  expect(finished.code).toBe(1)
  expect(marked('✗', finished)).toEqual([
    'test mail: SendGrid answered 403: from: The from address does not match a verified Sender Identity',
  ])
  expect(finished.stdout).toMatch(/^✗ test mail: .*\n {4}.*run check --send-test again$/m)
})

test('the heartbeat is named without its URL, which is a secret', async () => {
  const finished = await scene.check({ HEARTBEAT_URL: 'https://hc.example.com/hunter2' })
  expect(marked('·', finished)).toContain('heartbeat: HEARTBEAT_URL is set')
  expect(finished.stdout).not.toContain('hunter2')
})
