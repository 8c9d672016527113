import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chosen, Kinds } from '../../../src/digest/kinds.js'
import type { Job } from '../../../src/job.js'
import { JobError } from '../../../src/job.js'
import { at, different, groupsOf, job } from '../../support/jobs.js'

const TITLES = [
  "'Round Midnight",
  'Blue in Green',
  "Travelin' Light",
  'So What',
  'A Night in Tunisia',
  'Take the A Train',
  'Lush Life',
  'Naima',
]

/** The kinds of these failures. */
function kindsOf(failures: Iterable<Job>) {
  const kinds = new Kinds()
  for (const failure of failures) kinds.add(failure)
  return kinds.result()
}

const failing = (errors: readonly string[]) => errors.map((error) => job({ error }))
const times = (count: number, error: string) => failing(Array(count).fill(error))
const counts = (failures: Iterable<Job>) => groupsOf(failures).map(({ count }) => count)

test('failures are grouped by source, job type and error', () => {
  expect(
    counts([
      job({ error: 'HTTP 503' }),
      job({ error: 'HTTP 503' }),
      job({ error: 'refused' }),
      job({ error: 'HTTP 503', jobType: 'backfill_durations' }),
      job({ error: 'HTTP 503', source: 'youtube' }),
    ]),
  ).toEqual([2, 1, 1, 1])
})

test('names that hold a line break are not taken for each other', () => {
  expect(counts([job({ source: 'a', jobType: 'b\nc' }), job({ source: 'a\nb', jobType: 'c' })])).toEqual([1, 1])
})

test('HTTP statuses stand apart, however many there are', () => {
  const statuses = [400, 401, 403, 404, 429, 500, 502, 503, 504]
  expect(counts([...times(12, 'Spotify match failed: 429'), ...times(3, 'Spotify match failed: 401')])).toEqual([12, 3])
  expect(counts(failing(statuses.map((status) => `Spotify match failed: ${status}`)))).toHaveLength(statuses.length)
})

test.each([
  ['at the end', (title: string) => `Song not found: ${title}`],
  ['at the beginning', (title: string) => `${title} is not in the catalog`],
  ['in the middle', (title: string) => `no match for ${title} in the catalog`],
])('more than a handful of errors that differ in a stretch %s are one group, and say how they vary', (_, error) => {
  const [group, ...others] = groupsOf([...failing(TITLES.map(error)), job({ error: error('So What') })])
  expect(others).toEqual([])
  expect(group).toMatchObject({ count: 9, alike: false, patterns: 8 })
  const own = TITLES.find((title) => `${group?.latest.error}` === error(title))
  expect(group?.variants.map(({ text }) => text).toSorted()).toEqual(TITLES.filter((title) => title !== own).toSorted())
})

test('the most frequent variants come first', () => {
  const errors = TITLES.flatMap((title, index) => Array(index + 1).fill(`Song not found: ${title}`))
  const [group] = groupsOf(failing(errors.map(String)))
  const shown = group?.variants.map(({ count }) => count) ?? []
  expect(shown).toEqual(shown.toSorted((a, b) => b - a))
  expect(shown.reduce((sum, count) => sum + count, 0)).toBeLessThan(errors.length)
})

test('a variant that comes after many others is counted, and the most frequent one is first', () => {
  const errors = [...different(60, 2), ...Array(100).fill('refresh token revoked'), ...different(70, 3)]
  const [group] = groupsOf(failing(errors.map((what) => `Spotify match failed: ${what}`)))
  expect(group?.count).toBe(230)
  expect(group?.variants[0]).toEqual({ text: 'refresh token revoked', count: 100 })
  expect(group?.variants.length).toBeLessThanOrEqual(50)
})

test('a handful of them stay apart', () => {
  expect(counts(failing(TITLES.slice(0, 5).map((title) => `Song not found: ${title}`)))).toEqual([1, 1, 1, 1, 1])
})

