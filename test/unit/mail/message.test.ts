import { hash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Digest, Fault } from '../../../src/digest/digest.js'
import type { Job } from '../../../src/job.js'
import { type Message, renderMessage } from '../../../src/mail/message.js'
import { redact } from '../../../src/text/redact.js'
import { at, digestOf, job, mailOf, PRODUCTION, reaped, step } from '../../support/jobs.js'
import { faults, visible } from './markup.js'

function fits({ text, html }: Message): boolean {
  return Buffer.byteLength(html) <= 90_000 && Buffer.byteLength(text) <= 60_000
}

/** Every name and error 60 and a million times that character, in as many sections as are shown, and more. */
function storm(character: string): Digest {
  const name = (suffix: string) => character.repeat(60 - suffix.length) + suffix
  const values = { targetType: name(''), targetId: name(''), error: character.repeat(1_000_000) }
  const chains = Array.from({ length: 22 }, (_, day) => {
    const chain = `2026-10-${10 + (day % 20)}T0${Math.floor(day / 20)}:00:00Z`
    return Array.from({ length: 12 }, (_, index) =>
      job({ ...values, source: name(''), jobType: name(`${index}`), chain }),
    )
  })
  const groups = Array.from({ length: 22 }, (_, group) =>
    Array.from({ length: 12 }, (_, index) =>
      job({ ...values, source: name(`g${group}`), jobType: name(''), attempts: index % 2 }),
    ),
  )
  return digestOf([...chains, ...groups].flat(), {}, { count: 9_999, oldest: Number.NEGATIVE_INFINITY })
}

test.each(['"', "'", '&', '<', 'x', 'é', '東', '😀', ' ', '\n', 'x ', '"\n'])(
  'the worst storm, made of %j, stays below 90 kB of HTML and 60 kB of text, and is valid',
  (character) => {
    const message = mailOf(storm(character))
    expect(fits(message)).toBe(true)
    expect(faults(message.html)).toEqual([])
    expect(message.html.isWellFormed() && message.text.isWellFormed()).toBe(true)
    expect(message.text.split('\n').filter((line) => line.length > 78 && !line.includes('://'))).toEqual([])
  },
)

test('the base of the admin pages may be long', () => {
  const adminBaseUrl = `https://admin.example.com/${'x'.repeat(1_500)}`
  expect(fits(mailOf(storm('"'), { ...PRODUCTION, adminBaseUrl }))).toBe(true)
})

test('refreshes that failed twenty times are all shown', () => {
  const days = Array.from({ length: 20 }, (_, day) => {
    const chain = `2026-11-${String(day + 1).padStart(2, '0')}T03:00:00Z`
    return step('songs', { chain, error: 'e'.repeat(2_000) })
  })
  const message = mailOf(digestOf(days))
  expect(fits(message)).toBe(true)
  for (const { id } of days) expect(message.text).toContain(`job ${id}`)
})

/** How many jobs the mail accounts for: in its sections, and in what it says of the others. */
function accounted(text: string): number {
  const flowing = text.replace(/\n {4}/g, ' ')
  const number = (digits = '1'): number => Number(digits.replaceAll(',', ''))
  const sections = [...flowing.matchAll(/^✗ (?:([\d,]+) (?:of [\d,]+ )?)?\S+(?: jobs)? failed$/gm)].map(([, count]) =>
    number(count),
  )
  const chains = [...flowing.matchAll(/^✗ Apple Music catalog refresh failed at /gm)].map(() => 1)
  const others = [...flowing.matchAll(/^ {2}(?:\S+: |and )([\d,]+) (?:more|jobs?)/gm)].map(([, count]) => number(count))
  return [...sections, ...chains, ...others].reduce((sum, count) => sum + count, 0)
}

/** Numbers that look random, and are the same every time. */
function random(seed: number): number {
  return Number.parseInt(hash('sha1', String(seed)).slice(0, 12), 16)
}

const TITLE_WORDS = [
  'Blue',
  'Green',
  'Train',
  'Round',
  'Night',
  'Light',
  'Lush',
  'Life',
  'Take',
  'Moment',
  'Notice',
  'Giant',
  'Steps',
]
const words = (seed: number, length: number): string =>
  Array.from({ length }, (_, index) => TITLE_WORDS[random(seed * 100 + index) % TITLE_WORDS.length]).join(' ')

