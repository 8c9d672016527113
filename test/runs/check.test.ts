import { expect, test } from 'vitest'
import { type Finished, run } from '../support/command.js'
import { createDatabase } from '../support/database.js'
import { freePort } from '../support/ports.js'
import { useScene } from '../support/scene.js'
import { refusal, status } from '../support/sendgrid.js'

const scene = useScene()

function check(variables: Record<string, string | undefined> = {}, ...args: string[]): Promise<Finished> {
  return run(['check', ...args], { ...scene.variables, ...variables })
}

/** The lines that begin with that mark, without it. */
function marked(mark: string, { stdout }: Finished): readonly string[] {
  return stdout.split('\n').flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(2)] : []))
}

/** One thing is wrong, it is named with its cure, the rest was looked into all the same, and the exit code is this. */
async function expectWrong(finished: Finished, exitCode: 1 | 2, what: RegExp, cure: RegExp): Promise<void> {
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
  const finished = await check({ FROM_NAME: 'Night watch', ALERT_EMAIL_TO: 'a@example.com, b@example.com' })
  expect(finished.code).toBe(0)
  expect(finished.summary).toMatchObject({ outcome: 'check passed', msg: 'a digest would work' })
  expect(marked('✗', finished)).toEqual([])
  expect(marked('✓', finished)).toEqual([
    'configuration: complete',
    expect.stringMatching(/^database: PostgreSQL \d+\.\d+.*, not encrypted, without a pooler$/),
    'table: research_jobs with its column last_alerted_at',
    'index: research_jobs_unreported_failures',
    'index: research_jobs_chain',
    'row-level security: hides nothing',
    'permission: may read the failures and mark them',
    'queue: can be read',
    'SendGrid: accepts the key, which may send',
  ])
  expect(marked('·', finished)).toEqual([
    'queue: 1 failure for the next digest, 1 older one never reported',
    'sender: Night watch <alerts@example.com>',
    'recipients: a@example.com, b@example.com',
    'heartbeat: not set, so nobody notices a cron that stops',
  ])
  expect(scene.sendGrid.requests.map(({ path }) => path)).toEqual(['GET /v3/scopes'])
})

test('it changes nothing', async () => {
  await scene.worker.dead()
  const before = await scene.sql`select *, xmin::text from research_jobs`
  await check()
  expect(await scene.sql`select *, xmin::text from research_jobs`).toEqual(before)
})

test('problems of the configuration are named, and what can be looked into is', async () => {
  const finished = await check({ ALERT_EMAIL_TO: undefined, SEND_TIMEOUT: 'soon', HEARTBEAT_URL: 'nowhere' })
  expect(finished.code).toBe(2)
  expect(marked('✗', finished)).toEqual([
    'configuration: ALERT_EMAIL_TO is missing',
    'configuration: SEND_TIMEOUT must be a duration of at most 1d, e.g. 15s or 2m',
    'configuration: HEARTBEAT_URL must be an http or https URL',
  ])
  expect(marked('✓', finished)).toContain('permission: may read the failures and mark them')
})

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
  expect(marked('✓', finished)).toContain('SendGrid: accepts the key, which may send')
  expect(finished.stdout + finished.stderr).not.toContain('hunter2')
})

test('a database without the table is exit 2', async () => {
  const database = await createDatabase(scene.database.url)
  await database.sql`drop table research_jobs`
  const finished = await check({ DATABASE_URL: database.url })
  await database.drop()
  await expectWrong(finished, 2, /^table: there is no research_jobs here/, /DATABASE_URL/)
})

test('a database that was not migrated is exit 2, with the command that cures it', async () => {
  const database = await createDatabase(scene.database.url, { migrated: false })
  const finished = await check({ DATABASE_URL: database.url })
  await database.drop()
  expect(finished.code).toBe(2)
  expect(marked('✗', finished)).toEqual([
    'table: research_jobs has no column last_alerted_at',
    'index: research_jobs_unreported_failures is missing or was not completed',
    'index: research_jobs_chain is missing or was not completed',
  ])
  expect(finished.stdout.match(/ {4}run "job-alert migrate"/g)).toHaveLength(3)
})

test.each(['research_jobs_unreported_failures', 'research_jobs_chain'])(
  'the index %s that was not completed is exit 2',
  async (index) => {
    const valid = (is: boolean) =>
      scene.sql`update pg_index set indisvalid = ${is} where indexrelid = ${index}::regclass`
    await valid(false)
    const finished = await check()
    await valid(true)
    await expectWrong(finished, 2, new RegExp(`^index: ${index} is missing or was not completed`), /job-alert migrate/)
  },
)

