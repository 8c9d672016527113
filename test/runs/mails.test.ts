import { expect, test } from 'vitest'
import { DAY, HOUR } from '../../src/text/time.js'
import { useScene } from '../support/scene.js'
import { refusal } from '../support/sendgrid.js'

const scene = useScene()

test('payloads of any kind, and of any size, do not stop the mail', async () => {
  const odd: readonly unknown[] = [
    5,
    [1, 2],
    null,
    'chain_started_at',
    { chain_started_at: 'tomorrow' },
    { chain_started_at: 20261123 },
    { chain_started_at: { year: 2026 } },
    { chain_started_at: 'x'.repeat(200_000), feed: 'y'.repeat(800_000) },
  ]
  const ids: number[] = []
  for (const [index, payload] of odd.entries())
    ids.push(await scene.worker.dead({ source: 'apple', jobType: `type_${index}`, targetType: 'catalog', payload }))
  expect((await scene.report()).code).toBe(0)
  expect(await scene.marked()).toEqual(ids)
  for (const id of ids) expect(scene.mail.text).toContain(`job ${id}`)
})

test('a storm of 10,000 failures is one mail of a size that no reader clips, and all of them are marked', async () => {
  await scene.worker.storm(
    10_000,
    { source: 'musicbrainz', jobType: 'backfill_release_label', targetType: 'release' },
    'MB has no release %2$s (mbid=%1$s): 404 deleted/merged',
  )
  const { code, summary } = await scene.report()
  expect(code).toBe(0)
  expect(summary).toMatchObject({ found: 10_000, reported: 10_000 })
  expect(scene.sendGrid.accepted).toHaveLength(1)
  expect(scene.mail.subject).toMatch(/^10,000 backfill_release_label: MB has no release/)
  expect(Buffer.byteLength(scene.mail.html)).toBeLessThan(90_000)
  const [left] = await scene.sql`select count(*)::int as count from research_jobs where last_alerted_at is null`
  expect(left?.count).toBe(0)
})

test('a refresh that died at songs is one mail with its ladder, its last success and the way to resume', async () => {
  const done = await scene.worker.refresh('rebuild_index', new Date(Date.now() - 7 * 86_400_000))
  await scene.worker.succeed(done[3] as number)
  await scene.worker.age(done, '7 days')
  const [albums, songs] = await scene.worker.refresh('songs')
  await scene.worker.failPermanently(songs as number, 'download_feed(songs) failed: Read timed out.')
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(scene.mail.subject).toMatch(/^Apple Music refresh failed at songs, \d+ \w+ \d\d:\d\d$/)
  for (const line of [
    new RegExp(`✓ albums +done .*job ${albums}`),
    new RegExp(`✗ songs +failed .*job ${songs}$`, 'm'),
    /· artists +not started/,
    /· rebuild_index +not started/,
    /Songs are matched against the catalog of \d+ \w+, 7 days old, until a refresh\sfinishes\./,
    new RegExp(`where id = ${songs}\n +and status = 'dead';`),
    /https:\/\/admin\.approachnote\.com\/apple-music-catalog/,
  ])
    expect(scene.mail.text).toMatch(line)
})

test('the statement that the mail offers resumes the chain, and does nothing once the job has moved on', async () => {
  const ids = await scene.worker.refresh('songs')
  const songs = ids[1] as number
  await scene.worker.failPermanently(songs, 'timed out')
  await scene.report()
  const text = scene.mail.text
  const statement = /update research_jobs[^;]+;/.exec(text)?.[0] ?? ''
  await scene.sql.unsafe(statement)
  const [row] = await scene.sql`select status, attempts, last_error from research_jobs where id = ${songs}`
  expect(row).toEqual({ status: 'queued', attempts: 0, last_error: null })
  await scene.worker.claim(songs)
  expect((await scene.sql.unsafe(statement)).count).toBe(0)
})

/** The mail as one line, so that it does not matter where it wraps. */
const flowing = (): string => scene.mail.text.replaceAll(/\s+/g, ' ')

async function finishedRefresh(daysAgo: number): Promise<readonly number[]> {
  const steps = await scene.worker.refresh('rebuild_index', new Date(Date.now() - daysAgo * 86_400_000))
  await scene.worker.succeed(steps[3] as number)
  await scene.worker.age(steps, `${daysAgo} days`)
  return steps
}

test('of several successes the last one counts', async () => {
  for (const daysAgo of [3, 9, 20]) await finishedRefresh(daysAgo)
  const [albums] = await scene.worker.refresh('albums')
  await scene.worker.failPermanently(albums as number, 'timed out')
  await scene.report()
  expect(flowing()).toMatch(/matched against the catalog of [^.]*, 3 days old, until a refresh finishes\./)
})