test.each<[string, () => Iterable<Job>, RegExp]>([
  [
    '20,000 failures that differ in ids',
    () => Array.from({ length: 20_000 }, (_, id) => job({ id, error: `no release ${id} (mbid=${id}): 404 deleted` })),
    /^✗ 20,000 spotify\/match_song jobs failed$/m,
  ],
  [
    '20,000 failures that have nothing in common',
    () =>
      Array.from({ length: 20_000 }, (_, id) =>
        job({ id, error: `${words(id, 3)} ${id.toString(26).replace(/\d/g, 'q')} ${words(id + 5, 4)}` }),
      ),
    /spotify\/match_song: [\d,]+ more with [\d,]+ different errors/,
  ],
  [
    '5,000 failures of 400 job types',
    () =>
      Array.from({ length: 5_000 }, (_, id) => job({ id, jobType: `type_${id % 400}`, error: `disk ${id} is full` })),
    /spotify\/type_399: 12 jobs/,
  ],
  [
    '300 chains',
    () =>
      Array.from({ length: 300 }, (_, id) =>
        step('songs', { id, chain: new Date(id * 3_600_000).toISOString(), finishedAt: id }),
      ),
    /apple\/refresh_catalog: 2\d\d more in 2\d\d other chains/,
  ],
])('of %s every one is accounted for, in a mail that no reader clips', (_, failures, says) => {
  const digest = digestOf(failures())
  const message = mailOf(digest)
  expect(fits(message)).toBe(true)
  expect(message.subject.length).toBeLessThanOrEqual(78)
  expect(message.text).toMatch(says)
  expect(accounted(message.text)).toBe(digest.count)
  expect(message.text).toContain(`✗ ${digest.count.toLocaleString('en')} `)
  expect(message.html).toContain(digest.count.toLocaleString('en'))
})

test('a job type beside a storm of another is never left out', () => {
  const youtube = Array.from({ length: 22 }, (_, index) =>
    job({ source: 'youtube', error: `${words(index, 5)} went wrong` }),
  )
  const lost = job({
    source: 'musicbrainz',
    jobType: 'sync_releases',
    error: "KeyError: 'title'",
    finishedAt: at('00:10'),
  })
  expect(mailOf(digestOf([...youtube, lost])).text).toContain('✗ musicbrainz/sync_releases failed')
})

test('job types are named as long as there is room, and the others are counted in one line', () => {
  const message = mailOf(
    digestOf(Array.from({ length: 6_000 }, (_, id) => job({ id, jobType: `type_${id}_${'x'.repeat(30)}` }))),
  )
  expect(fits(message)).toBe(true)
  const [, jobs, types] = /^ {2}and ([\d,]+) more jobs of ([\d,]+) more job types$/m.exec(message.text) ?? []
  expect(jobs).toBe(types)
  const named = message.text.match(/^ {2}spotify\/type_/gm)?.length ?? 0
  expect(named).toBeGreaterThan(500)
  expect(accounted(message.text)).toBe(6_000)
})

test('a chain names every job type that failed in it', () => {
  const chain = '2026-11-23T01:30:00Z'
  const jobs = Array.from({ length: 15 }, (_, index) =>
    job({ jobType: `type_${index}`, chain, finishedAt: at('02:00') + index }),
  )
  const { text } = mailOf(digestOf(jobs))
  for (const { jobType } of jobs) expect(text).toContain(`spotify/${jobType}`)
})

test('a cut error says how much is missing', () => {
  const { text, html } = mailOf(digestOf([job({ error: 'x'.repeat(2_000) })]))
  expect(text).toContain('x… (1,000 more characters)')
  expect(html).toContain('x… (1,000 more characters)')
})

