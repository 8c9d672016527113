import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chosen } from '../../../src/digest/group.js'
import { Grouping } from '../../../src/digest/grouping.js'
import type { Job } from '../../../src/job.js'
import { JobError } from '../../../src/job.js'
import { at, different, digestOf, groupsOf, job, mailOf } from '../../support/jobs.js'

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

/** These failures, grouped. */
function grouped(failures: Iterable<Job>) {
  const grouping = new Grouping()
  for (const failure of failures) grouping.add(failure)
  return grouping.result()
}

const failing = (errors: readonly string[]) => errors.map((error) => job({ error }))
const times = (count: number, error: string) => failing(Array(count).fill(error))
const counts = (failures: Iterable<Job>) => groupsOf(failures).map(({ count }) => count)

test('failures are grouped by error, and one error of several kinds is one group that counts each of them', () => {
  const latest = job({ error: 'refused 17', source: 'youtube', finishedAt: at('02:30') })
  const groups = groupsOf([
    job({ error: 'refused 5' }),
    job({ error: 'refused 6' }),
    job({ error: 'timed out' }),
    latest,
    job({ error: 'refused 7', jobType: 'backfill_durations' }),
    job({ error: 'refused 8', source: 'youtube' }),
    job({ error: 'refused 9', source: 'youtube' }),
  ])
  expect(groups.map(({ count }) => count)).toEqual([6, 1])
  expect(groups[0]?.kinds.map(({ name, count }) => [name, count])).toEqual([
    ['youtube/match_song', 3],
    ['spotify/match_song', 2],
    ['spotify/backfill_durations', 1],
  ])
  expect(groups[0]?.kinds[0]?.latest).toBe(latest)
  expect(groups[0]?.headline).toBe('refused …')
})

test('one error raised in two places is two groups', () => {
  expect(counts(failing(['match', 'sync'].map((frame) => traceback('ValueError: bad title', frame))))).toEqual([1, 1])
})

test('names that hold a line break are not taken for each other', () => {
  const [group] = grouped([job({ source: 'a', jobType: 'b\nc' }), job({ source: 'a\nb', jobType: 'c' })])
  expect(group?.kinds.map(({ count }) => count)).toEqual([1, 1])
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
  expect(group).toMatchObject({ count: 9, alike: false })
  expect(group?.variants.map(({ text }) => text).toSorted()).toEqual(TITLES.map(error).toSorted())
})

test('the most frequent variants come first', () => {
  const errors = TITLES.flatMap((title, index) => Array(index + 1).fill(`Song not found: ${title}`))
  const [group] = groupsOf(failing(errors.map(String)))
  const shown = group?.variants.map(({ count }) => count) ?? []
  expect(shown).toEqual(shown.toSorted((a, b) => b - a))
  expect(shown.reduce((sum, count) => sum + count, 0)).toBe(errors.length)
})

test('a variant that comes after many others is counted, and the most frequent one is first', () => {
  const errors = [...different(60, 2), ...Array(100).fill('refresh token revoked'), ...different(70, 3)]
  const [group] = groupsOf(failing(errors.map((what) => `Spotify match failed: ${what}`)))
  expect(group?.count).toBe(230)
  expect(group?.variants[0]).toEqual({ text: 'Spotify match failed: refresh token revoked', count: 100 })
  expect(group?.variants.length).toBeLessThanOrEqual(12)
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
  expect(group).toMatchObject({ count: 8 })
  expect(group?.variants.map(({ text }) => text)).toContain("So What: no Spotify match for 'Round Midnight")
})

