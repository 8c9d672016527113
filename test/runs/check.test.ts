import { readFileSync } from 'node:fs'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { check as checkFindings } from '../../src/check/check.js'
import { type Finding, findingLine } from '../../src/check/finding.js'
import { usableConfig } from '../../src/config.js'
import { checkSummary } from '../../src/outcome.js'
import { type Finished, preloaded, run, start, type Variables } from '../support/command.js'
import { createDatabase } from '../support/database.js'
import { freePort, listen } from '../support/ports.js'
import { type DatabaseProxy, startProxy } from '../support/proxy.js'
import { useScene } from '../support/scene.js'
import { type Answer, refusal, status } from '../support/sendgrid.js'

const scene = useScene()

type Checked = Pick<Finished, 'code' | 'stdout' | 'summary'>

/** What the command prints and ends in, without a process of its own. */
async function check(variables: Variables = {}, { sendTest = false } = {}): Promise<Checked> {
  const never = new AbortController().signal
  const interruptions = { stop: never, abort: never, sending: () => {} }
  const config = usableConfig({ ...scene.variables, ...variables })
  const findings: Finding[] = []
  for await (const finding of checkFindings(config, interruptions, sendTest)) findings.push(finding)
  const { exitCode, outcome, message } = checkSummary(findings.flatMap((finding) => finding.exitCode ?? []))
  const summary = { exitCode, outcome, msg: message }
  return { code: exitCode, stdout: findings.map(findingLine).join(''), summary }
}

function spawnCheck(variables: Variables = {}, ...args: string[]): Promise<Finished> {
  return run(['check', ...args], { ...scene.variables, ...variables })
}

/** The lines that begin with that mark, without it. */
function marked(mark: string, { stdout }: Checked): readonly string[] {
  return stdout.split('\n').flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(2)] : []))
}

/** One thing is wrong, it is named with its cure, the rest was looked into all the same, and the exit code is this. */
async function expectWrong(finished: Checked, exitCode: 1 | 2, what: RegExp, cure: RegExp): Promise<void> {
  const wrong = marked('✗', finished)
  expect(wrong).toEqual([expect.stringMatching(what)])
  expect(finished.stdout).toMatch(new RegExp(`^✗ .*\\n {4}.*${cure.source}`, 'm'))
  expect(finished.code).toBe(exitCode)
  expect(finished.summary).toMatchObject({ outcome: 'check failed', exitCode })
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
  await spawnCheck()
  expect(await scene.sql`select *, xmin::text from research_jobs`).toEqual(before)
})

test('problems of the configuration are named, and what can be looked into is', async () => {
  const finished = await check({ ALERT_EMAIL_TO: undefined, SEND_TIMEOUT: 'soon', HEARTBEAT_URL: 'nowhere' })
  expect(finished.code).toBe(2)
  expect(marked('✗', finished)).toEqual([
    'configuration: ALERT_EMAIL_TO is missing',
    'configuration: SEND_TIMEOUT must be a duration of at most 1d, e.g. 15s or 2m',
    'configuration: HEARTBEAT_URL must be an http or https URL without user and password',
  ])
  expect(marked('✓', finished)).toContain('digest: would report 0 failures; works up to the send')
})