/** A check by an account with these rights, on a table with these policies. */
async function checkAs(grants: string, policies = ''): Promise<Finished> {
  const name = `checker_${scene.database.name}`
  await scene.sql.unsafe(
    `create role ${name} login password 'checker'; ${grants.replaceAll('ROLE', name)}; ${policies}`,
  )
  const url = new URL(scene.database.url)
  url.username = name
  url.password = 'checker'
  const finished = await check({ DATABASE_URL: url.href })
  await scene.sql.unsafe(
    `alter table research_jobs disable row level security; drop owned by ${name}; drop role ${name}`,
  )
  return finished
}

test('an account that may not mark is exit 2', async () => {
  await scene.worker.dead()
  const finished = await checkAs('grant select on research_jobs to ROLE')
  await expectWrong(finished, 2, /^permission: permission denied .*update \(last_alerted_at\)/, /README/)
})

test('an account that may not read is exit 2', async () => {
  const finished = await checkAs('grant update (last_alerted_at) on research_jobs to ROLE')
  expect(finished.code).toBe(2)
  expect(marked('✗', finished).map((line) => line.replace(/:.*/, ''))).toEqual(['permission', 'queue'])
})

test('row-level security that hides rows is exit 2', async () => {
  const finished = await checkAs(
    'grant select, update (last_alerted_at) on research_jobs to ROLE',
    'alter table research_jobs enable row level security',
  )
  await expectWrong(finished, 2, /^row-level security: row-level security hides rows/, /README/)
})

test('an account with what the README grants is fine', async () => {
  const finished = await checkAs('grant select, update (last_alerted_at) on research_jobs to ROLE')
  expect(marked('✗', finished)).toEqual([])
})

test('a key that SendGrid does not accept is exit 1', async () => {
  scene.sendGrid.answer(refusal(401, 'The provided authorization grant is invalid, expired, or revoked'))
  await expectWrong(
    await check(),
    1,
    /^SendGrid: does not accept the key \(SendGrid answered 401: The provided/,
    /SENDGRID_API_KEY/,
  )
})

test('a key that may not send is exit 1', async () => {
  scene.sendGrid.answer(status(200, { scopes: ['stats.read'] }))
  await expectWrong(await check(), 1, /^SendGrid: accepts the key, but it may not send/, /Mail Send/)
})

test('SendGrid out of reach is exit 1', async () => {
  const url = `http://127.0.0.1:${await freePort()}`
  await expectWrong(
    await check({ SENDGRID_BASE_URL: url }),
    1,
    /^SendGrid: cannot reach SendGrid \(ECONNREFUSED\)/,
    /SENDGRID_BASE_URL/,
  )
})

test('an answer that is no list of permissions is exit 1', async () => {
  scene.sendGrid.answer(status(200, '<html>maintenance</html>'))
  const finished = await check()
  expect({ code: finished.code, wrong: marked('✗', finished).length }).toEqual({ code: 1, wrong: 1 })
})

test('--send-test sends a mail marked TEST about made-up failures, and marks nothing', async () => {
  await scene.worker.dead()
  const finished = await check({}, '--send-test')
  expect(finished.code).toBe(0)
  expect(marked('✓', finished).at(-1)).toMatch(/^test mail: SendGrid accepted it \(message id stand-in-1\)/)
  expect(scene.mail.subject).toMatch(/^TEST: Apple Music refresh failed at songs/)
  expect(scene.mail.text).toMatch(/^Environment: TEST\n/)
  expect(scene.mail.text).toContain('This failure is made up')
  expect(scene.mail.text).toContain('where id = -2 and status')
  expect(scene.mail.text).not.toMatch(/(?:job|id =) \d/)
  expect(await scene.marked()).toEqual([])
})

test('a test mail that is refused is exit 1, with the reason', async () => {
  scene.sendGrid.answer(
    status(200, { scopes: ['mail.send'] }),
    refusal(403, 'The from address does not match a verified Sender Identity', 'from'),
  )
  const finished = await check({}, '--send-test')
  await expectWrong(
    finished,
    1,
    /^test mail: SendGrid answered 403: from: The from address does not match/,
    /SendGrid says/,
  )
})

test('the heartbeat is named without its URL, which is a secret', async () => {
  const finished = await check({ HEARTBEAT_URL: 'https://hc.example.com/hunter2' })
  expect(marked('·', finished)).toContain('heartbeat: HEARTBEAT_URL is set')
  expect(finished.stdout + finished.stderr).not.toContain('hunter2')
})