test('a newer refresh that succeeded is known, however many older jobs there are', async () => {
  const steps = await scene.worker.refresh('songs', new Date(Date.now() - 2 * 86_400_000))
  await scene.worker.failPermanently(steps[1] as number, 'timed out')
  await scene.worker.age(steps, '2 days')
  await finishedRefresh(1)
  await scene.sql`
    insert into research_jobs (source, job_type, target_type, target_id, status, payload, finished_at)
    select 'apple', 'refresh_catalog', 'catalog', '11111111-1111-1111-1111-aaaaaaaaaaaa', 'done',
      jsonb_build_object('chain_started_at', now() - number * interval '3 days'), now() - number * interval '3 days'
    from generate_series(1, 600) as number`
  // Older jobs with lower ids, as it is in the queue.
  await scene.sql`update research_jobs set id = id + 10000 where id < 10`
  await scene.report()
  expect(flowing()).toMatch(/The refresh of [^.]+ finished at [^.]+: nothing to resume\./)
  expect(scene.mail.text).not.toContain('update research_jobs')
})

test('a run of an unknown chain is one section with each of its job types', async () => {
  const payload = { chain_started_at: '2026-11-23T01:30:00Z' }
  for (let index = 1; index <= 12; index++)
    await scene.worker.failPermanently(await scene.worker.running({ jobType: `import_${index}`, payload }), 'disk full')
  await scene.report()
  expect(flowing()).toContain('12 jobs of one spotify run: disk full')
  for (let index = 1; index <= 12; index++) expect(flowing()).toContain(`spotify/import_${index} (1)`)
})

test('a chain beside one of very many jobs is read to its end', async () => {
  const steps = await scene.worker.refresh('rebuild_index')
  await scene.worker.succeed(steps[3] as number)
  await scene.sql`
    update research_jobs
    set status = 'dead', claimed_at = null, last_error = 'reaped: max_attempts exhausted (likely worker OOM/crash loop)'
    where id = ${steps[0] as number}`
  await scene.sql`
    insert into research_jobs (source, job_type, target_type, target_id, status, payload, finished_at)
    select 'apple', 'warm_cache', 'cache', gen_random_uuid(), 'done',
      jsonb_build_object('chain_started_at', (select payload ->> 'chain_started_at' from research_jobs where id = ${steps[0] as number})), now()
    from generate_series(1, 600)`
  await scene.sql`update research_jobs set id = id + 10000 where job_type <> 'warm_cache'`
  await scene.report()
  expect(flowing()).toContain('Apple Music refresh finished although albums was given up')
  expect(scene.mail.text).not.toContain('update research_jobs')
})

test('while an admin has an earlier step running again, the mail says so and offers no statement', async () => {
  const [albums, songs] = await scene.worker.refresh('songs')
  await scene.worker.failPermanently(songs as number, 'timed out')
  await scene.worker.retry(albums as number)
  await scene.worker.claim(albums as number)
  await scene.report()
  expect(flowing()).toMatch(new RegExp(`It is at albums: running since \\d\\d:\\d\\d \\(job ${albums}\\)\\.`))
  expect(scene.mail.text).not.toContain('update research_jobs')
})

test('a newer refresh that failed and was reported is named with the statement that resumes it', async () => {
  const older = await scene.worker.refresh('songs', new Date(Date.now() - 86_400_000))
  await scene.worker.failPermanently(older[1] as number, 'timed out')
  await scene.report()
  await scene.worker.retry(older[1] as number)
  await scene.worker.claim(older[1] as number)
  await scene.worker.failPermanently(older[1] as number, 'timed out again')
  const [albums] = await scene.worker.refresh('albums')
  await scene.worker.failPermanently(albums as number, 'disk full')
  await scene.sql`update research_jobs set last_alerted_at = finished_at where id = ${albums as number}`
  await scene.report()
  const [, mail] = scene.sendGrid.accepted
  const text = mail?.content[0]?.value.replaceAll(/\s+/g, ' ')
  expect(text).toContain('Apple Music refresh failed at albums')
  expect(text).toContain(`Other runs of the Apple Music refresh that failed (apple/refresh_catalog) job ${older[1]} `)
  expect(text).toContain(`where id = ${albums} and status = 'dead';`)
})

test('a newer refresh that an admin cancelled withholds nothing', async () => {
  const [, songs] = await scene.worker.refresh('songs')
  await scene.worker.failPermanently(songs as number, 'timed out')
  const [albums] = await scene.worker.refresh('albums')
  await scene.worker.cancel(albums as number)
  await scene.report()
  expect(flowing()).toContain(`where id = ${songs} and status = 'dead';`)
})

const OVERDUE = { REFRESH_OVERDUE_AFTER: '14d' }

test('a refresh that has not succeeded for too long is reported once, and the next success re-arms it', async () => {
  await finishedRefresh(15)
  expect((await scene.preview(OVERDUE)).message?.subject).toContain('Apple Music refresh is overdue since ')
  expect((await scene.report(OVERDUE)).summary).toMatchObject({ outcome: 'sent', found: 0, overdue: true })
  expect(scene.mail.subject).toMatch(/^Apple Music refresh is overdue since /)
  expect(flowing()).toMatch(
    /the catalog of .+, 15 days old, until a refresh finishes\. A success is expected every 14 days/,
  )
  expect((await scene.report(OVERDUE)).summary.outcome).toBe('nothing to report')
  expect((await scene.preview(OVERDUE)).message).toBeUndefined()
  const again = await finishedRefresh(0)
  expect((await scene.report(OVERDUE)).summary.outcome).toBe('nothing to report')
  await scene.worker.age(again, '14 days 1 hour')
  expect((await scene.report(OVERDUE)).summary).toMatchObject({ outcome: 'sent', overdue: true })
  expect(scene.sendGrid.requests).toHaveLength(2)
})

