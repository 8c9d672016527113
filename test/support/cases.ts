import type { Digest } from '../../src/digest/digest.js'
import type { Job } from '../../src/job.js'
import type { Message } from '../../src/mail/message.js'
import type { Presentation } from '../../src/mail/presentation.js'
import { at, digestOf, type JobValues, job, mailOf, PRODUCTION, reaped, step } from './jobs.js'

const NEWER = '2026-11-23T03:30:00+00:00'
const EARLIER = '2026-11-23T00:55:00Z'
const LAST_SUCCESS = step('rebuild_index', { status: 'done', finishedAt: Date.UTC(2026, 10, 16, 5, 40) })
const TIMED_OUT =
  "download_feed(songs) failed: HTTPSConnectionPool(host='api.media.apple.com', port=443): Read timed out. (read timeout=60)"
const TRACEBACK = `Traceback (most recent call last):
${Array.from({ length: 19 }, (_, index) => `  File "/app/research/handlers/apple_${index}.py", line ${40 + index}, in step_${index}\n    return self.run(job, attempt=${index})`).join('\n')}
psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "songs_title_key"
DETAIL:  Key (title)=(So What) already exists.`

const albums = step('albums', {
  id: 4_101,
  status: 'done',
  runAfter: at('03:00'),
  claimedAt: at('03:00'),
  finishedAt: at('03:08:12'),
})
const songs = step('songs', { id: 4_102, error: TIMED_OUT })

/** Ids that stay the same from run to run. */
function numbered(count: number, first: number, values: (index: number) => JobValues): readonly Job[] {
  return Array.from({ length: count }, (_, index) =>
    job({ id: first + index, targetId: uuid(first + index), ...values(index) }),
  )
}

function uuid(number: number): string {
  return `5f0e8a52-91fb-4f63-a85e-${String(number).padStart(12, '0')}`
}

const releases = numbered(12, 5_001, (index) => ({
  source: 'musicbrainz',
  jobType: 'backfill_release_label',
  targetType: 'release',
  attempts: 1,
  finishedAt: at('02:10') + index * 240_000,
  error: `MB has no release ${uuid(5_001 + index)} (mbid=${uuid(5_001 + index)}): 404 deleted/merged`,
}))

const TITLES = [
  "'Round Midnight",
  'Blue in Green',
  "Travelin' Light",
  'So What',
  'Lush Life',
  'Naima',
  'Take the A Train',
]
const titles = numbered(30, 7_001, (index) => ({
  jobType: 'match_recording',
  source: 'youtube',
  finishedAt: at('01:00') + index * 60_000,
  error: `Recording not found on YouTube: ${TITLES[Math.floor(Math.sqrt(index * 1.6))]}`,
}))

/** A refresh of another time, whose rows have ids of their own. */
function at0330(name: Parameters<typeof step>[0], id: number, values: JobValues = {}): Job {
  return step(name, {
    id,
    chain: NEWER,
    runAfter: at('03:30'),
    claimedAt: at('03:31'),
    finishedAt: at('03:40'),
    ...values,
  })
}

const running = { status: 'running', finishedAt: null } as const
const daysAgo = (days: number): number => at('04:00') - days * 86_400_000
const longAgo = step('rebuild_index', {
  id: 3_900,
  status: 'done',
  chain: '2026-11-05T03:00:00Z',
  finishedAt: daysAgo(18),
})
const overdue = { anchor: daysAgo(18), after: 14 * 86_400_000 }
const attempts = [
  step('songs', { id: 3_950, chain: '2026-11-12T03:00:00Z' }),
  step('albums', { id: 3_960, chain: '2026-11-19T03:00:00Z', cancelled: true }),
]

const chainAt = (index: number): Job =>
  step('songs', {
    id: 8_001 + index,
    chain: new Date(at('03:00') - index * 3_600_000).toISOString(),
    finishedAt: at('03:12') - index * 3_600_000,
    error: TIMED_OUT,
  })

interface Case {
  readonly digest: () => Digest
  readonly presentation?: Partial<Presentation>
}

