import { expect, test } from 'vitest'
import { at, digestOf, type JobValues, job, mailOf, REAPED, reaped } from '../../support/jobs.js'

const ERRORS = ['disk full', 'Connection refused', "KeyError: 'tracks'", 'HTTP 503']
const many = (count: number, values: JobValues = {}) => Array.from({ length: count }, () => job(values))
const text = (
  ...failures: Parameters<typeof digestOf>[0] extends Iterable<infer Job> ? readonly Job[] : never
): string => mailOf(digestOf(failures)).text

test('a heading says how many jobs of which type failed, and the error', () => {
  expect(text(...many(4, { error: "KeyError: 'tracks'" }))).toContain(
    "\n4 spotify/match_song jobs: KeyError: 'tracks'\n",
  )
  expect(text(job({ error: "KeyError: 'tracks'" }))).toContain("\n1 spotify/match_song job: KeyError: 'tracks'\n")
})

test('all jobs of a type that failed with different errors are counted by error, not as a share of each other', () => {
  const mail = text(...many(4, { error: 'KeyError: 1' }), ...many(2, { error: 'ValueError: 2' }))
  expect(mail).toContain('✗ 4 spotify/match_song jobs: KeyError')
  expect(mail).toContain('✗ 2 spotify/match_song jobs: ValueError')
  expect(mail).not.toMatch(/\d of \d+ (?:failed|spotify)/)
})

test('one error of several job types is said once, with the count and the link of each type', () => {
  const error = 'Connection refused'
  const mail = text(...many(12, { error }), ...many(3, { error, source: 'youtube' }), job({ error, jobType: 'sync' }))
  expect(mail).toContain('16 jobs of 3 types: Connection refused')
  expect(mail).toMatch(/^ {2}12 spotify\/match_song jobs\n {4}https:.*source=spotify&status=dead&job_type=match_song$/m)
  expect(mail).toMatch(/^ {2}3 youtube\/match_song jobs\n {4}https:.*source=youtube/m)
  expect(mail).toMatch(/^ {2}1 spotify\/sync job\n {4}https:.*job_type=sync$/m)
  expect(mail.match(/Connection refused/g)).toHaveLength(1)
})

test('a section of more than fifty jobs shows one of them as an example', () => {
  expect(text(...many(50)).match(/^ {2}job /gm)).toHaveLength(10)
  expect(text(...many(51)).match(/^ {2}job /gm)).toHaveLength(1)
  expect(text(...many(51))).toContain('… and 50 more')
})

test('an error that the heading says in full is not said again, a longer one is', () => {
  expect(text(job({ error: 'HTTP 503' })).match(/HTTP 503/g)).toHaveLength(1)
  expect(text(job({ error: 'HTTP 503\nbody: busy' }))).toMatch(/^Error:\n {4}HTTP 503\n {4}body: busy$/m)
})

test('errors that differ in what identifies the job have an example', () => {
  const jobs = [1, 2].map((id) => job({ error: `no release ${id}000000 (mbid=${id}000000)` }))
  expect(text(...jobs)).toContain('2 similar errors, for example: no release 2000000 (mbid=2000000)')
})

test('jobs without an error are said to have none, whether it is absent or empty', () => {
  expect(text(job({ error: null }), job({ error: ' ' }))).toContain(
    '\n2 spotify/match_song jobs: (no error was recorded)\n',
  )
})

test('a line feed in the name of a type begins no line of the mail', () => {
  expect(text(job({ jobType: 'match\nNOTHING TO DO' }), job())).not.toMatch(/^NOTHING/m)
})

test('similar errors that are long are quoted with both their ends', () => {
  const songs = ['Naima', 'Blue in Green', 'So What', 'Lush Life', 'Take Five', 'Cherokee', 'Caravan', 'Misty']
  const error = (song: string) => `no match ${'after another look into the catalog '.repeat(6)}for ${song}`
  const mail = text(...songs.map((song) => job({ error: error(song) }))).replace(/\n {4,}/g, ' ')
  expect(mail).toContain('8 similar errors:')
  for (const song of songs) expect(mail).toMatch(new RegExp(`1 × no match after .*… .* catalog for ${song}\\b`))
})

test('the words of the janitor are not quoted; an error before them is', () => {
  const alone = text(job(reaped))
  expect(alone).toContain('1 spotify/match_song job: no end after 90 minutes')
  expect(alone).not.toContain('reaped')
  const after = text(job({ ...reaped, error: `Spotify match failed: 503 | ${REAPED}` }))
  expect(after).toContain('1 spotify/match_song job: Spotify match failed: 503')
  expect(after).not.toContain('reaped')
})