test('errors that have only a word or two in common stay apart', () => {
  const errors = [
    'Read timed out',
    'Connection refused',
    'Bad Gateway',
    'no such host',
    'disk full',
    'out of memory',
    'oops',
  ]
  expect(counts(failing(errors))).toHaveLength(errors.length)
  expect(counts(failing(errors.map((error) => `ValueError: ${error}`)))).toHaveLength(errors.length)
})

test('errors that differ in a stretch and in a status are one group a status', () => {
  const errors = [404, 503].flatMap((status) => TITLES.map((title) => `${status} Client Error: no song ${title} there`))
  expect(counts(failing(errors))).toEqual([8, 8])
})

test('errors of which two stretches differ are one group each way', () => {
  const errors = ['Spotify', 'Apple'].flatMap((service) =>
    TITLES.map((title) => `${service} has no song called ${title}`),
  )
  expect(counts(failing(errors))).toEqual([8, 8])
})

test('a handful of errors from each of two services stay apart, whatever they have in common', () => {
  const errors = ['Spotify', 'Apple'].flatMap((service) =>
    TITLES.slice(0, 5).map((title) => `${service} has no song called ${title}`),
  )
  expect(counts(failing(errors))).toHaveLength(errors.length)
})

test('errors that vary at both ends are one group, and say how they vary', () => {
  const errors = TITLES.map((title, index) => `${title}: no Spotify match for ${TITLES.at(index - 3)}`)
  const [group, ...others] = groupsOf(failing(errors))
  expect(others).toEqual([])
  expect(group).toMatchObject({ count: 8, patterns: 8 })
  expect(group?.variants.map(({ text }) => text)).toContain("So What: … 'Round Midnight")
})

const traceback = (exception: string, frame = 'match') =>
  `Traceback (most recent call last):\n  File "/app/worker.py", line 12, in ${frame}\n    run(job)\n${exception}`

test('tracebacks whose exceptions differ in a title are one group where their frames are the same', () => {
  const errors = TITLES.map((title) => `app.errors.NotFound: no match for ${title}`)
  expect(counts(failing(errors.map((error) => traceback(error))))).toEqual([8])
  expect(counts(failing(['match', 'sync'].flatMap((frame) => errors.map((error) => traceback(error, frame)))))).toEqual(
    [8, 8],
  )
})

test('tracebacks whose exceptions have nothing in common stay apart, whatever their frames', () => {
  const errors = ['disk full', 'bad title', 'no such host', 'Bad Gateway', 'oops', 'out of memory', 'closed']
  expect(counts(failing(errors.map((error) => traceback(`ValueError: ${error}`))))).toHaveLength(errors.length)
})

const NAMES = ['title', 'artist', 'album', 'isrc', 'label', 'genre', 'release']

test.each([
  ['keys', NAMES, (key: string) => `refresh failed with KeyError: '${key}'`],
  ['attributes', NAMES, (name: string) => `'NoneType' object has no attribute '${name}'`],
  [
    'columns',
    NAMES,
    (name: string) => `null value in column "${name}" of relation "songs" violates not-null constraint`,
  ],
  ['constraints', NAMES, (name: string) => `duplicate key value violates unique constraint "${name}_key"`],
  [
    'reasons',
    NAMES,
    (reason: string) => `the search was refused: [{'domain': 'youtube.quota', 'reason': '${reason}'}]`,
  ],
  [
    'reasons of YouTube',
    ['quotaExceeded', 'forbidden', 'keyInvalid', 'accessNotConfigured', 'rateLimitExceeded', 'ipRefererBlocked'],
    (reason: string) => `the YouTube search failed: ${reason}`,
  ],
  ['hosts', NAMES, (host: string) => `cannot connect to ${host}.example.com, which does not answer`],
  ['hosts of URLs', NAMES, (host: string) => `Get "https://${host}/x": the connection was reset by peer`],
  ['errors', NAMES, (name: string) => `could not read the feed: ${name}Error while decoding`],
  ['exceptions', NAMES, (name: string) => `could not read the feed: app.${name}.TooSlow while decoding`],
  ['errno', ['2', '5', '13', '24', '28', '32'], (code: string) => `cannot write feed: [Errno ${code}] for this reason`],
])('errors that differ in their %s stay apart, however many there are', (_, names, error) => {
  const plain = TITLES.filter((title) => !title.includes("'"))
  expect(counts(failing(names.map(error)))).toHaveLength(names.length)
  expect(counts(failing(names.flatMap((name) => plain.map((title) => `${error(name)} of song ${title}`))))).toEqual(
    names.map(() => plain.length),
  )
})