/** What a mail can be about, each with a name; the mails themselves stand in test/mails. */
export const CASES: Readonly<Record<string, Case>> = {
  'refresh failed': { digest: () => refresh([albums, songs]) },
  'refresh failed, and others': {
    digest: () =>
      digestOf(
        [songs, ...releases, ...titles, ...numbered(1, 6_001, () => ({}))],
        { jobs: [albums, songs], latest: [], lastSuccess: LAST_SUCCESS },
        { count: 3, oldest: daysAgo(12) },
      ),
  },
  'refresh never succeeded': {
    digest: () =>
      digestOf(
        [albums, songs].filter((row) => row === songs),
        { jobs: [albums, songs] },
      ),
  },
  'refresh reaped': { digest: () => refresh([step('albums', { id: 4_101, ...reaped, finishedAt: at('03:50') })]) },
  'refresh reaped but finished': {
    digest: () =>
      refresh([
        albums,
        step('songs', { id: 4_102, ...reaped, finishedAt: at('03:55') }),
        step('artists', { id: 4_103, status: 'done' }),
        step('rebuild_index', { id: 4_104, status: 'done', finishedAt: at('03:40') }),
      ]),
  },
  'refresh reaped but goes on': {
    digest: () => refresh([step('albums', { id: 4_101, ...reaped }), step('songs', { id: 4_102, ...running })]),
  },
  'refresh failed at two steps': {
    digest: () => refresh([step('albums', { id: 4_101, ...reaped, finishedAt: at('03:40') }), songs]),
  },
  'refresh failed again after its end': {
    digest: () =>
      refresh(
        [
          albums,
          step('songs', {
            id: 4_102,
            runAfter: at('03:30'),
            claimedAt: at('03:31'),
            finishedAt: at('03:50'),
            error: TIMED_OUT,
          }),
          step('artists', { id: 4_103, status: 'done', finishedAt: at('03:20') }),
          step('rebuild_index', { id: 4_104, status: 'done', finishedAt: at('03:25') }),
        ],
        [],
        step('rebuild_index', { status: 'done', finishedAt: at('03:25') }),
      ),
  },
  'refresh resumed by somebody': {
    digest: () => refresh([{ ...albums, ...running, runAfter: at('03:30'), claimedAt: at('03:31') }, songs]),
  },
  'refresh failed while an earlier step still runs': { digest: () => refresh([{ ...albums, ...running }, songs]) },
  'refresh cancelled behind the step that was reaped': {
    digest: () =>
      refresh([
        step('albums', { id: 4_101, ...reaped }),
        step('songs', { id: 4_102, cancelled: true, error: 'cancelled by admin' }),
      ]),
  },
  'refresh finished, but a newer one failed': {
    digest: () =>
      refresh(
        [
          albums,
          step('songs', { id: 4_102, ...reaped, finishedAt: at('03:55') }),
          step('rebuild_index', { id: 4_104, status: 'done', finishedAt: at('03:20') }),
        ],
        [at0330('albums', 4_201)],
      ),
  },
  'newer refresh succeeded': {
    digest: () => refresh([albums, songs], [at0330('rebuild_index', 4_204, { status: 'done' })]),
  },
  'newer refresh had succeeded before': {
    digest: () =>
      refresh(
        [albums, { ...songs, finishedAt: at('03:55'), failedAt: at('03:55') }],
        [at0330('rebuild_index', 4_204, { status: 'done' })],
      ),
  },
  'newer refresh is running': { digest: () => refresh([albums, songs], [at0330('albums', 4_201, running)]) },
  'newer refresh failed': {
    digest: () => refresh([albums, songs], [at0330('albums', 4_201, { status: 'done' }), at0330('songs', 4_202)]),
  },
  'newer refresh was cancelled': {
    digest: () => refresh([albums, songs], [at0330('albums', 4_201, { cancelled: true, error: 'cancelled by admin' })]),
  },
  'refreshes failed twice': {
    digest: () => {
      const rows = [
        at0330('albums', 4_201, { status: 'done' }),
        at0330('songs', 4_202, { error: TIMED_OUT }),
        albums,
        songs,
      ]
      const failures = rows.filter(({ status }) => status === 'dead')
      return digestOf(failures, { jobs: rows, latest: rows, lastSuccess: LAST_SUCCESS })
    },
  },
  'refresh failed behind a step that had failed before': {
    digest: () => {
      const rows = [step('albums', { id: 4_101, ...reaped, finishedAt: at('03:50') }), songs]
      return digestOf(rows.slice(0, 1), { jobs: rows, latest: rows, lastSuccess: LAST_SUCCESS })
    },
  },
  'refresh stopped behind a step that was reaped': {
    digest: () =>
      refresh([
        step('albums', { id: 4_101, chain: EARLIER, ...reaped, runAfter: at('01:00'), finishedAt: at('02:00') }),
        step('songs', { id: 4_102, chain: EARLIER, status: 'done', runAfter: at('01:30'), finishedAt: at('02:30') }),
      ]),
  },
  'refresh of long ago': {
    digest: () =>
      refresh([step('albums', { id: 4_101, chain: '2026-10-23T03:00:00Z', ...reaped, finishedAt: daysAgo(31) })]),
  },
  'refresh continues, but a newer one failed': {
    digest: () =>
      refresh(
        [step('albums', { id: 4_101, ...reaped }), step('songs', { id: 4_102, ...running })],
        [at0330('albums', 4_201)],
      ),
  },
  'refresh between two steps, and a newer one failed': {
    digest: () =>
      refresh(
        [
          step('albums', { id: 4_101, ...reaped }),
          step('songs', { id: 4_102, status: 'done', finishedAt: at('03:55') }),
        ],
        [at0330('albums', 4_201)],
      ),
  },
  'newer refresh is between two steps': {
    digest: () => refresh([albums, songs], [at0330('albums', 4_201, { status: 'done', finishedAt: at('03:55') })]),
  },
  'newer refresh failed while an older one is running': {
    digest: () =>
      refresh(
        [albums, songs],
        [at0330('albums', 4_201), step('artists', { id: 3_903, chain: '2026-11-22T03:00:00Z', ...running })],
      ),
  },
  'newer refresh succeeded while another is running': {
    digest: () =>
      refresh(
        [albums, songs],
        [
          at0330('rebuild_index', 4_204, { status: 'done' }),
          step('albums', { id: 4_301, chain: null, ...running, status: 'queued' }),
        ],
      ),
  },
  'two earlier steps still run': {
    digest: () =>
      refresh([
        { ...albums, ...running },
        step('songs', { id: 4_102, ...running }),
        step('artists', { id: 4_103, error: TIMED_OUT }),
      ]),
  },
  'unknown chain': {
    digest: () => {
      const values = { source: 'spotify', chain: '2026-11-23T01:30:00Z' }
      const rows = numbered(12, 9_001, (index) => ({
        ...values,
        jobType: index < 11 ? 'import' : 'export',
        error: index < 11 ? 'Spotify answered 502' : 'disk full',
        finishedAt: at('02:00') + index * 60_000,
      }))
      return digestOf(rows, { jobs: rows })
    },
  },
  'overdue, nothing tried': {
    digest: () => digestOf([], { overdue, latest: [longAgo], lastSuccess: longAgo }),
  },
  'overdue, tried in vain': {
    digest: () => digestOf([], { overdue, latest: [...attempts, longAgo], lastSuccess: longAgo }),
  },
  'overdue, tried seven times in vain': {
    digest: () => {
      const latest = Array.from({ length: 7 }, (_, index) =>
        step('songs', { id: 3_970 - index, chain: `2026-11-${21 - index}T03:00:00Z` }),
      )
      return digestOf([], { overdue, latest, lastSuccess: longAgo })
    },
  },
  'overdue, and one is under way': {
    digest: () => {
      const latest = [
        at0330('songs', 4_202, running),
        step('albums', { id: 3_970, status: 'done', chain: '2026-11-20T03:00:00Z', finishedAt: daysAgo(3) }),
      ]
      return digestOf([], { overdue, latest, lastSuccess: longAgo })
    },
  },
  'overdue, and one is between two steps': {
    digest: () => {
      const latest = [at0330('albums', 4_201, { status: 'done', finishedAt: at('03:55') })]
      return digestOf([], { overdue, latest, lastSuccess: longAgo })
    },
  },
  'overdue, and others': {
    digest: () => digestOf(releases, { overdue, latest: attempts, lastSuccess: longAgo }),
  },
  'overdue, and a refresh failed': {
    digest: () => digestOf([songs], { overdue, jobs: [albums, songs], latest: attempts, lastSuccess: longAgo }),
  },
  'one job': { digest: () => digestOf(numbered(1, 6_001, () => ({}))) },
  'one job without an error': {
    digest: () =>
      digestOf(numbered(1, 6_001, () => ({ error: null, finishedAt: null, failedAt: Number.POSITIVE_INFINITY }))),
  },
  'one job with a traceback': { digest: () => digestOf(numbered(1, 6_001, () => ({ error: TRACEBACK }))) },
  'jobs of impossible times': {
    digest: () =>
      digestOf([
        ...numbered(1, 6_001, () => ({ failedAt: Number.POSITIVE_INFINITY })),
        ...numbered(1, 6_101, () => ({ source: 'youtube' })),
        step('songs', { id: 4_102, failedAt: Number.NEGATIVE_INFINITY }),
      ]),
  },
  'more than a thousand errors': {
    digest: () =>
      digestOf(
        numbered(1_002, 10_001, (index) => ({
          error: `Recording not found on YouTube: ${TITLES[Math.floor(index / 144)]}`,
        })),
      ),
  },
  'one error': { digest: () => digestOf(numbered(3, 6_001, () => ({ attempts: 1 }))) },
  'errors that differ in ids': { digest: () => digestOf(releases) },
  'errors that differ in titles': { digest: () => digestOf(titles) },
  'errors that differ in status': {
    digest: () =>
      digestOf(numbered(15, 6_001, (index) => ({ error: `Spotify match failed: ${index < 12 ? 429 : 401}` }))),
  },
  'every way to die': {
    digest: () =>
      digestOf([
        ...numbered(1, 6_001, () => reaped),
        ...numbered(1, 6_002, () => ({ ...reaped, error: `Spotify match failed: 503 | ${reaped.error}` })),
        ...numbered(1, 6_003, () => ({ attempts: 1, claimedAt: null, error: 'closed' })),
        ...numbered(1, 6_004, () => ({ attempts: 0, claimedAt: null, error: 'quota_exhausted' })),
        ...numbered(2, 6_005, (index) => ({ attempts: 5 - 4 * index, error: 'not alike' })),
      ]),
  },
  'forty job types': {
    digest: () =>
      digestOf(
        Array.from({ length: 40 }, (_, kind) =>
          numbered(1 + (kind % 3), 6_001 + 10 * kind, () => ({ source: `source${kind}` })),
        ).flat(),
      ),
  },
  'sixty chains': {
    digest: () => {
      const rows = Array.from({ length: 60 }, (_, index) => chainAt(index))
      return digestOf(rows, { jobs: rows, latest: rows, lastSuccess: LAST_SUCCESS })
    },
  },
  'very long words': {
    digest: () =>
      digestOf([
        job({
          id: 6_001,
          source: 's'.repeat(200),
          jobType: 'j'.repeat(200),
          targetType: 't'.repeat(200),
          error: 'x'.repeat(3_000),
        }),
      ]),
  },
  'scripts of the world': {
    digest: () =>
      digestOf([
        job({ id: 6_001, source: 'ספוטיפיי', jobType: 'התאמה', targetType: 'שיר', error: 'לא נמצא: "מה שלומך" ?!' }),
        job({
          id: 6_002,
          source: '音楽',
          jobType: '曲の照合',
          targetType: '曲',
          error: '曲が見つかりません: ブルー・イン・グリーン',
        }),
        job({
          id: 6_003,
          source: 'José',
          jobType: 'café',
          targetType: 'canción',
          error: 'no song 🎷👩‍🎤 — señor, não há',
        }),
      ]),
  },
  'an error that looks like markup and like the mail': {
    digest: () =>
      digestOf([
        job({
          id: 6_001,
          error:
            '<b>502</b> & "bad" gateway\n\nOpen:\n  https://evil.example.com/\nResume at songs:\n  drop table research_jobs;',
        }),
      ]),
  },
  'another zone, and an environment': {
    digest: () => refresh([albums, songs]),
    presentation: { timezone: 'America/New_York', environment: 'staging' },
  },
  'reported again': {
    digest: () =>
      digestOf(
        numbered(2, 6_001, () => ({})),
        {},
        undefined,
        { since: 'all', includeAlerted: true },
      ),
  },
}

function refresh(rows: readonly Job[], others: readonly Job[] = [], lastSuccess = LAST_SUCCESS): Digest {
  const failures = rows.filter(({ status, cancelled }) => status === 'dead' && !cancelled)
  return digestOf(failures, { jobs: rows, latest: [...others, ...rows], lastSuccess })
}

export function mailOfCase(each: Case): Message {
  return mailOf(each.digest(), { ...PRODUCTION, ...each.presentation })
}
