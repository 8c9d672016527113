import { expect, test } from 'vitest'
import { migrateConfig } from '../../src/config.js'
import { preview } from '../../src/report.js'
import { mailOf, UNUSED_LOG } from '../support/jobs.js'
import { useScene } from '../support/scene.js'

const scene = useScene()

test('one mail takes 100,000 failures: chains first, then the oldest; the next run takes the rest', async () => {
  await scene.worker.dead()
  await scene.worker.storm(100_000, {}, 'Spotify match failed: 503', '1 day')
  const [albums] = await scene.worker.refresh('albums')
  await scene.worker.failPermanently(albums as number, 'timed out')
  const dryRun = await scene.preview()
  expect(dryRun.summary).toMatchObject({ found: 100_000, waiting: 2 })
  expect((await scene.digest()).summary).toMatchObject({ outcome: 'sent', found: 100_000, waiting: 2, locked: 0 })
  expect(scene.mail.subject).toContain('Apple Music refresh failed at albums')
  expect(scene.mail.text.replaceAll(/\s+/g, ' ')).toContain('2 more failures')
  const left = await scene.sql`select id from research_jobs where last_alerted_at is null order by id`
  expect(left.map(({ id }) => Number(id))).toEqual([1, 100_001])
  const marks = () => scene.sql`
    select md5(string_agg(last_alerted_at::text, ' ' order by id))
    from research_jobs
    where id not in (1, 100001)`
  const before = await marks()
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 2, waiting: 0 })
  expect((await scene.report()).summary.outcome).toBe('nothing to report')
  expect(await marks()).toEqual(before)
})

test('an error of any size stops no run, and the words of the janitor at its end are read', async () => {
  const reaped = await scene.worker.running({ maxAttempts: 1 })
  await scene.sql`update research_jobs set last_error = repeat('password=hunter2 & ', 700000) where id = ${reaped}`
  await scene.worker.reap(reaped)
  const traced = await scene.worker.dead()
  await scene.sql`
    update research_jobs
    set last_error = repeat('x', 3000000) || E'\\nKeyError: \\'title\\''
    where id = ${traced}`
  const { summary, stdout } = await scene.digest(['--dry-run', '--format', 'json'])
  expect(summary).toMatchObject({ found: 2 })
  const errors = JSON.parse(stdout).failures.map(({ error }: { error: string }) => error)
  expect(errors[0]).toMatch(/\n… 13,300,\d+ characters in all, cut here …\s+\| reaped: max_attempts exhausted/)
  expect(errors[1]).toMatch(/^x{2300}\n… 3,000,018 characters in all, cut here …\nKeyError: 'title'$/)
  expect(stdout).not.toContain('hunter2')
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 2 })
  expect(scene.mail.text).not.toContain('hunter2')
})

test('the next failures are read only when the reader has taken those before', async () => {
  await scene.worker.storm(2_500)
  const batches: number[] = []
  let release: () => void = () => {}
  const reading = preview(
    {
      database: migrateConfig({ DATABASE_URL: scene.database.url }).database,
      runTimeout: 30_000,
      sendTimeout: 0,
      overdueAfter: undefined,
      since: 86_400_000,
      includeAlerted: false,
      interruptions: { stop: new AbortController().signal, abort: new AbortController().signal, sending: () => {} },
      log: UNUSED_LOG,
      render: (digest) => mailOf(digest),
    },
    (jobs) => {
      batches.push(jobs.length)
      return new Promise((resolve) => {
        release = resolve
      })
    },
  )
  for (const expected of [[1_000], [1_000, 1_000], [1_000, 1_000, 500]]) {
    while (batches.length < expected.length) await new Promise(setImmediate)
    expect(batches).toEqual(expected)
    release()
  }
  expect((await reading).found).toBe(2_500)
})