test('a group keeps its ten latest jobs, and counts and spans all of them', () => {
  const minutes = [7, 3, 11, 0, 14, 5, 9, 1, 13, 2, 12, 4, 10, 6, 8]
  const [group] = groupsOf(minutes.map((minute) => job({ finishedAt: at('02:00') + minute * 60_000 })))
  expect(group).toMatchObject({ count: 15, first: at('02:00'), last: at('02:14') })
  expect(group?.jobs.map(({ failedAt }) => (failedAt - at('02:00')) / 60_000)).toEqual([
    14, 13, 12, 11, 10, 9, 8, 7, 6, 5,
  ])
  expect(group?.latest.failedAt).toBe(at('02:14'))
})

test('a merged group keeps the ten latest jobs of all it was merged from', () => {
  const jobs = Array.from({ length: 24 }, (_, index) =>
    job({ error: `Song not found: ${TITLES[index % 8]}`, finishedAt: at('02:00') + ((index * 7) % 24) * 60_000 }),
  )
  const [group] = groupsOf(jobs)
  expect(group).toMatchObject({ count: 24, first: at('02:00'), last: at('02:23') })
  expect(group?.jobs.map(({ failedAt }) => (failedAt - at('02:00')) / 60_000)).toEqual([
    23, 22, 21, 20, 19, 18, 17, 16, 15, 14,
  ])
})

test('of jobs that failed at the same time those with the highest ids are kept', () => {
  const jobs = Array.from({ length: 12 }, () => job())
  const ids = groupsOf(jobs)[0]?.jobs.map(({ id }) => id)
  expect(ids).toEqual(
    jobs
      .map(({ id }) => id)
      .toReversed()
      .slice(0, 10),
  )
})

test('how they died is said of a group only if it is true of all of them', () => {
  expect(groupsOf([job(), job()])[0]?.death).toBe('Failed on the last attempt (5 of 5)')
  expect(groupsOf([job(), job({ attempts: 1 }), job()])[0]?.death).toBeUndefined()
})

test('whether their errors are the same to the letter is known', () => {
  expect(groupsOf([job({ error: 'x 1' }), job({ error: 'x 1' })])[0]?.alike).toBe(true)
  expect(groupsOf([job({ error: 'x 1' }), job({ error: 'x 2' }), job({ error: 'x 2' })])[0]?.alike).toBe(false)
})

test('infinite times do not upset the order or the counts', () => {
  const infinite = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const groups = groupsOf([...infinite.map((failedAt) => job({ failedAt })), job({ source: 'youtube' }), job()])
  expect(groups.map(({ count }) => count)).toEqual([4, 1])
  expect(groups[0]).toMatchObject({ first: Number.NEGATIVE_INFINITY, last: Number.POSITIVE_INFINITY })
  expect(groups[0]?.jobs.map(({ failedAt }) => failedAt)).toEqual([infinite[0], infinite[2], at('02:00'), infinite[1]])
})

test('the noisiest group comes first, and among equals the latest', () => {
  const groups = groupsOf([
    job({ source: 'early', finishedAt: at('01:00') }),
    job({ source: 'late', finishedAt: at('02:00') }),
    job({ source: 'noisy', finishedAt: at('00:10') }),
    job({ source: 'noisy', finishedAt: at('00:20') }),
  ])
  expect(groups.map(({ latest: { source } }) => source)).toEqual(['noisy', 'late', 'early'])
})

