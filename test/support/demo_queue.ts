import { randomUUID } from 'node:crypto'
import type { Sql } from 'postgres'
import { Worker } from './worker.js'

const TIMED_OUT =
  "download_feed(songs) failed: HTTPSConnectionPool(host='api.media.apple.com', port=443): Read timed out. (read timeout=60)"

/** A morning's queue: what happened to a music app's background jobs since last week. */
export async function fillQueue(sql: Sql): Promise<void> {
  const worker = new Worker(sql)
  const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000)

  const finished = await worker.refresh('rebuild_index', minutesAgo(7 * 1_440))
  await worker.succeed(finished.at(-1) as number)
  await spread(sql, finished, 7 * 1_440, 12)

  const rebuild = await worker.refresh('rebuild_index', minutesAgo(2 * 1_440))
  await worker.failPermanently(rebuild.at(-1) as number, 'rebuild_index: [Errno 28] No space left on device')
  await spread(sql, rebuild, 2 * 1_440, 11)

  const songs = await worker.refresh('songs', minutesAgo(60))
  await worker.failPermanently(songs.at(-1) as number, TIMED_OUT)
  await spread(sql, songs, 60, 7)

  for (let index = 0; index < 12; index++) {
    const mbid = randomUUID()
    const id = await worker.dead(
      { source: 'musicbrainz', jobType: 'backfill_release_label', targetType: 'release', maxAttempts: 5 },
      `MB has no release ${mbid} (mbid=${mbid}): 404 deleted/merged`,
    )
    await worker.age(id, `${95 - index * 4} minutes`)
  }

  const reaped = await worker.running({
    source: 'youtube',
    jobType: 'match_recording',
    targetType: 'recording',
    maxAttempts: 1,
  })
  await worker.reap(reaped)

  const exhausted = await worker.enqueue({ maxAttempts: 2 })
  for (let attempt = 0; attempt < 2; attempt++) {
    await worker.claim(exhausted)
    await worker.fail(
      exhausted,
      'Spotify match failed: 403 Client Error: Forbidden for url: https://api.spotify.com/v1/search?q=Blue+in+Green&access_token=BQDe1x4mpl3',
    )
  }

  const closed = await worker.running({ jobType: 'backfill_durations' })
  await worker.fail(closed, 'Spotify answered 502')
  await worker.cancel(closed)

  const retried = await worker.running()
  await worker.fail(retried, 'Spotify match failed: 503')

  const quota = await worker.running({ source: 'youtube', jobType: 'match_recording', targetType: 'recording' })
  await worker.exhaustQuota(quota)

  await worker.cancel(await worker.enqueue({ source: 'commons', jobType: 'enrich', targetType: 'performer' }))

  const reported = await worker.dead(
    { source: 'wikipedia', jobType: 'enrich_performer_from_wikipedia', targetType: 'performer' },
    "KeyError: 'title'",
  )
  await worker.age(reported, '1 day')
  await sql`update research_jobs set last_alerted_at = finished_at + interval '10 minutes' where id = ${reported}`

  const old = await worker.dead(
    { source: 'commons', jobType: 'enrich', targetType: 'performer' },
    'Commons answered 500',
  )
  await worker.age(old, '12 days')
}

/** Lays the steps of a chain one after the other, each `minutes` long, the first one starting `ago` minutes ago. */
async function spread(sql: Sql, ids: readonly number[], ago: number, minutes: number): Promise<void> {
  for (const [index, id] of ids.entries()) {
    const start = `${ago - index * minutes} minutes`
    const end = `${ago - (index + 1) * minutes} minutes`
    await sql`
      update research_jobs
      set created_at = now() - ${start}::interval,
        claimed_at = now() - ${start}::interval,
        finished_at = now() - ${end}::interval + interval '9 seconds'
      where id = ${id}`
  }
}
