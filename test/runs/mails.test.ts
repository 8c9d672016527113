import { expect, test } from 'vitest'
import { useScene } from '../support/scene.js'

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
  expect((await scene.digest()).code).toBe(0)
  expect(await scene.marked()).toEqual(ids)
  for (const id of ids) expect(scene.mail.text).toContain(`job ${id}`)
})

test('a storm of 71,000 failures is one mail of a size that no reader clips, and all of them are marked', async () => {
  await scene.worker.storm(
    71_000,
    { source: 'musicbrainz', jobType: 'backfill_release_label', targetType: 'release' },
    'MB has no release %2$s (mbid=%1$s): 404 deleted/merged',
  )
  const { code, summary } = await scene.digest()
  expect(code).toBe(0)
  expect(summary).toMatchObject({ found: 71_000, reported: 71_000 })
  expect(scene.sendGrid.accepted).toHaveLength(1)
  expect(scene.mail.subject).toContain('71,000 musicbrainz/backfill_release_label jobs failed')
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
  expect((await scene.digest()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(scene.mail.subject).toMatch(/^Apple Music refresh failed at songs, \d+ \w+ \d\d:\d\d UTC$/)
  for (const line of [
    new RegExp(`✓ albums +done .*job ${albums}`),
    new RegExp(`✗ songs +dead .*job ${songs}  attempt 1 of 1`),
    /· artists +not started/,
    /· rebuild_index +not started/,
    /Matchers keep using the catalog of the last successful refresh: .*\n?.* 7 days ago\./,
    new RegExp(`where id = ${songs} and status = 'dead';`),
    /https:\/\/admin\.approachnote\.com\/apple-music-catalog/,
  ])
    expect(scene.mail.text).toMatch(line)
})

test('the statement that the mail offers resumes the chain, and does nothing once the job has moved on', async () => {
  const ids = await scene.worker.refresh('songs')
  const songs = ids[1] as number
  await scene.worker.failPermanently(songs, 'timed out')
  await scene.digest()
  const text = scene.mail.text
  const statement = /update research_jobs[^;]+;/.exec(text)?.[0] ?? ''
  await scene.sql.unsafe(statement)
  const [row] = await scene.sql`select status, attempts, last_error from research_jobs where id = ${songs}`
  expect(row).toEqual({ status: 'queued', attempts: 0, last_error: null })
  await scene.worker.claim(songs)
  expect((await scene.sql.unsafe(statement)).count).toBe(0)
})
