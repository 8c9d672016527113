import { expect, test } from 'vitest'
import { deathOf, inOrderOfCreation, JobError, ownError, toJob } from '../../src/job.js'
import { job, REAPED, reaped, step } from '../support/jobs.js'

const GIVEN_UP =
  'Given up after 90 minutes without an end: the worker died (out of memory, a restart), or is still at it'

// The rows that the real worker, janitor and admin pages leave behind when a job has failed for good.
test.each([
  ['a download of the chain failed', step('songs'), 'Failed on the only attempt'],
  ['a rebuild failed', step('rebuild_index', { error: 'rebuild_index: [Errno 2]' }), 'Failed on the only attempt'],
  ['its worker was killed, or it is merely slow', step('albums', reaped), GIVEN_UP],
  ['its worker was killed on a retry', job({ ...reaped, error: `503 | ${REAPED}` }), GIVEN_UP],
  ['its retries were used up', job({ attempts: 2, maxAttempts: 2 }), 'Failed on the last attempt (2 of 2)'],
  [
    'the worker did not try again',
    job({ attempts: 1, error: 'MB has no release: 404' }),
    'Not retried by the worker (permanent error on attempt 1 of 5)',
  ],
  ['it crashed', job({ attempts: 1, maxAttempts: 1, error: "KeyError: 'title'" }), 'Failed on the only attempt'],
  [
    'it was cancelled while it waited for a retry',
    job({ attempts: 1, claimedAt: null }),
    'Closed while waiting for a retry, after attempt 1 of 5 (cancelled by an admin?)',
  ],
  [
    'it was cancelled before its first attempt, with an error',
    job({ attempts: 0, claimedAt: null }),
    'Closed before the first attempt (cancelled by an admin?)',
  ],
  [
    'it was cancelled after its quota had been exhausted',
    job({ attempts: 0, claimedAt: null, error: 'quota_exhausted' }),
    'Closed by an admin while it waited for a retry',
  ],
  [
    'it was cancelled while it ran after that',
    job({ attempts: 1, error: 'quota_exhausted' }),
    'Closed by an admin while it ran',
  ],
  [
    'it was cancelled while it ran after the janitor had put it back',
    job({ attempts: 2, error: '503 | reaped: stuck in running' }),
    'Closed by an admin while it ran',
  ],
  [
    'it was cancelled on its last attempt after the janitor had put it back',
    job({ error: 'reaped: stuck in running' }),
    'Closed by an admin while it ran',
  ],
  [
    'it was perhaps cancelled while it ran again',
    job({ attempts: 2, error: '503' }),
    'Not retried by the worker (permanent error on attempt 2 of 5, or cancelled while it ran)',
  ],
  ['it has the status failed', job({ status: 'failed', finishedAt: null }), 'Failed on the last attempt (5 of 5)'],
  ['it has more attempts than allowed', job({ attempts: 6 }), 'Failed on the last attempt (6 of 5)'],
  ['it has no error', job({ error: null }), 'Failed on the last attempt (5 of 5)'],
  [
    'its quota was exhausted, and no admin closed it',
    job({ status: 'failed', error: 'quota_exhausted' }),
    'Failed on the last attempt (5 of 5)',
  ],
])('when %s, the mail says how it died', (_, dead, words) => {
  expect(deathOf(dead).how).toBe(words)
})

test('a row becomes a job: its id a number of any size, its names and its error redacted', () => {
  const { id: _, ...values } = job()
  const secret = 'api_key=hunter2hunter2hunter2'
  const row = () => ({
    ...values,
    id: '9223372036854775807',
    source: `s ${secret}`,
    jobType: `j ${secret}`,
    targetType: `t ${secret}`,
    error: `503 ${secret}`,
  })
  const hidden = 'api_key=[redacted]'
  expect(toJob(row())).toMatchObject({
    ...values,
    id: 2n ** 63n - 1n,
    source: `s ${hidden}`,
    jobType: `j ${hidden}`,
    targetType: `t ${hidden}`,
    error: new JobError(`503 ${secret}`),
  })
  expect(toJob({ ...row(), error: null })).toMatchObject({ error: null, reaped: false })
  expect(toJob({ ...row(), error: REAPED }).reaped).toBe(true)
})