test.each([
  ['a group', job({ source: 'José', jobType: 'café', error: 'é · ñ' })],
  ['a chain', step('songs', { error: 'é · ñ' })],
  ['an unknown chain', job({ source: 'José', error: 'ñ', chain: '2026-11-23T03:00:00Z' })],
])(
  'both parts of a mail about %s hold a character beyond Latin-1, or SendGrid would choose that charset',
  (_, failure) => {
    const { text, html } = mailOf(digestOf([failure]), { ...PRODUCTION, environment: 'Köln' })
    expect(text).toMatch(/[^\u0000-\u00ff]/)
    expect(html).toMatch(/[^\u0000-\u00ff]/)
  },
)

/** A cluster of which nothing can be read but its jobs' ids, as with a fault in the code that reads it. */
function unreadable<Cluster extends { readonly jobs: readonly { readonly id: number }[] }>(cluster: Cluster): Cluster {
  return new Proxy(cluster, {
    get(target, key) {
      if (key === 'jobs') return target.jobs.map(({ id }) => ({ id }))
      if (key === 'count') return target.jobs.length
      throw new TypeError(`cannot read ${String(key)}`)
    },
  })
}

/** The mail, and what could not be made of it. */
function withFaults(digest: Digest): { message: Message; found: readonly Fault[] } {
  const found: Fault[] = []
  return { message: renderMessage(digest, PRODUCTION, (fault) => found.push(fault)), found }
}

test('a chain that cannot be shown becomes a bare list, the others stay, and the fault is heard of once', () => {
  const digest = digestOf([job(), step('songs', { id: 77 }), job({ source: 'youtube' })])
  const chains = digest.chains.map(({ failures, chain }) => ({
    failures,
    chain: chain && { ...chain, steps: null as never },
  }))
  const { message, found } = withFaults({ ...digest, chains })
  expect(message.text).toContain('✗ 1 job failed\nThe details could not be shown. The log of job-alert says why.')
  expect(message.text).toMatch(/^job 77$/m)
  expect(visible(message.html)).toContain('job77')
  expect(message.text).toContain('✗ spotify/match_song failed')
  expect(message.text).toContain('✗ youtube/match_song failed')
  expect(faults(message.html)).toEqual([])
  expect(found).toMatchObject([{ error: expect.any(TypeError), jobIds: [77] }])
})

test('a chain whose rows made no sense is a bare list, too', () => {
  const found: Fault[] = []
  const digest = digestOf([step('songs', { id: 77 })], { jobs: [null as never] }, undefined, {
    onFault: (fault) => found.push(fault),
  })
  const { text, subject } = mailOf(digest)
  expect(text).toMatch(/^job 77$/m)
  expect(subject).toBe('1 failed job')
  expect(found).toHaveLength(1)
})

const lapse = {
  lastSuccess: step('rebuild_index', { status: 'done', finishedAt: at('04:00') - 18 * 86_400_000 }),
  after: 1_209_600_000,
}

test('a lapse is said in a section of its own where the section that was to say it cannot be shown', () => {
  const digest = digestOf([step('songs', { id: 77 })], { lapse })
  const chains = digest.chains.map(({ failures, chain }) => ({
    failures,
    chain: chain && { ...chain, steps: null as never },
  }))
  expect(withFaults({ ...digest, chains }).message.text).toContain('✗ Apple Music catalog refresh is overdue')
  expect(mailOf(digest).text).not.toContain('refresh is overdue\n')
})

test('a lapse that cannot be shown is said all the same', () => {
  const digest = digestOf([], { lapse })
  const overdue = digest.overdue && { ...digest.overdue, runs: null as never }
  const { message, found } = withFaults({ ...digest, overdue })
  expect(message.text).toContain('✗ A refresh is overdue')
  expect(found).toHaveLength(1)
})

test('a lapse is no part of a section about which nothing is to be done, and comes before it', () => {
  const end = step('rebuild_index', { status: 'done', finishedAt: at('03:40') })
  const { text, subject } = mailOf(digestOf([step('songs', reaped)], { lapse, jobs: [end] }))
  expect(text.match(/^✗ .*/gm)?.slice(1)).toEqual([
    '✗ Apple Music catalog refresh is overdue',
    '✗ Apple Music catalog refresh: songs was reaped, but the refresh finished',
  ])
  expect(subject).toBe('Apple Music refresh is overdue since 19 Nov 04:00 UTC, and 1 job failed')
})

