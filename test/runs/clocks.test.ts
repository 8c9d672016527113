import { expect, test } from 'vitest'
import { useScene } from '../support/scene.js'

const scene = useScene()

async function deadAt(finishedAt: string): Promise<number> {
  const id = await scene.worker.dead()
  await scene.sql`update research_jobs set finished_at = ${finishedAt}::text::timestamptz where id = ${id}`
  return id
}

/** One mail for the failure, and none from the runs after it. */
async function expectOneMail(variables = {}): Promise<void> {
  expect((await scene.digest([], variables)).summary).toMatchObject({ outcome: 'sent', found: 1, exitCode: 0 })
  expect((await scene.digest([], variables)).summary).toMatchObject({ outcome: 'nothing to report', exitCode: 0 })
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
  expect((await scene.digest()).summary).toMatchObject({ outcome: 'sent', found: 1, olderUnreported: 1 })
  expect(scene.mail.text).toContain('older failure, from an unknown time, has never been reported')
  expect(scene.mail.text).toContain('job-alert.js digest --since all')
  expect((await scene.digest(['--since', 'all'])).summary).toMatchObject({
    outcome: 'sent',
    found: 1,
    olderUnreported: 0,
  })
})

test('a failure one microsecond after its mark is a new failure, and one at its mark is not', async () => {
  const id = await scene.worker.dead()
  await scene.digest()
  await scene.sql`update research_jobs set finished_at = last_alerted_at where id = ${id}`
  expect((await scene.digest()).summary.outcome).toBe('nothing to report')
  await scene.sql`update research_jobs set finished_at = last_alerted_at + interval '1 microsecond' where id = ${id}`
  expect((await scene.digest()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect((await scene.digest()).summary.outcome).toBe('nothing to report')
})

test('a database of another time zone and DateStyle, and a process of a third, agree on every time', async () => {
  const { sql, database } = scene
  await sql`alter database ${sql(database.name)} set timezone = 'Asia/Kolkata'`
  await sql`alter database ${sql(database.name)} set datestyle = 'SQL, DMY'`
  const id = await scene.worker.dead()
  const preview = await scene.digest(['--dry-run', '--format', 'json'], { TZ: 'Pacific/Auckland' })
  await expectOneMail({ TZ: 'Pacific/Auckland' })
  await sql`alter database ${sql(database.name)} reset all`
  const [row] =
    await sql`select extract(epoch from finished_at)::float8 * 1000 as time from research_jobs where id = ${id}`
  const [failure] = JSON.parse(preview.stdout).failures
  expect(Math.abs(Date.parse(failure.failed_at) - row?.time)).toBeLessThan(1)
})

test('ALERT_TIMEZONE is shown beside UTC', async () => {
  await deadAt(new Date(Date.now() - 3_600_000).toISOString())
  await scene.digest([], { ALERT_TIMEZONE: 'Asia/Kolkata' })
  expect(scene.mail.text).toMatch(/\d\d:\d\d\sGMT\+5:30\s\((\d+\s\w+\s)?\d\d:\d\d\sUTC\)/)
})