test('a name is redacted anew where more names came than are remembered', () => {
  const { id: _, ...values } = job({ error: null })
  const row = (name: string) => toJob({ ...values, id: '1', error: null, jobType: name })
  for (let kind = 0; kind < 1_100; kind++) row(`type_${kind} api_key=hunter2hunter2hunter2`)
  for (const kind of [0, 1_099])
    expect(row(`type_${kind} api_key=hunter2hunter2hunter2`).jobType).toBe(`type_${kind} api_key=[redacted]`)
})

test('jobs are in order of creation by their ids, of any size', () => {
  const ids = [2n ** 63n - 1n, 7n, 2n ** 63n - 2n, 7n, -1n]
  expect(
    ids
      .map((id) => ({ id }))
      .sort(inOrderOfCreation)
      .map(({ id }) => id),
  ).toEqual([-1n, 7n, 7n, 2n ** 63n - 2n, 2n ** 63n - 1n])
})

test('the time at which the janitor gave a job up is not that of its death', () => {
  expect(deathOf(step('albums', reaped), '10:24').how).toBe(GIVEN_UP.replace('up', 'up at 10:24,'))
})

test.each([
  ['503', '503'],
  [`503 | ${REAPED}`, '503'],
  [`503; reaped: stuck in running | ${REAPED}`, '503'],
  [REAPED, ''],
  [`${REAPED}, then a retry: 503`, `${REAPED}, then a retry: 503`],
])('of %j the words before those of the janitor are %j', (error, own) => {
  expect(ownError(new JobError(error))).toBe(own)
})

test.each([
  ['nothing before it', REAPED],
  ['an error', `Spotify match failed: 503 | ${REAPED}`],
  ['an error and a reaping with attempts left', `503; reaped: stuck in running | ${REAPED}`],
])('the janitor ended a job whose text ends in its words after %s, and they stay readable', (_, text) => {
  const error = new JobError(text)
  expect([`${error}`, error.reaped]).toEqual([text, true])
})

test.each([`503 | ${REAPED}\n`, `503 | ${REAPED}   `, `503 | ${REAPED} \r\n`])(
  'what cannot be seen behind the words of the janitor in %j changes nothing',
  (text) => {
    const error = new JobError(text)
    expect([`${error}`, error.reaped]).toEqual([`503 | ${REAPED}`, true])
  },
)

test.each([`${REAPED}, then a retry: 503`, 'reaped: stuck in running', '503', ''])(
  '%j does not end in the words by which the janitor ends a job',
  (text) => {
    const error = new JobError(text)
    expect([`${error}`, error.reaped]).toEqual([text, false])
  },
)

test('what stands before an error and cannot be seen is not shown', () => {
  expect(`${new JobError('\u200b\x1b[0m 503')}`).toBe('503')
})

test('an error is redacted wherever it is written, and nowhere else', () => {
  const error = new JobError('no answer from postgresql://app:hunter2@db')
  expect([error.toString(), `${error}`, JSON.parse(JSON.stringify(error))]).toEqual(
    Array(3).fill('no answer from postgresql://[redacted]@db'),
  )
  expect(error.unredacted).toContain('hunter2')
})

// What hides everything to the end of the text would hide the janitor's words.
test.each([
  'failed with Cookie: session=hunter2',
  'failed with Authorization: Digest username="bob", response="hunter2"',
  'failed with -----BEGIN PRIVATE KEY-----\nhunter2',
  'failed with password="hunter2 and no closing quote',
])('%j before the words of the janitor does not swallow them', (own) => {
  const error = new JobError(`${own} | ${REAPED}`)
  expect(error.reaped).toBe(true)
  expect(`${error}`).toContain(` | ${REAPED}`)
  expect(`${error}`).toMatch(/^failed with /)
  expect(`${error}`).not.toContain('hunter2')
})

test.each([` | ${REAPED}`, '; reaped: stuck in running', ` | reaped: stuck in running | ${REAPED}`])(
  'a credential cut off at the end of the text of the worker is hidden before %j',
  (appended) => {
    expect(`${new JobError(`could not connect to postgresql://app:hunter2${appended}`)}`).toBe(
      `could not connect to postgresql://[redacted]${appended}`,
    )
  },
)

test('in the middle of a text the words of the janitor stand between two errors, each redacted by itself', () => {
  const text = 'postgresql://app:hunter2; reaped: stuck in running | postgresql://app:hunter2'
  expect(`${new JobError(text)}`).toBe('postgresql://[redacted]; reaped: stuck in running | postgresql://[redacted]')
})