test('errors of many words that vary at both ends are one group', () => {
  const errors = TITLES.map(
    (title, index) => `${title}: Spotify knows no recording by that name on an album called ${TITLES.at(index - 3)}`,
  )
  expect(headlines(errors)).toEqual([[8, '…: Spotify knows no recording by that name on an album called …']])
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
  [
    'exceptions at the beginning',
    ['ReadTimeout', 'ConnectTimeout', 'TooManyRedirects', 'BadGateway', 'InvalidGrant', 'SlowDown', 'NoSuchKey'],
    (name: string) => `${name}: the page was not loaded`,
  ],
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

const SONGS = [
  'Halo',
  'So What',
  'Take Five',
  'A Night in Tunisia',
  'Giant Steps',
  'Blue in Green',
  'Imagine',
  'Creep',
  'Karma Police',
  'Hey Jude',
  'Waterloo',
  'Toxic',
  'Roxanne',
  'Yesterday',
  'Jolene',
]
const headlines = (errors: readonly string[]) => groupsOf(failing(errors)).map((each) => [each.count, each.headline])
const STATUSES = ['401', '403', '404', '429', '500']
const CAUSES = ['no candidates', 'quota of the day is used up', 'catalog index is locked', 'disk is full', 'suspended']

test.each([
  ['stand before the title', (song: string, status: string) => `Discogs said ${status} for ${song}`],
  ['stand behind it', (song: string, status: string) => `${song}: Discogs said ${status}`],
  ['end the error', (song: string, status: string) => `Could not enrich ${song} (${status})`],
  [
    'stand between two titles',
    (song: string, status: string) =>
      `${song}: Spotify said ${status} for the album ${SONGS.at(SONGS.indexOf(song) - 3)}`,
  ],
])('statuses that %s are one group each, and named, though no three titles are a handful', (_, error) => {
  const errors = SONGS.map((song, index) => error(song, STATUSES[index % 5] as string))
  const groups = headlines(errors)
  expect(groups.map(([count]) => count)).toEqual([3, 3, 3, 3, 3])
  expect(groups.map(([, headline]) => /\d+/.exec(`${headline}`)?.[0]).toSorted()).toEqual(STATUSES)
})

test('a title that looks like a status is a title where most have none', () => {
  const titles = ['500 Miles', '404', '1979', 'Take 5', '99 Luftballons', '7 Rings', 'So What', 'Halo']
  expect(counts(failing(titles.map((title) => `Song not found: ${title}`)))).toEqual([8])
  expect(counts(failing(titles.map((title) => `Song not found: "${title}"`)))).toEqual([8])
})

test.each([
  ['counts', SONGS.map((_, index) => `${37 * index + 404} of ${500 + 11 * index} rows were rejected`)],
  ['pages', SONGS.map((_, index) => `Timeout on page ${index}`)],
  ['files', SONGS.map((song) => `Failed to parse ${song.toLowerCase().replaceAll(' ', '_')}.mp3`)],
  ['lower-case titles', SONGS.map((song) => `no song named '${song.toLowerCase().replaceAll(' ', '')}'`)],
  ['titles at both ends', SONGS.map((song, index) => `${song}: no Spotify match for ${SONGS.at(index - 3)}`)],
])('%s that are as many as the jobs identify them', (_, errors) => {
  expect(counts(failing(errors))).toEqual([SONGS.length])
})

test.each(['vendor error', 'the worker was killed, exit =', 'Rate limit exceeded, retry after'])(
  'numbers behind %j that are few over many jobs are causes',
  (error) => {
    const numbers = ['1', '17', '137'].flatMap((number) => Array(3).fill(`${error} ${number}`))
    expect(headlines(numbers)).toEqual(['137', '17', '1'].map((number) => [3, `${error} ${number}`]))
    expect(counts(failing(['4', '17'].map((number) => `${error} ${number}`)))).toEqual([2])
  },
)

test('codes beside their names stay apart, one job each', () => {
  const codes = ['1', '2', '155', '137', '-9', '-11']
  for (const name of ['exitcode ', 'returncode=', '(exitcode: ', 'exited with code ', 'exit status ', 'signal '])
    expect(counts(failing(codes.map((code) => `Worker exited prematurely ${name}${code}, job 4`)))).toHaveLength(6)
})

test.each([
  ['after a colon', (song: string, cause: string) => `Failed to enrich ${song}: ${cause}`],
  ['in brackets', (song: string, cause: string) => `Failed to enrich ${song} (${cause})`],
  ['in the sentence', (song: string, cause: string) => `Failed to enrich ${song} because ${cause} today`],
])('causes %s are one group each, whatever the titles before them', (_, error) => {
  const errors = SONGS.map((song, index) => error(song, CAUSES[Math.floor(index / 3)] as string))
  const groups = headlines(errors)
  expect(groups.map(([count]) => count)).toEqual([3, 3, 3, 3, 3])
  for (const cause of CAUSES) expect(groups.filter(([, headline]) => `${headline}`.includes(cause))).toHaveLength(1)
  const { text } = mailOf(digestOf(failing(errors)))
  for (const cause of CAUSES) expect(text.replaceAll(/\s+/g, ' ')).toContain(cause)
})

test('causes with one beginning are all said, with their counts', () => {
  const causes = ['Rate limit exceeded', 'Remote end closed', 'bad JSON', 'no such song', 'closed', 'EOF', 'gone']
  const [group, ...others] = groupsOf(
    failing(causes.flatMap((cause) => Array(4).fill(`Spotify match failed: ${cause}`))),
  )
  expect(others).toEqual([])
  expect(group?.headline).toBe('Spotify match failed: …')
  expect(group?.variants).toEqual(causes.map((cause) => ({ text: `Spotify match failed: ${cause}`, count: 4 })))
})

test('of more than twelve variants the most frequent are said, and one of each different ending', () => {
  const live = SONGS.slice(0, 5).flatMap((title) => Array(3).fill(`Song not found: ${title} live tonight`))
  const songs = SONGS.slice(0, 11).map((title) => `Song not found: ${title}`)
  const [group] = groupsOf(failing([...live, ...songs, ...Array(9).fill('Song not found: Jolene')]))
  expect(group?.variants).toHaveLength(12)
  expect(group?.variants[0]).toEqual({ text: 'Song not found: Jolene', count: 9 })
  expect(group?.variants.filter(({ text }) => text.endsWith('live tonight')).map(({ count }) => count)).toEqual([3])
  expect(group).toMatchObject({ count: 35 })
})

/** Titles as a catalog has them: a few words begin and end many of them, most words are rare. */
function titled(index: number): string {
  const word = (place: number) => Math.floor(800 * scattered(131 * index + 7_919 * place) ** 3)
  return Array.from({ length: 2 + Math.floor(4 * scattered(13 * index)) }, (_, place) => WORDS[word(place)]).join(' ')
}

const WORDS = [
  ...['The', 'Love', 'In', 'You', 'A', 'Of', 'Me', 'My', 'Night', 'Blue'],
  ...[...different(800, 1)].map((word) => word.charAt(0).toUpperCase() + word.slice(1)),
]

/** From 0 to 1, the same for the same number. */
function scattered(seed: number): number {
  const mixed = Math.imul(seed ^ 0x5bd1e995, 0x27d4eb2d)
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
}

const titles = (count: number) => Array.from({ length: count }, (_, index) => titled(index))
const VERBS = 'get put load save send read write open close find index parse'.split(' ')

test.each([
  ['at the end', (title: string) => `Song not found: ${title}`],
  ['at the beginning', (title: string) => `${title}: no match in the Spotify catalog`],
  ['in the middle', (title: string) => `No match for ${title} in the catalog of Apple`],
  ['at both ends', (title: string, other: string) => `${title}: no Spotify match for ${other}`],
])('very many titles %s are one group, though they have words in common', (_, error) => {
  const all = titles(3_000)
  expect(counts(failing(all.map((title, index) => error(title, all.at(index - 77) as string))))).toEqual([3_000])
})

test('causes behind very many titles are one group each', () => {
  const errors = titles(3_000).map((title, index) => `Failed to enrich ${title}: ${CAUSES[index % 5]}`)
  expect(counts(failing(errors))).toEqual(Array(5).fill(600))
})

test('causes behind titles of which each comes several times are one group each', () => {
  const errors = Array.from(
    { length: 75 },
    (_, index) => `Could not tag ${SONGS[(7 * index) % 15]}: ${CAUSES[index % 5]}`,
  )
  expect(counts(failing(errors))).toEqual(Array(5).fill(15))
})

test('twelve causes with one beginning stay apart where each has many titles', () => {
  const errors = titles(240).map((title, index) => `Failed to ${VERBS[index % 12]} ${title}`)
  const groups = headlines(errors)
  expect(groups.map(([count]) => count)).toEqual(Array(12).fill(20))
  expect(groups.map(([, headline]) => headline).toSorted()).toEqual(
    VERBS.map((verb) => `Failed to ${verb} …`).toSorted(),
  )
})

test('a cause that comes late, or seldom, is not swallowed by what began as it does', () => {
  const phases = [...Array(4_000).fill('no candidates found'), ...Array(2_000).fill('disk is full')]
  const errors = phases.map((cause, index) => `Failed to enrich ${titled(index)}: ${cause}`)
  const rare = `Failed to enrich ${titled(9_999)}: bad JSON in line one`
  const groups = headlines([...errors.slice(0, 77), rare, ...errors.slice(77)])
  expect(groups).toEqual([
    [4_000, 'Failed to enrich …: no candidates found'],
    [2_000, 'Failed to enrich …: disk is full'],
    [1, rare],
  ])
})

test('where what identifies a job is a word of some errors and a number of others, every job is counted', () => {
  const songs = ['Naima', 'Misty', 'x2k9', 'Caravan', 'b7f3', 'Cherokee', 'Sugar']
  const errors = ['401', '503', '503', '429'].flatMap((status) =>
    songs.map((song) => `HTTP ${status} for song ${song}`),
  )
  const groups = grouped(failing(errors)).map(({ count, headline }) => `${count} ${headline}`)
  expect(groups.sort()).toEqual(['14 HTTP 503 for song …', '7 HTTP 401 for song …', '7 HTTP 429 for song …'])
})

test('of many causes that come one after the other every job is counted', () => {
  const causes = [...CAUSES, 'no such song']
  const errors = causes.flatMap((cause, place) =>
    titles(600).map((_, index) => `Failed to enrich ${titled(600 * place + index)}: ${cause}`),
  )
  expect(counts(failing(errors))).toEqual(Array(6).fill(600))
})

test('a cause that stands behind some titles only is a group of its own', () => {
  const errors = titles(200).map((title, index) => `Failed to enrich ${title}${index < 110 ? '' : ': disk is full'}`)
  expect(headlines(errors)).toEqual([
    [110, 'Failed to enrich …'],
    [90, 'Failed to enrich …: disk is full'],
  ])
})

test('titles behind one word are one group where they are very many', () => {
  expect(headlines(titles(500).map((title) => `SongNotFoundError: ${title}`))).toEqual([[500, 'SongNotFoundError: …']])
})

test('what more than twelve artists have in common is one group', () => {
  const errors = Array.from(
    { length: 600 },
    (_, index) => `${titled(index)} (${titled(index % 31)}): ${CAUSES[index % 5]}`,
  )
  expect(counts(failing(errors))).toEqual(Array(5).fill(120))
})

test('causes behind a long beginning are said by the variants', () => {
  const begin = `${'the connection to the server of the catalog was lost again '.repeat(3)}and failed`
  const [group] = groupsOf(failing(SONGS.map((song) => `${begin} for ${song}`)))
  expect(group?.variants).toHaveLength(12)
  for (const { text } of group?.variants ?? []) expect(SONGS.some((song) => text.endsWith(`for ${song}`))).toBe(true)
})

test('statuses are one group each, however many, and whatever number stands among them', () => {
  const statuses = [401, 403, 404, 429, 500, 502, 503, 504]
  expect(counts(failing([...statuses, 1_015].map((status) => `Discogs answered ${status}`)))).toHaveLength(9)
  const many = Array.from({ length: 15 }, (_, index) => `HTTP ${(index % 2 === 0 ? 400 : 500) + index}`)
  expect(counts(many.flatMap((error) => times(20, error)))).toEqual(Array(15).fill(20))
})

test('behind titles in quotes each cause is said, with its count', () => {
  const causes = [...CAUSES, 'no such song', 'rate limit exceeded', 'connection reset by peer']
  const errors = titles(80).map((title, index) => `Failed to enrich "${title}": ${causes[index % 8]}`)
  const [group, ...others] = groupsOf(failing(errors))
  expect(others).toEqual([])
  expect(group?.headline).toBe('Failed to enrich "…": …')
  expect(group?.variants.map(({ count }) => count)).toEqual(Array(8).fill(10))
})

test('words that stand between others by chance are no template', () => {
  const errors = [...different(8, 2)].map((words) => words.replace(' ', ' of the '))
  expect(counts(failing(errors))).toHaveLength(8)
})

test.each([
  ['twelve values of three jobs each are causes', 12, 3, 12],
  ['thirteen identify', 13, 3, 1],
  ['and so do values of two jobs each', 4, 2, 1],
])('of numbers %s', (_, values, jobs, groups) => {
  const errors = Array.from({ length: values }, (_, value) => `vendor error ${value + 1}`)
  expect(counts(errors.flatMap((error) => times(jobs, error)))).toHaveLength(groups)
})

test('statuses stay apart beside any number of other values', () => {
  const errors = Array.from({ length: 400 }, (_, index) => `page ${index % 80} failed with ${STATUSES[index % 5]}`)
  expect(headlines(errors).toSorted()).toEqual(STATUSES.map((status) => [80, `page … failed with ${status}`]))
})

test('where two sorts of causes make too many groups, the sort of fewer values stands apart', () => {
  const errors = Array.from(
    { length: 210 },
    (_, index) => `column "${NAMES[index % 7]}" failed with ${404 + (index % 5)}`,
  )
  expect(headlines(errors).toSorted()).toEqual(
    [4, 5, 6, 7, 8].map((digit) => [42, `column "…" failed with 40${digit}`]),
  )
})

test('when room is made the noisiest stay, whichever of one kind they are', () => {
  const noisy = [...times(50, 'Song not found'), ...times(40, 'Read timed out')]
  const groups = grouped([...noisy, ...failing([...different(5_000)]), ...noisy])
  expect(groups.slice(0, 2).map(({ count }) => count)).toEqual([100, 80])
})

test('of each kind of a group the latest job is known, in whatever order they come', () => {
  const [early, late] = [job({ error: 'refused 5', finishedAt: at('01:00') }), job({ error: 'refused 6' })]
  const [group] = groupsOf([late, early, job({ error: 'refused 7', source: 'youtube' })])
  expect(group?.kinds.map(({ latest }) => latest.id)).toContain(late.id)
  expect(group?.kinds.map(({ latest }) => latest.id)).not.toContain(early.id)
})

test('errors that are the same to the letter in each of two merged groups are not the same in both', () => {
  const [group] = groupsOf([...times(2, 'refused 5'), ...times(2, 'refused 6')])
  expect(group).toMatchObject({ count: 4, alike: false })
})

test('the headline decides: what stands beneath it does not split a group', () => {
  const duplicate = (index: number) =>
    `(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint "songs_isrc_key"\nDETAIL:  Key (isrc)=(ZZ${index}) already exists.\n\n[SQL: INSERT INTO songs (isrc) VALUES (%(isrc)s)]\n[parameters: {'isrc': 'ZZ${index}', 'title': '${SONGS[index]}'}]`
  expect(headlines([0, 1, 2, 3].map(duplicate))).toEqual([
    [4, '(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint "songs_isrc_key"'],
  ])
  const missing = (field: string) =>
    SONGS.slice(0, 5).map(
      (song, id) =>
        `1 validation error for Track\n${field}\n  Field required [type=missing, input_value={'title': '${song}', 'id': ${id}}, input_type=dict]`,
    )
  expect(headlines(['isrc', 'duration_ms', 'name'].flatMap(missing)).toSorted()).toEqual(
    ['duration_ms', 'isrc', 'name'].map((field) => [5, `1 validation error for Track: ${field}: Field required`]),
  )
})

test('one traceback is one group wherever it was cut off', () => {
  const cause = `${traceback('socket.gaierror: [Errno -2] Name or service not known')}\n\nThe above exception was …\n\n`
  const texts = [7, 17, 1117].map(
    (id) => `job ${id} failed\n${cause}${traceback('requests.ConnectionError: x').slice(0, 90 - id / 20)}`,
  )
  expect(headlines(texts)).toEqual([[3, 'socket.gaierror: [Errno -2] Name or service not known']])
})

test('a secret of which a headline shows a part is redacted there, and in the variants', () => {
  const errors = SONGS.map((song) => `no song ${song} for postgres://bob:hunter2@db.example.com/x`)
  const [group] = groupsOf(failing(errors))
  expect(group?.count).toBe(SONGS.length)
  expect(JSON.stringify([group?.headline, group?.variants])).not.toContain('hunter2')
})

test('titles with brackets and apostrophes in a URL identify the job', () => {
  const titles = ["What's_Next_(Some_album)", 'Sting_(musician)', 'Kind_of_Blue', "Rock_'n'_Roll_(Some_album)"]
  expect(
    headlines(titles.map((title) => `404 Client Error: Not Found for url: https://en.example.org/wiki/${title}`)),
  ).toEqual([[4, '404 Client Error: Not Found for url: https://en.example.org/…']])
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
  const groups = groupsOf([
    ...infinite.map((failedAt) => job({ failedAt })),
    job({ source: 'youtube', error: 'refused' }),
    job(),
  ])
  expect(groups.map(({ count }) => count)).toEqual([4, 1])
  expect(groups[0]).toMatchObject({ first: Number.NEGATIVE_INFINITY, last: Number.POSITIVE_INFINITY })
  expect(groups[0]?.jobs.map(({ failedAt }) => failedAt)).toEqual([infinite[0], infinite[2], at('02:00'), infinite[1]])
})

test('the noisiest group comes first, and among equals the latest', () => {
  const groups = groupsOf([
    job({ source: 'early', error: 'early', finishedAt: at('01:00') }),
    job({ source: 'late', error: 'late', finishedAt: at('02:00') }),
    job({ source: 'noisy', finishedAt: at('00:10') }),
    job({ source: 'noisy', finishedAt: at('00:20') }),
  ])
  expect(groups.map(({ latest: { source } }) => source)).toEqual(['noisy', 'late', 'early'])
})

test('every kind has a section before any has two', () => {
  const noisy = Array.from({ length: 22 }, (_, index) =>
    times(30 - index, `a different thing: ${'word '.repeat(index)}`),
  )
  const groups = grouped([
    ...noisy.flat(),
    job({ source: 'musicbrainz', jobType: 'sync_releases', error: 'disk full' }),
    job({ source: 'commons', error: 'no such file' }),
  ])
  const sections = chosen(groups, 4)
  expect(sections.flatMap(({ kinds }) => kinds.map(({ name }) => name)).toSorted()).toEqual([
    'commons/match_song',
    'musicbrainz/sync_releases',
    'spotify/match_song',
    'spotify/match_song',
  ])
  expect(chosen(groups, 1).map(({ kinds: [kind] }) => kind?.name)).toEqual(['spotify/match_song'])
})

test('errors that are too many to be kept apart are counted, and so are their kinds', () => {
  const jobs = [...different(20_000)].map((error) => job({ error }))
  const { kinds, groups } = digestOf([...jobs, ...jobs.slice(0, 5)])
  expect(kinds).toEqual(new Map([['spotify/match_song', 20_005]]))
  expect(groups.length).toBeLessThanOrEqual(501)
})

test('what comes after so many different errors still finds its group', () => {
  const groups = grouped([...failing([...different(5_000)]), ...times(40, 'Song not found')])
  expect(groups[0]).toMatchObject({ count: 40 })
  const later = grouped([
    ...times(40, 'Song not found'),
    ...failing([...different(5_000)]),
    ...times(40, 'Song not found'),
  ])
  expect(later[0]).toMatchObject({ count: 80 })
})

test.each([80, 300, 5_000])('after %d unlike errors a template is found all the same', (unlike) => {
  const titles = [...different(4 * unlike, 2)].map((title) => `Song not found: ${title}`)
  const groups = grouped(failing([...different(unlike), ...titles]))
  expect(`${groups[0]?.latest.error}`).toMatch(/^Song not found/)
  expect(groups[0]?.count).toBeGreaterThan(3 * unlike)
})

test('after so many unlike errors the one that dominates is shown, with all its jobs', () => {
  const groups = grouped([...failing([...different(300)]), ...times(400, 'Spotify answered 401 Unauthorized')])
  expect(groups[0]).toMatchObject({
    count: 400,
    latest: { error: new JobError('Spotify answered 401 Unauthorized') },
  })
})

test('after many templates the error that dominates is shown as well', () => {
  const templates = [...different(300, 3)].flatMap((words) => TITLES.map((title) => `${words} ${title}`))
  const groups = grouped([...failing(templates), ...times(400, 'Spotify answered 401 Unauthorized')])
  expect(groups[0]).toMatchObject({
    count: 400,
    latest: { error: new JobError('Spotify answered 401 Unauthorized') },
  })
  expect(groups.length).toBeLessThanOrEqual(501)
})

test('of the groups beyond one of each kind the noisiest get a section', () => {
  const groups = grouped([
    ...times(9, 'Read timed out'),
    ...times(2, 'Connection refused'),
    ...times(3, 'Bad Gateway'),
    ...times(1, 'disk full').map((each) => ({ ...each, source: 'youtube' })),
  ])
  expect(chosen(groups, 3).map(({ latest }) => `${latest.error}`)).toEqual([
    'Read timed out',
    'Bad Gateway',
    'disk full',
  ])
})

test('an error whose group was let go to make room is given a new one', () => {
  const unlike = [...different(250)].flatMap((error) => times(2, error))
  const rare = { error: 'disk full' }
  const others = Array.from({ length: 10 }, (_, kind) =>
    [...different(220, 7 + kind)].map((error) => job({ error, jobType: `noisy_${kind}` })),
  )
  const groups = grouped([...unlike, job(rare), ...others.flat(), ...Array(10).fill(job(rare))])
  expect(groups.find(({ latest }) => `${latest.error}` === 'disk full')).toMatchObject({ count: 10 })
})

test('what many kinds have in groups is bounded, and leaves room for the error that dominates another kind', () => {
  const unlike = [...different(20 * 300)].map((error, index) => job({ error, jobType: `noisy_${index % 20}` }))
  const values = { source: 'musicbrainz', jobType: 'sync_releases' }
  const others = [
    job({ ...values, error: "KeyError: 'title'" }),
    ...Array(500).fill(job({ ...values, error: 'HTTP 401' })),
  ]
  const groups = grouped([...unlike, ...others])
  expect(groups[0]).toMatchObject({ count: 500, latest: { error: new JobError('HTTP 401') } })
  expect(new Set(groups.flatMap((group) => group.kinds.map(({ name }) => name))).size).toBe(21)
  expect(groups.length).toBeLessThanOrEqual(500 + 21)
})

test('every kind keeps a group, however many kinds have several', () => {
  const errors = ['Read timed out', 'Connection refused', 'Bad Gateway']
  const jobs = errors.flatMap((error) =>
    Array.from({ length: 2_000 }, (_, kind) => job({ error, jobType: `type_${kind}` })),
  )
  const groups = grouped(jobs)
  expect(new Set(groups.flatMap((group) => group.kinds.map(({ name }) => name))).size).toBe(2_000)
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
          fc
            .tuple(fc.constantFrom('401', '503'), fc.constantFrom(...TITLES, 'x2k9', '1999'))
            .map(([status, title]) => `HTTP ${status} for song ${title}`),
        ),
      ),
      failedAt: fc.oneof(fc.nat(9), fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)),
    })
    .map((values) => job(values))
  fc.assert(
    fc.property(fc.array(anyJob, { maxLength: 150, size: 'max' }), (jobs) => {
      const { kinds, groups } = digestOf(jobs)
      for (const [name, count] of kinds) {
        const own = groups.flatMap((group) => group.kinds.filter((kind) => kind.name === name))
        expect(own.reduce((sum, kind) => sum + kind.count, 0)).toBe(count)
      }
      for (const group of groups) {
        expect(group.jobs).toHaveLength(Math.min(10, group.count))
        expect(group.kinds.reduce((sum, { count }) => sum + count, 0)).toBe(group.count)
        const said = group.variants.reduce((sum, { count }) => sum + count, 0)
        expect(said).toBeLessThanOrEqual(group.count)
      }
    }),
  )
})