test('a problem of the configuration is said whole, once, and with the values that are accepted', async () => {
  const finished = await check({ DATABASE_URL: 'mysql://u:hunter2@host/db', LOG_LEVEL: 'loud' })
  expect(marked('✗', finished)).toEqual([
    'configuration: DATABASE_URL must be a postgresql:// URL, as psql takes it',
    'configuration: LOG_LEVEL must be one of trace, debug, info, warn, error, fatal',
  ])
  expect(finished.stdout.match(/DATABASE_URL must be/g)).toHaveLength(1)
  expect(finished.stdout).not.toContain('hunter2')
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
    const finished = await check(variables, { sendTest: true })
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

test('a database out of reach is exit 1, and SendGrid is looked into all the same', async () => {
  const finished = await check({ DATABASE_URL: `postgresql://u:hunter2@127.0.0.1:${await freePort()}/db` })
  await expectWrong(finished, 1, /^database: cannot connect to 127.0.0.1:\d+ \(ECONNREFUSED\)/, /check DATABASE_URL/)
  expect(marked('✓', finished)).toContain('sending: SendGrid accepts the key, which may send')
  expect(finished.stdout).not.toContain('hunter2')
})

test('a database without the table is exit 2', async () => {
  const database = await createDatabase(scene.database.url)
  await database.sql`drop table research_jobs`
  const finished = await check({ DATABASE_URL: database.url })
  await database.drop()
  await expectWrong(
    finished,
    2,
    /^table: the table research_jobs was not found/,
    /DATABASE_URL names, and that the role may use its schema/,
  )
})

test('a database that was not migrated is exit 2, with the command that cures it', async () => {
  const database = await createDatabase(scene.database.url, { migrated: false })
  const finished = await check({ DATABASE_URL: database.url })
  await database.drop()
  expect(finished.code).toBe(2)
  expect(marked('✗', finished)).toEqual([
    'table: research_jobs has no column last_alerted_at',
    'index: research_jobs_unreported_failures is missing or was not completed; a digest works, but reads the whole table',
    'index: research_jobs_chain is missing or was not completed; a digest works, but reads the whole table',
  ])
  expect(finished.stdout.match(/ {4}run "node bin\/job-alert.js migrate" as the owner of the table\n/g)).toHaveLength(3)
})

test.each(['research_jobs_unreported_failures', 'research_jobs_chain'])(
  'the index %s that was not completed is named with its cure, and exit is 0, as that of a digest',
  async (index) => {
    const valid = (is: boolean) =>
      scene.sql`update pg_index set indisvalid = ${is} where indexrelid = ${index}::regclass`
    await valid(false)
    const [finished, digest] = [await check(), await scene.digest()]
    await valid(true)
    expect(marked('✗', finished)).toEqual([
      `index: ${index} is missing or was not completed; a digest works, but reads the whole table`,
    ])
    expect(finished.stdout).toContain('    run "node bin/job-alert.js migrate" as the owner of the table\n')
    expect({ check: finished.code, digest: digest.code }).toEqual({ check: 0, digest: 0 })
    expect(finished.summary).toMatchObject({ outcome: 'check passed', msg: 'a digest would work, but slowly' })
  },
)

/** A check by an account with these rights, on a table with these policies. */
function checkAs(grants: string, policies = ''): Promise<Checked> {
  return as(grants, policies, (variables) => check(variables))
}

async function as<T>(grants: string, policies: string, work: (variables: Variables) => Promise<T>): Promise<T> {
  const name = `checker_${scene.database.name}`
  await scene.sql.unsafe(
    `create role ${name} login password 'checker'; ${grants.replaceAll('ROLE', name)}; ${policies}`,
  )
  const url = new URL(scene.database.url)
  url.username = name
  url.password = 'checker'
  const result = await work({ DATABASE_URL: url.href })
  await scene.sql.unsafe(
    `alter table research_jobs disable row level security; drop owned by ${name}; drop role ${name}`,
  )
  return result
}

test('an account that may not mark is exit 2', async () => {
  await scene.worker.dead()
  const finished = await checkAs('grant select on research_jobs to ROLE')
  await expectWrong(
    finished,
    2,
    /^digest: permission denied for table research_jobs$/,
    /update \(last_alerted_at\); see the README/,
  )
})

test('an account that may not read is exit 2', async () => {
  const finished = await checkAs('grant update (last_alerted_at) on research_jobs to ROLE')
  expect(finished.code).toBe(2)
  expect(marked('✗', finished).map((line) => line.replace(/:.*/, ''))).toEqual(['digest'])
})

const COLUMNS =
  'id, source, job_type, target_type, target_id, payload, status, attempts, max_attempts, run_after, claimed_at, finished_at, last_error, created_at, last_alerted_at'

test.each([
  ['of one of them', COLUMNS.replace(', last_error', '')],
  ['of those that a chain is read with', COLUMNS],
])('an account that may not read every column, %s: exit is that of a digest', async (_, columns) => {
  const [, songs] = await scene.worker.refresh('songs')
  await scene.worker.failPermanently(songs as number, 'timed out')
  const grants = `grant select (${columns}), update (last_alerted_at) on research_jobs to ROLE`
  const [finished, digest] = await as(grants, '', async (variables) => [
    await check(variables),
    await scene.digest([], variables),
  ])
  expect(digest.code).toBe(2)
  expect(finished.code).toBe(2)
  expect(marked('✗', finished)[0]).toMatch(/^digest: permission denied for table research_jobs/)
})

test('a column that has another name: exit is that of a digest, and the words are the server’s', async () => {
  await scene.worker.dead()
  await scene.sql`alter table research_jobs rename column run_after to run_later`
  const [finished, digest] = [await check(), await scene.digest()]
  await scene.sql`alter table research_jobs rename column run_later to run_after`
  expect(digest.code).toBe(1)
  expect(finished.code).toBe(1)
  expect(marked('✗', finished)).toEqual(['digest: column "run_after" does not exist, 42703'])
  expect(finished.stdout).not.toContain('README')
})

test('where an overdue refresh is to be reported, marking it is tried, too', async () => {
  const steps = await scene.worker.refresh('rebuild_index')
  await scene.worker.succeed(steps.at(-1) as number)
  await scene.worker.age(steps, '20 days')
  await scene.sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin raise 'done is done'; end $$;
    create trigger refuse before update on research_jobs for each row when (old.status = 'done') execute function refuse()`)
  const overdue = { REFRESH_OVERDUE_AFTER: '14d' }
  const [without, finished, digest] = [await check(), await check(overdue), await scene.digest([], overdue)]
  await scene.sql.unsafe('drop trigger refuse on research_jobs; drop function refuse()')
  expect(without.code).toBe(0)
  expect({ check: finished.code, digest: digest.code }).toEqual({ check: 1, digest: 1 })
  expect(marked('✗', finished)).toEqual(['digest: done is done, P0001'])
})

test('what the server says of itself has no cure of ours: a read-only database', async () => {
  const { sql, database } = scene
  await sql`alter database ${sql(database.name)} set default_transaction_read_only = on`
  const finished = await check()
  await sql`alter database ${sql(database.name)} set default_transaction_read_only = off`
  expect(finished.code).toBe(1)
  expect(finished.stdout).toMatch(/^✗ digest: cannot execute SELECT FOR UPDATE in a read-only transaction.*\n[✓✗·]/m)
})

test('a fault of the program is no finding about the database: it keeps its stack', async () => {
  const broken = `Date.prototype.getUTCFullYear = () => { throw new TypeError('broken') }`
  const finished = await spawnCheck(preloaded(broken))
  expect(finished.code).toBe(1)
  expect(marked('✗', finished)).toEqual([])
  expect(finished.summary).toMatchObject({ outcome: 'failed', stack: expect.stringMatching(/^TypeError: broken\n/) })
})

async function proxied(): Promise<DatabaseProxy> {
  const proxy = await startProxy(scene.database.url)
  onTestFinished(() => proxy.close())
  return proxy
}

const isClaim = (data: Buffer): boolean => data.includes('for update skip locked')

test('a database that is lost on the way is exit 1, and the rest is looked into', async () => {
  const proxy = await proxied()
  proxy.onClientData = (data, cut) => {
    if (!isClaim(data)) return true
    cut()
    return false
  }
  const finished = await check({ DATABASE_URL: proxy.url })
  await expectWrong(finished, 1, /^database: /, /that the server is up/)
  expect(finished.summary).not.toHaveProperty('stack')
  expect(marked('✓', finished).at(-1)).toBe('sending: SendGrid accepts the key, which may send')
  expect(marked('·', finished).map((line) => line.replace(/:.*/, ''))).toEqual(['sender', 'recipient', 'heartbeat'])
})

test('a session that the server ends on the way is exit 1, and the rest is looked into', async () => {
  const finished = await scene.sql.begin(async (sql) => {
    await sql`lock table research_jobs in access exclusive mode`
    const running = check()
    await scene.database.blocked()
    await scene.database.killSessions()
    return running
  })
  await expectWrong(finished, 1, /^database: /, /that the server is up/)
  expect(marked('✓', finished).at(-1)).toBe('sending: SendGrid accepts the key, which may send')
})

test('a certificate file that is missing is exit 2, as for a digest', async () => {
  const variables = { DATABASE_URL: `${scene.database.url}?sslmode=verify-full&sslrootcert=/nonexistent/ca.pem` }
  const [finished, digest] = [await check(variables), await scene.digest([], variables)]
  expect({ check: finished.code, digest: digest.code }).toEqual({ check: 2, digest: 2 })
  expect(marked('✗', finished)).toEqual(['database: cannot read /nonexistent/ca.pem, which sslrootcert names (ENOENT)'])
})

test('a server without TLS is said with the cure that is in the reason, and no other', async () => {
  const server = createServer((socket) => socket.once('data', () => socket.write('N')))
  onTestFinished(() => void server.close())
  const finished = await check({ DATABASE_URL: `postgresql://u@127.0.0.1:${await listen(server)}/db?sslmode=require` })
  expect(finished.code).toBe(1)
  expect(marked('✗', finished)).toEqual([
    expect.stringMatching(/^database: .* does not support TLS, .* set it to "prefer"/),
  ])
  expect(finished.stdout).not.toContain('check DATABASE_URL')
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

test('row-level security that hides rows is exit 2', async () => {
  const finished = await checkAs(
    'grant select, update (last_alerted_at) on research_jobs to ROLE',
    'alter table research_jobs enable row level security',
  )
  await expectWrong(finished, 2, /^table: row-level security hides rows/, /bypassrls/)
})

test('an account with what the README grants is fine', async () => {
  const finished = await checkAs('grant select, update (last_alerted_at) on research_jobs to ROLE')
  expect(marked('✗', finished)).toEqual([])
})

test('of an overdue refresh it says from what it counts', async () => {
  const said = async () =>
    marked('·', await check({ REFRESH_OVERDUE_AFTER: '14d' })).filter((line) => /^overdue/.test(line))
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

test('a key that SendGrid does not accept is exit 1', async () => {
  scene.sendGrid.answer(refusal(401, 'The provided authorization grant is invalid, expired, or revoked'))
  await expectWrong(
    await check(),
    1,
    /^sending: SendGrid does not accept the key \(SendGrid answered 401: The provided/,
    /SENDGRID_API_KEY/,
  )
})

test('a key that may not send is exit 1', async () => {
  scene.sendGrid.answer(status(200, { scopes: ['stats.read'] }))
  await expectWrong(await check(), 1, /^sending: SendGrid accepts the key, but it may not send/, /Mail Send/)
})

test('SendGrid out of reach is exit 1', async () => {
  const url = `http://127.0.0.1:${await freePort()}`
  await expectWrong(
    await check({ SENDGRID_BASE_URL: url }),
    1,
    /^sending: cannot reach SendGrid \(ECONNREFUSED\)/,
    /SENDGRID_BASE_URL/,
  )
})

test.each(['<html>maintenance</html>', '{}', '[]', '{"scopes":"mail.send"}', 'null', ''])(
  '200 with %j, which is no list of permissions, is exit 1',
  async (body) => {
    scene.sendGrid.answer(status(200, body))
    const finished = await check()
    await expectWrong(
      finished,
      1,
      /^sending: SendGrid answered 200 without a list of permissions$/,
      /SENDGRID_BASE_URL/,
    )
    expect(finished.summary).not.toHaveProperty('stack')
  },
)

const KEY = /^ {4}set SENDGRID_API_KEY to a key that is valid$/m
const URL_CURE = /^ {4}check SENDGRID_BASE_URL/m
const BUSY = /^ {4}SendGrid is busy: run check again/m
const moved: Answer = status(302, '', { location: '/elsewhere' })

test.each([
  ['401', refusal(401, 'revoked'), KEY],
  ['403', refusal(403, 'access forbidden'), KEY],
  ['404', status(404), URL_CURE],
  ['302', moved, URL_CURE],
  ['429', refusal(429, 'too many requests'), BUSY],
  ['500', status(500), BUSY],
  ['503', status(503), BUSY],
] as const)('%s has its own cure, and a good key is not to be replaced', async (code, answer, cure) => {
  scene.sendGrid.answer(answer)
  const finished = await check()
  expect(finished.code).toBe(1)
  expect(marked('✗', finished)).toEqual([expect.stringMatching(`SendGrid answered ${code}`)])
  for (const other of [KEY, URL_CURE, BUSY]) expect(other.test(finished.stdout), String(other)).toBe(other === cure)
})

test('a certificate that cannot be trusted is about the address, not about the key', async () => {
  const file = (name: string) => readFileSync(new URL(`../support/tls/${name}`, import.meta.url))
  const server = createHttpsServer({ key: file('server.key'), cert: file('server.pem') })
  onTestFinished(() => void server.close())
  const finished = await check({ SENDGRID_BASE_URL: `https://localhost:${await listen(server)}` })
  await expectWrong(finished, 1, /^sending: cannot trust SendGrid's certificate/, /check SENDGRID_BASE_URL/)
  expect(finished.stdout).not.toMatch(KEY)
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
  const finished = await check({}, { sendTest: true })
  await expectWrong(
    finished,
    1,
    /^test mail: SendGrid answered 403: from: The from address does not match/,
    /run check --send-test again/,
  )
})

test('the heartbeat is named without its URL, which is a secret', async () => {
  const finished = await check({ HEARTBEAT_URL: 'https://hc.example.com/hunter2' })
  expect(marked('·', finished)).toContain('heartbeat: HEARTBEAT_URL is set')
  expect(finished.stdout).not.toContain('hunter2')
})
