import { expect, test } from 'vitest'
import { useScene } from '../support/scene.js'

const scene = useScene()

async function deadAt(finishedAt: string): Promise<number> {
  const id = await scene.worker.dead()
  await scene.sql`update research_jobs set finished_at = ${finishedAt}::text::timestamptz where id = ${id}`
  return id
}

/** One mail for the failure, and none from the runs after it. */
async function expectOneMail(variables = {}, digest = scene.report): Promise<void> {
  expect((await digest(variables)).summary).toMatchObject({ outcome: 'sent', found: 1, exitCode: 0 })
  expect((await scene.report(variables)).summary).toMatchObject({ outcome: 'nothing to report', exitCode: 0 })
  expect(scene.sendGrid.requests).toHaveLength(1)
}

test.each([
  ['in the future', '2999-01-01 00:00:00+00'],
  ['infinity', 'infinity'],
  ['beyond what a Date can hold', '294276-12-31 00:00:00+00'],
])('a failure whose time is %s is mailed once', async (_, time) => {
  await deadAt(time)
  await expectOneMail()
})

test('a failure at minus infinity is counted as older, and stops nothing', async () => {
  await deadAt('-infinity')
  await scene.worker.dead()
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1, olderUnreported: 1 })
  expect(scene.mail.text).toContain('1 older failure was never reported\nIt is from an unknown time.')
  expect(scene.mail.text).toContain('job-alert.js digest --since all')
  expect((await scene.report({}, { since: 'all' })).summary).toMatchObject({
    outcome: 'sent',
    found: 1,
    olderUnreported: 0,
  })
})

test('a failure one microsecond after its mark is a new failure, and one at its mark is not', async () => {
  const id = await scene.worker.dead()
  await scene.report()
  await scene.sql`update research_jobs set finished_at = last_alerted_at where id = ${id}`
  expect((await scene.report()).summary.outcome).toBe('nothing to report')
  await scene.sql`update research_jobs set finished_at = last_alerted_at + interval '1 microsecond' where id = ${id}`
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect((await scene.report()).summary.outcome).toBe('nothing to report')
})

test('a database of another time zone and DateStyle, and a process of a third, agree on every time', async () => {
  const { sql, database } = scene
  await sql`alter database ${sql(database.name)} set timezone = 'Asia/Kolkata'`
  await sql`alter database ${sql(database.name)} set datestyle = 'SQL, DMY'`
  const id = await scene.worker.dead()
  const preview = await scene.digest(['--dry-run', '--format', 'json'], { TZ: 'Pacific/Auckland' })
  await expectOneMail({ TZ: 'Pacific/Auckland' }, (variables) => scene.digest([], variables))
  await sql`alter database ${sql(database.name)} reset all`
  const [row] =
    await sql`select extract(epoch from finished_at)::float8 * 1000 as time from research_jobs where id = ${id}`
  const [failure] = JSON.parse(preview.stdout).failures
  expect(Math.abs(Date.parse(failure.failedAt) - row?.time)).toBeLessThan(1)
})

test('ALERT_TIMEZONE is the one zone of the mail', async () => {
  await deadAt(new Date(Date.now() - 3_600_000).toISOString())
  await scene.report({ ALERT_TIMEZONE: 'Asia/Kolkata' })
  expect(scene.mail.text).toMatch(/\d\d:\d\d IST/)
  expect(scene.mail.text.match(/UTC/g)).toEqual(['UTC'])
  expect(scene.mail.text).toMatch(/ IST \(UTC\+5:30\)\.\n$/)
})

/** This machine's clock, so many milliseconds ahead of the server's. */
function ahead(milliseconds: number): Record<string, string> {
  const wrong = `const { now } = Date
    Date.now = () => now() + ${milliseconds}
    globalThis.Date = new Proxy(Date, { construct: (target, args) => new target(...(args.length ? args : [Date.now()])) })`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(wrong)}` }
}

const DAY = 86_400_000

test.each([8 * DAY, -8 * DAY])('a clock that is %d ms ahead changes nothing, and is said', async (skew) => {
  await scene.worker.dead()
  const { log, summary } = await scene.digest([], ahead(skew))
  expect(summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(log[0]).toMatchObject({
    level: 'warn',
    msg: expect.stringMatching(/clock is 11520 minutes (?:ahead of|behind)/),
  })
  expect(scene.mail.text).not.toMatch(/in the future|[2-9] days ago/)
})

test('a refresh is overdue by the clock of the server', async () => {
  const steps = await scene.worker.refresh('rebuild_index')
  await scene.worker.succeed(steps.at(-1) as number)
  await scene.worker.age(steps, '10 days')
  const overdue = { REFRESH_OVERDUE_AFTER: '14d' }
  expect((await scene.digest([], { ...overdue, ...ahead(8 * DAY) })).summary.outcome).toBe('nothing to report')
  await scene.worker.age(steps, '5 days')
  expect((await scene.digest([], { ...overdue, ...ahead(-8 * DAY) })).summary).toMatchObject({ overdue: true })
})

test('--since in the future of the server is refused: exit 2', async () => {
  const { code, summary } = await scene.digest(['--since', '2999-01-01'], ahead(400_000 * DAY))
  expect(code).toBe(2)
  expect(summary.msg).toMatch(/--since is in the future: the database's clock says 20/)
})
