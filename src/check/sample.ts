import { REFRESH } from '../chains.js'
import { type Digest, Tally } from '../digest/digest.js'
import { type Job, JobError } from '../job.js'
import { WINDOW } from '../report.js'
import { MINUTE } from '../text/time.js'

/** A digest of made-up failures, for a test mail. No job has a negative id, so the mail's statements do no harm. */
export function sampleDigest(now: Date): Digest {
  const ago = (minutes: number): number => now.getTime() - minutes * MINUTE
  const songs = REFRESH.steps[1]
  const tally = new Tally()
  tally.add({
    ...failure(-2n, ago(48), 'This failure is made up: Read timed out.'),
    source: REFRESH.source,
    jobType: songs.jobType,
    targetType: REFRESH.targetType,
    targetId: songs.targetId,
    maxAttempts: 1,
    chain: new Date(ago(60)).toISOString(),
  })
  for (const id of [11, 12, 13]) tally.add(failure(BigInt(-id), ago(85 - 5 * id), 'This failure is made up: HTTP 503'))
  const older = { count: 0, oldest: null }
  const context = { jobs: [], latest: [], lastSuccess: undefined, overdue: undefined, older }
  return tally.digest(context, { since: new Date(now.getTime() - WINDOW), includeAlerted: false }, now)
}

function failure(id: bigint, failedAt: number, error: string): Job {
  return {
    id,
    source: 'spotify',
    jobType: 'match_song',
    targetType: 'song',
    targetId: '00000000-0000-0000-0000-000000000000',
    status: 'dead',
    attempts: 1,
    maxAttempts: 5,
    runAfter: failedAt - 9 * MINUTE,
    claimedAt: failedAt - 8 * MINUTE,
    finishedAt: failedAt,
    failedAt,
    error: new JobError(error),
    reaped: false,
    cancelled: false,
    chain: null,
  }
}
