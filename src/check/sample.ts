import { REFRESH } from '../chains.js'
import { type Digest, Tally } from '../digest/digest.js'
import { type Job, JobError } from '../job.js'
import { DAY, MINUTE } from '../text/time.js'

/** A digest of made-up failures, for a test mail. No job has such an id, so its statements can do no harm. */
export function sampleDigest(now: Date): Digest {
  const ago = (minutes: number): number => now.getTime() - minutes * MINUTE
  const chain = new Date(ago(60)).toISOString()
  const [albums, songs] = REFRESH.steps.map(({ jobType, targetId }, index) =>
    job(BigInt(-1 - index), ago(58 - 10 * index), {
      source: 'apple',
      jobType,
      targetType: 'catalog',
      targetId,
      maxAttempts: 1,
      chain,
    }),
  ) as [Job, Job]
  const others = Array.from({ length: 3 }, (_, index) => job(BigInt(-11 - index), ago(30 - 5 * index), {}))
  const tally = new Tally()
  for (const failure of [{ ...songs, error: new JobError('This failure is made up: Read timed out.') }, ...others])
    tally.add(failure)
  const window = { since: new Date(now.getTime() - 7 * DAY), includeAlerted: false }
  const context = {
    jobs: [{ ...albums, status: 'done', error: null }],
    latest: [],
    lastSuccess: undefined,
    overdue: undefined,
    older: { count: 0, oldest: null },
  }
  return tally.digest(context, window, now)
}

function job(id: bigint, finishedAt: number, values: Partial<Job>): Job {
  return {
    id,
    source: 'spotify',
    jobType: 'match_song',
    targetType: 'song',
    targetId: '00000000-0000-0000-0000-000000000000',
    status: 'dead',
    attempts: 1,
    maxAttempts: 5,
    runAfter: finishedAt - 9 * MINUTE,
    claimedAt: finishedAt - 8 * MINUTE,
    finishedAt,
    failedAt: finishedAt,
    error: new JobError('This failure is made up: HTTP 503'),
    reaped: false,
    cancelled: false,
    chain: null,
    ...values,
  }
}