test.each<[string, JobValues, string]>([
  ['retries used up', {}, 'Failed on the last attempt (5 of 5). Fix the cause, then retry.'],
  [
    'permanent',
    { attempts: 1 },
    'Not retried by the worker (permanent error on attempt 1 of 5). Fix the cause, then retry.',
  ],
  ['reaped', reaped, 'or is still at it. See in the log of the worker which of the two; if it died, retry.'],
  ['waiting', { attempts: 1, claimedAt: null }, '(cancelled by an admin?). If nobody meant to close it, retry.'],
  [
    'closed',
    { attempts: 0, error: 'quota_exhausted' },
    'Closed by an admin while it ran. Nothing to do, if that was meant.',
  ],
])('a job that died in this way has its sentence of advice: %s', (_, values, advice) => {
  expect(text(job(values)).replaceAll(/\s+/g, ' ')).toContain(advice)
})

test('of jobs that were given up at one time the mail says when, once; of one alone in its sentence', () => {
  const one = text(job({ ...reaped, finishedAt: at('02:10') })).replaceAll(/\s+/g, ' ')
  expect(one).toContain('Given up at 23 Nov 02:10 UTC, after 90 minutes')
  const two = text(...many(2, { ...reaped, finishedAt: at('02:10') })).replaceAll(/\s+/g, ' ')
  expect(two).toContain('23 Nov 02:10 UTC. Given up after 90 minutes')
})

test('up to three sections list up to ten jobs each, further ones three', () => {
  const failures = (kinds: number) =>
    Array.from({ length: kinds }, (_, kind) =>
      many(5, { jobType: `kind_${kind}`, error: ERRORS[kind] as string }),
    ).flat()
  expect(text(...failures(3)).match(/^ {2}job /gm)).toHaveLength(15)
  expect(text(...failures(4)).match(/^ {2}job /gm)).toHaveLength(12)
  expect(text(...failures(4)).match(/… and 2 more$/gm)).toHaveLength(4)
})

test('of similar errors twelve are quoted, and the others are counted', () => {
  const songs = Array.from({ length: 14 }, (_, index) => `Song ${'ABCDEFGHIJKLMN'[index]}`)
  const mail = text(...songs.flatMap((song) => many(2, { error: `Song not found: ${song}` })))
  expect(mail.match(/^ +2 × Song not found: Song \w$/gm)).toHaveLength(12)
  expect(mail).toMatch(/^ +4 × others$/m)
  expect(text(...songs.slice(0, 12).map((song) => job({ error: `Song not found: ${song}` })))).not.toContain('× others')
})

test('jobs that died differently each say how', () => {
  const mail = text(job({ id: 6_001 }), job({ id: 6_002, attempts: 1 }))
  expect(mail).toMatch(/job 6002 .*\n {4}Not retried by the worker .*\n {2}job 6001 .*\n {4}Failed on the last attempt/)
})

const chain = '2026-11-23T01:30:00Z'

test('a run of an unknown chain has a section without a ladder, with its job types and errors', () => {
  const jobs = [
    ...many(3, { chain, error: 'Spotify answered 502' }),
    job({ chain, jobType: 'export', error: 'disk full', finishedAt: at('02:30') }),
  ]
  const mail = text(...jobs)
  expect(mail).toContain('4 jobs of one spotify run: disk full and other errors')
  expect(mail).toContain('spotify/match_song (3) and spotify/export (1).')
  expect(mail).not.toMatch(/not started|chain|group/)
  expect(text(...jobs.slice(0, 3))).not.toContain('other errors')
})

test('the heading of a run tells of other errors even if the jobs listed last have only one', () => {
  const last = many(20, { chain, error: 'Spotify answered 502', finishedAt: at('02:30') })
  expect(text(...last, job({ chain, error: 'disk full' }))).toMatch(/: Spotify answered 502 and other\s+errors$/m)
  expect(text(...last)).not.toContain('other errors')
})

test('jobs of a run that died alike say so once, below the last of them', () => {
  const jobs = [1, 2, 3, 4].map((id) =>
    job({ id, chain, finishedAt: at('02:00') + id, error: id < 4 ? 'Spotify answered 502' : 'disk full' }),
  )
  const mail = text(...jobs)
  expect(mail.match(/last attempt \(5 of 5\): Spotify answered 502/g)).toHaveLength(1)
  expect(mail).toMatch(/job 3 .*\n {2}job 2 .*\n {2}job 1 .*\n {4}Failed on the last attempt \(5 of 5\): Spotify/)
})

test('the words of the janitor are no error of a job in a run', () => {
  expect(text(job({ chain, ...reaped })).replaceAll(/\s+/g, ' ')).toContain('or is still at it. --')
})