test('an overdue refresh that was reported is reported again on request, if it began inside the window', async () => {
  await finishedRefresh(15)
  await scene.report(OVERDUE)
  expect((await scene.report(OVERDUE, { since: 12 * HOUR, includeAlerted: true })).summary.outcome).toBe(
    'nothing to report',
  )
  const again = await scene.report(OVERDUE, { since: 2 * DAY, includeAlerted: true })
  expect(again.summary).toMatchObject({ outcome: 'sent', overdue: true })
})

test('without REFRESH_OVERDUE_AFTER, and while the last success is young enough, nothing is overdue', async () => {
  const steps = await finishedRefresh(13)
  expect((await scene.report(OVERDUE)).summary.outcome).toBe('nothing to report')
  await scene.worker.age(steps, '100 days')
  expect((await scene.report()).summary.outcome).toBe('nothing to report')
})

test('an overdue refresh whose mail was refused is reported by the next run', async () => {
  await finishedRefresh(15)
  scene.sendGrid.answer(refusal(401, 'revoked'))
  expect((await scene.report(OVERDUE)).code).toBe(1)
  expect((await scene.report(OVERDUE)).summary).toMatchObject({ outcome: 'sent', overdue: true })
})

test('of several runs at once one reports that the refresh is overdue', async () => {
  await finishedRefresh(15)
  const runs = await Promise.all(Array.from({ length: 5 }, () => scene.report(OVERDUE)))
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
  expect(scene.sendGrid.requests).toHaveLength(1)
})

test('beside a refresh that failed the mail says in one place that it is overdue', async () => {
  await finishedRefresh(15)
  const [albums] = await scene.worker.refresh('albums')
  await scene.worker.failPermanently(albums as number, 'timed out')
  await scene.report(OVERDUE)
  expect(flowing()).toContain('It is overdue, too: a success is expected every 14 days')
  expect(scene.mail.text.match(/overdue/g)).toHaveLength(1)
  expect((await scene.report(OVERDUE)).summary.outcome).toBe('nothing to report')
})

/** A refresh whose steps before `upTo` are done; all of it, and so whatever marks it has, this many days old. */
async function failedRefresh(upTo: string, days: number): Promise<readonly number[]> {
  const steps = await scene.worker.refresh(upTo)
  await scene.worker.failPermanently(steps.at(-1) as number, 'timed out')
  await scene.worker.age(steps, `${days} days`)
  return steps
}

test('without a success on record the oldest refresh job counts, once', async () => {
  await failedRefresh('songs', 20)
  await scene.sql`update research_jobs set last_alerted_at = finished_at`
  expect((await scene.report(OVERDUE)).summary).toMatchObject({ outcome: 'sent', found: 0, overdue: true })
  expect(flowing()).toContain('No success of the Apple Music refresh is on record')
  expect((await scene.report(OVERDUE)).summary.outcome).toBe('nothing to report')
})

test('without a success on record the oldest refresh job may be overdue and, on request, a failure of the same mail', async () => {
  const [albums] = await failedRefresh('albums', 20)
  const window = { since: 30 * DAY, includeAlerted: true }
  for (let run = 0; run < 2; run++) {
    const { summary } = await scene.report(OVERDUE, window)
    expect(summary).toMatchObject({ outcome: 'sent', found: 1, overdue: true, exitCode: 0 })
    expect(await scene.marked()).toEqual([albums])
  }
})

test('without a success on record a failure that was mailed since the deadline has said it', async () => {
  await failedRefresh('songs', 20)
  await scene.sql`update research_jobs set last_alerted_at = finished_at`
  const [albums] = await scene.worker.refresh('albums')
  await scene.worker.failPermanently(albums as number, 'timed out')
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect((await scene.report(OVERDUE)).summary.outcome).toBe('nothing to report')
})

test('without any refresh on record, or before the deadline of the oldest job, nothing is overdue', async () => {
  expect((await scene.report(OVERDUE)).summary.outcome).toBe('nothing to report')
  await failedRefresh('songs', 13)
  await scene.sql`update research_jobs set last_alerted_at = finished_at`
  expect((await scene.report(OVERDUE)).summary.outcome).toBe('nothing to report')
})

test('a success counts again from its own end, however old other jobs are', async () => {
  await failedRefresh('songs', 60)
  await scene.sql`update research_jobs set last_alerted_at = finished_at`
  await finishedRefresh(13)
  expect((await scene.report(OVERDUE)).summary.outcome).toBe('nothing to report')
})
