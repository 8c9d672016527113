import { APPLE_MUSIC_REFRESH } from '../../src/chains.js'
import type { Presentation } from '../../src/config.js'
import { type Digest, Tally } from '../../src/digest.js'
import type { Backlog, Job, Window } from '../../src/failures.js'
import type { ChainContext } from '../../src/ladder.js'

export const NOW = new Date('2026-11-23T04:00:00Z')
export const CHAIN_START = '2026-11-23T03:00:00.123456+00:00'

/** 2026-11-23 at that time of day in UTC, in milliseconds. */
export function at(time: string): number {
  return Date.parse(`2026-11-23T${time}Z`)
}

let lastId = 100

/** A job that used up its retries at 02:00. */
export function job(values: Partial<Job> = {}): Job {
  lastId += 1
  const finishedAt = values.finishedAt === undefined ? at('02:00') : values.finishedAt
  return {
    id: lastId,
    source: 'spotify',
    jobType: 'match_song',
    targetType: 'song',
    targetId: 'b6dbaa0a-d65b-416c-8766-9ac315aad39b',
    status: 'dead',
    attempts: 5,
    maxAttempts: 5,
    claimedAt: at('01:59'),
    finishedAt,
    failedAt: finishedAt ?? at('02:00'),
    error: 'Spotify match failed: 503',
    chain: null,
    ...values,
  }
}

/** A step of the Apple Music refresh that began at 03:00; dead unless told otherwise. */
export function step(name: 'albums' | 'songs' | 'artists' | 'rebuild_index', values: Partial<Job> = {}): Job {
  const definition = APPLE_MUSIC_REFRESH.steps.find((known) => known.name === name)
  if (!definition) throw new Error(`no step ${name}`)
  const { jobType, targetId } = definition
  const result = values.status === 'done' ? { error: null } : { error: `${name} failed: Read timed out.` }
  return job({
    source: 'apple',
    targetType: 'catalog',
    jobType,
    targetId,
    attempts: 1,
    maxAttempts: 1,
    chain: CHAIN_START,
    claimedAt: at('03:08:20'),
    finishedAt: at('03:12'),
    ...result,
    ...values,
  })
}

export const WINDOW: Window = { since: new Date('2026-11-16T04:00:00Z'), includeAlerted: false }
export const PRODUCTION: Presentation = {
  adminBaseUrl: 'https://admin.approachnote.com',
  timezone: 'UTC',
  environment: undefined,
}
const NO_BACKLOG: Backlog = { count: 0, oldest: null }

/** The digest of these failures. */
export function digestOf(failures: Iterable<Job>, context: Partial<ChainContext> = {}, older = NO_BACKLOG): Digest {
  const tally = new Tally()
  for (const failure of failures) tally.add(failure)
  return tally.digest({ jobs: [], latest: [], lastSuccess: undefined, ...context }, older, WINDOW, NOW)
}