test('a kind with one failure has its group among a thousand different errors of another kind', () => {
  const rare = job({ error: 'disk full', jobType: 'rare' })
  const others = failing([...different(1_000)])
  const groups = grouped([...others.slice(0, 480), rare, ...others.slice(480)])
  expect(groups.find(({ latest }) => latest === rare)?.count).toBe(1)
})

test('a frequent error has its group, however many rare ones came before it', () => {
  const rare = failing([...different(700)])
  const groups = grouped([...rare.slice(0, 480), ...times(3, 'disk full'), ...rare.slice(480)])
  expect(groups[0]).toMatchObject({ count: 3, headline: 'disk full' })
})

test('where one quoted value is a phrase, single words in its place are no causes', () => {
  const names = ['Naima', 'So What', 'Jolene', 'Misty']
  expect(headlines(names.map((name) => `no match for '${name}'`))).toEqual([[4, "no match for '…'"]])
  const often = Array.from({ length: 40 }, (_, index) => `no match for '${names[index % 4]}'`)
  expect(headlines(often)).toEqual([[40, "no match for '…'"]])
})

test('a title swallows no cause', () => {
  const found = SONGS.map((song) => `no match for ${song} in the catalog`)
  const errors = [...found, 'no match for index_apple_songs in the catalog', 'no match for OSError in the catalog']
  expect(counts(failing(errors))).toEqual([SONGS.length, 1, 1])
})