test('every kind has a section before any has two', () => {
  const noisy = Array.from({ length: 22 }, (_, index) =>
    times(30 - index, `a different thing: ${'word '.repeat(index)}`),
  )
  const kinds = kindsOf([
    ...noisy.flat(),
    job({ source: 'musicbrainz', jobType: 'sync_releases' }),
    job({ source: 'commons' }),
  ])
  const sections = chosen(kinds, 4)
  expect(sections.map(({ kind }) => kind).toSorted()).toEqual([
    'commons/match_song',
    'musicbrainz/sync_releases',
    'spotify/match_song',
    'spotify/match_song',
  ])
  expect(chosen(kinds, 1).map(({ kind }) => kind)).toEqual(['spotify/match_song'])
})

test('errors that are too many to be kept apart are counted, and so are their kinds', () => {
  const jobs = [...different(20_000)].map((error) => job({ error }))
  const [kind] = kindsOf([...jobs, ...jobs.slice(0, 5)])
  expect(kind).toMatchObject({ count: 20_005, patterns: 20_000, countedAll: true })
  expect(kind?.groups.length).toBeLessThanOrEqual(256)
})

test('what comes after so many different errors still finds its group', () => {
  const [kind] = kindsOf([...failing([...different(5_000)]), ...times(40, 'Song not found')])
  expect(kind).toMatchObject({ count: 5_040, patterns: 5_001 })
  const later = kindsOf([
    ...times(40, 'Song not found'),
    ...failing([...different(5_000)]),
    ...times(40, 'Song not found'),
  ])
  expect(later[0]?.groups[0]).toMatchObject({ count: 80 })
})

test.each([80, 300, 5_000])('after %d unlike errors a template is found all the same', (unlike) => {
  const titles = [...different(4 * unlike, 2)].map((title) => `Song not found: ${title}`)
  const [kind] = kindsOf(failing([...different(unlike), ...titles]))
  expect(kind).toMatchObject({ count: 5 * unlike, patterns: 5 * unlike })
  expect(`${kind?.groups[0]?.latest.error}`).toMatch(/^Song not found/)
  expect(kind?.groups[0]?.count).toBeGreaterThan(3 * unlike)
})

test('after so many unlike errors the one that dominates is shown, with all its jobs', () => {
  const [kind] = kindsOf([...failing([...different(300)]), ...times(400, 'Spotify answered 401 Unauthorized')])
  expect(kind?.count).toBe(700)
  expect(kind?.groups[0]).toMatchObject({
    count: 400,
    latest: { error: new JobError('Spotify answered 401 Unauthorized') },
  })
})

test('after many templates the error that dominates is shown as well', () => {
  const templates = [...different(300, 3)].flatMap((words) => TITLES.map((title) => `${words} ${title}`))
  const [kind] = kindsOf([...failing(templates), ...times(400, 'Spotify answered 401 Unauthorized')])
  expect(kind?.groups[0]).toMatchObject({
    count: 400,
    latest: { error: new JobError('Spotify answered 401 Unauthorized') },
  })
  expect(kind?.groups.length).toBeLessThanOrEqual(256)
})

test('each further error that fits a template counts once among its patterns', () => {
  const titles = [...TITLES, 'Solar', 'Nardis', 'Solar']
  const many = Array.from(
    { length: 20 },
    (_, index) => `Song not found: ${TITLES[index % 8]} ${'ab'.repeat(index + 1)}`,
  )
  const [group] = groupsOf(failing([...many, ...titles.map((title) => `Song not found: ${title}`)]))
  expect(group).toMatchObject({ count: 31, patterns: 30 })
})

test('of the groups beyond one of each kind the noisiest get a section', () => {
  const kinds = kindsOf([
    ...times(9, 'Read timed out'),
    ...times(2, 'Connection refused'),
    ...times(3, 'Bad Gateway'),
    ...times(1, 'disk full').map((each) => ({ ...each, source: 'youtube' })),
  ])
  expect(chosen(kinds, 3).map(({ latest }) => `${latest.error}`)).toEqual([
    'Read timed out',
    'Bad Gateway',
    'disk full',
  ])
})

test('of kinds beyond the bound the count and the last failure are known', () => {
  const jobs = Array.from({ length: 2_000 }, (_, index) => job({ jobType: `type_${index}`, failedAt: index }))
  const beyond = [5_000, 9_000, 7_000].map((failedAt) => job({ jobType: 'beyond', failedAt }))
  const [first] = kindsOf([...jobs, ...beyond])
  expect(first).toEqual({ name: 'spotify/beyond', count: 3, last: 9_000, patterns: 1, countedAll: false, groups: [] })
})