test('of many steps those that failed are shown, then the last ones, and the others are counted', () => {
  const chain = '2026-11-23T01:30:00Z'
  const rows = Array.from({ length: 40 }, (_, index) =>
    job({ id: index + 1, chain, jobType: `import_${index}`, status: index === 2 ? 'dead' : 'done' }),
  )
  const { text } = mailOf(digestOf(rows.slice(2, 3), { jobs: rows }))
  const shown = [...text.matchAll(/^ {2}[✓✗] import_(\d+)/gm)].map(([, index]) => Number(index))
  expect(shown).toEqual([2, ...Array.from({ length: 11 }, (_, index) => 29 + index)])
  expect(text).toContain('… and 28 other steps')
})

test('jobs of a chain that died alike say so once, below the last of them', () => {
  const chain = '2026-11-23T01:30:00Z'
  const rows = Array.from({ length: 4 }, (_, index) =>
    job({
      id: index + 1,
      chain,
      finishedAt: at('02:00') + index,
      error: index < 3 ? 'Spotify answered 502' : 'disk full',
    }),
  )
  const { text } = mailOf(digestOf(rows, { jobs: rows }))
  expect(text.match(/Error: Spotify answered 502/g)).toHaveLength(1)
  expect(text).toMatch(/job 3 .*\n.*\n {2}job 2 .*\n.*\n {2}job 1 .*\n.*\n {4}Failed on .*\n {4}Error: Spotify/)
})

test('the mail goes although nothing at all can be shown', () => {
  const digest = digestOf([job({ id: 78 }), job({ id: 79 })])
  const kinds = digest.kinds.map((kind) => ({ ...kind, groups: kind.groups.map(unreadable) }))
  const { message, found } = withFaults({ ...digest, kinds })
  expect(message.subject).toBe('2 failed jobs')
  for (const part of [message.text, message.html]) expect(part).toMatch(/job 78.*job 79|job 79.*job 78/s)
  expect(found.flatMap(({ jobIds }) => jobIds).toSorted()).toEqual([78, 79])
})

test.each([
  ['null', { error: null }],
  ['empty', { error: '' }],
  ['blank', { error: ' \n\n ' }],
])('an error that is %s is named as missing', (_, values) => {
  const { text, html } = mailOf(digestOf([job(values)]))
  expect(text).toContain('Error: (no error was recorded)')
  expect(html).toContain('(no error was recorded)')
})

test('impossible dates are unknown times', () => {
  const infinite = { finishedAt: Number.POSITIVE_INFINITY, claimedAt: Number.NEGATIVE_INFINITY }
  const { text, subject } = mailOf(digestOf([job(infinite), step('songs', infinite)]))
  expect(text).toContain('an unknown time')
  expect(text).not.toMatch(/NaN|Infinity|Invalid/)
  expect(subject).not.toMatch(/NaN|Infinity|Invalid/)
})

test('hostile text is harmless once it is redacted, as every text from the database is', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '&lt;', ']]>', '<!--', '\x1b[31m'),
    fc.constantFrom(
      '\x1b]8;;http://evil.example.com\x07',
      '\u202egnp.exe',
      '\r\nBcc: x@example.com\r\n',
      '\u0085',
      '=0D=0A',
    ),
  )
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => redact(pieces.join('')))
  const failure = fc
    .record({
      source: text,
      jobType: text,
      targetType: text,
      error: fc.option(text),
      chain: fc.constantFrom(null, '2026-11-23T03:00:00Z'),
    })
    .map((values) => job(values))
  fc.assert(
    fc.property(fc.array(failure, { minLength: 1, maxLength: 5 }), (failures) => {
      const message = mailOf(digestOf(failures))
      expect(message.html.match(/<(?:script|img)/)).toBeNull()
      expect(message.subject).not.toMatch(/[\r\n]/)
      for (const part of Object.values(message)) {
        expect(part).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/)
        expect(part.isWellFormed()).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

test('the same digest makes the same mail', () => {
  const digest = digestOf([step('songs', { finishedAt: at('03:12') }), job()])
  expect(mailOf(digest)).toEqual(mailOf(digest))
})