test('an error that ends as others do, whose titles are known by their beginning, keeps its own', () => {
  const errors = [...SONGS.map((song) => `no match for ${song} in the catalog`), 'the lock was lost in the catalog']
  expect(headlines(errors)).toEqual([
    [SONGS.length, 'no match for … in the catalog'],
    [1, 'the lock was lost in the catalog'],
  ])
})

test('titles are titles where some begin with the same word, and few begin with words of their own', () => {
  const nouns = 'Wall Model Letter Boxer End River Night Train House Moon Garden Ocean'.split(' ')
  const titles = [...nouns.map((noun) => `The ${noun}`), ...nouns.map((noun) => `A ${noun}`)]
  const own = ['Naima', 'Jolene', 'Misty', 'Halo', 'Creep', 'Toxic', 'Roxanne']
  expect(headlines([...titles, ...own].map((title) => `Song not found: ${title}`))).toEqual([[31, 'Song not found: …']])
})

test('a title has twelve words at most where the texts have little in common', () => {
  const title = (words: number) => Array.from({ length: words }, (_, at) => 'abcdefghijklm'[at]).join(' ')
  const found = [...SONGS, title(12)].map((song) => `no match for ${song}`)
  expect(counts(failing([...found, `no match for ${title(13)}`]))).toEqual([SONGS.length + 1, 1])
})

test('a long title is one among short ones where the texts have as much in common', () => {
  const long = 'Variations on a Theme by Joseph Haydn for two pianos and orchestra in the version of the composer'
  const errors = [...SONGS, long].map(
    (song) => `the catalog of the worker has no match for ${song} in any of its albums`,
  )
  expect(counts(failing(errors))).toEqual([errors.length])
})

test('a name in capitals and small letters is an exception only at the beginning', () => {
  const songs = [...SONGS, 'Paul McCartney: Jet']
  expect(counts(failing(songs.map((song) => `no match for ${song}`)))).toEqual([songs.length])
  const raised = SONGS.map((song) => `TooManyRedirects: no match for ${song}`)
  const others = SONGS.map((song) => `ReadTimeout: no match for ${song}`)
  expect(counts(failing([...raised, ...others]))).toEqual([SONGS.length, SONGS.length])
})

test('errors that have nothing in common but a colon after their first word stay apart', () => {
  const errors = [...different(40)].map((error) => error.replace(' ', ': '))
  expect(groupsOf(failing(errors))).toHaveLength(40)
})