test('an error whose group was let go to make room is given a new one', () => {
  const unlike = [...different(250)].flatMap((error) => times(2, error))
  const rare = { error: 'disk full' }
  const others = Array.from({ length: 10 }, (_, kind) =>
    [...different(220)].map((error) => job({ error, jobType: `noisy_${kind}` })),
  )
  const kinds = kindsOf([...unlike, job(rare), ...others.flat(), ...Array(10).fill(job(rare))])
  const kind = kinds.find(({ name }) => name === 'spotify/match_song')
  expect(kind?.groups.find(({ latest }) => `${latest.error}` === 'disk full')).toMatchObject({ count: 10 })
})

test('what many kinds have in groups is bounded, and leaves room for the error that dominates another kind', () => {
  const unlike = [...different(20 * 300)].map((error, index) => job({ error, jobType: `noisy_${index % 20}` }))
  const values = { source: 'musicbrainz', jobType: 'sync_releases' }
  const others = [
    job({ ...values, error: "KeyError: 'title'" }),
    ...Array(500).fill(job({ ...values, error: 'HTTP 401' })),
  ]
  const kinds = kindsOf([...unlike, ...others])
  expect(kinds[0]).toMatchObject({ name: 'musicbrainz/sync_releases', count: 501 })
  expect(kinds[0]?.groups[0]).toMatchObject({ count: 500, latest: { error: new JobError('HTTP 401') } })
  expect(kinds.slice(1).map(({ count }) => count)).toEqual(Array(20).fill(300))
  expect(kinds.every(({ groups }) => groups.length > 0)).toBe(true)
  expect(kinds.reduce((sum, { groups }) => sum + groups.length, 0)).toBeLessThanOrEqual(2_000 + kinds.length)
})

test('every kind keeps a group, however many kinds have several', () => {
  const errors = ['Read timed out', 'Connection refused', 'Bad Gateway']
  const jobs = errors.flatMap((error) =>
    Array.from({ length: 2_000 }, (_, kind) => job({ error, jobType: `type_${kind}` })),
  )
  const kinds = kindsOf(jobs)
  expect(kinds.every(({ count, groups }) => count === 3 && groups.length > 0)).toBe(true)
  expect(kinds.reduce((sum, { groups }) => sum + groups.length, 0)).toBeLessThanOrEqual(4_000)
})

test('of very many kinds all are counted by name', () => {
  const kinds = kindsOf(Array.from({ length: 9_000 }, (_, index) => job({ jobType: `type_${index % 4_500}` })))
  expect(kinds).toHaveLength(4_500)
  expect(kinds.every(({ count }) => count === 2)).toBe(true)
  expect(new Set(kinds.map(({ name }) => name)).size).toBe(4_500)
})

test('the counts always add up to the number of failures', () => {
  const anyJob = fc
    .record({
      source: fc.constantFrom('spotify', 'apple', 'x\n'),
      jobType: fc.string({ maxLength: 2 }),
      error: fc.option(
        fc.oneof(
          fc.string({ maxLength: 3 }),
          fc.constantFrom(...TITLES).map((title) => `not found: ${title}`),
        ),
      ),
      failedAt: fc.oneof(fc.nat(9), fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)),
    })
    .map((values) => job(values))
  fc.assert(
    fc.property(fc.array(anyJob, { maxLength: 150 }), (jobs) => {
      const kinds = kindsOf(jobs)
      expect(kinds.reduce((sum, { count }) => sum + count, 0)).toBe(jobs.length)
      for (const { count, patterns, groups } of kinds) {
        expect(groups.reduce((sum, group) => sum + group.count, 0)).toBe(count)
        expect(groups.reduce((sum, group) => sum + group.patterns, 0)).toBe(patterns)
        for (const group of groups) expect(group.jobs).toHaveLength(Math.min(10, group.count))
      }
    }),
  )
})
