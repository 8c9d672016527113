import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Digest } from '../../../src/digest/digest.js'
import type { Job } from '../../../src/job.js'
import type { Message } from '../../../src/mail/message.js'
import { at, digestOf, job, mailOf, PRODUCTION, step } from '../../support/jobs.js'
import { faults } from '../../support/markup.js'

function fits({ text, html }: Message): boolean {
  return Buffer.byteLength(html) <= 90_000 && Buffer.byteLength(text) <= 60_000
}

/** Every name and error 60 and 3,500 times that character, in as many sections as are shown, and more. */
function storm(character: string): Digest {
  const name = (suffix: string) => character.repeat(60 - suffix.length) + suffix
  const values = { targetType: name(''), targetId: name(''), error: character.repeat(3_500) }
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

test.each(['"', '&<', 'x', '東', 'é😀', ' ', '\n', '"\n'])(
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

/** How many jobs of each type the mail accounts for: in its headings, in its lists of types, and beyond them. */
function accounted(text: string): ReadonlyMap<string, number> {
  const flowing = text.replaceAll(/\n(?= {0,6}\S)/g, ' ').replaceAll(/ +/g, ' ')
  const counts = new Map<string, number>()
  const count = (kind: string, jobs: string): void => {
    counts.set(kind, (counts.get(kind) ?? 0) + Number(jobs.replaceAll(',', '')))
  }
  for (const [, jobs = '', kind = ''] of text.matchAll(/^(?:[✗✓] )?([\d,]+) (\S+\/\S+) jobs?:/gm)) count(kind, jobs)
  for (const [, jobs = '', kind = ''] of text.matchAll(/^ {2}([\d,]+) (\S+\/\S+) jobs?\n {4}https/gm)) count(kind, jobs)
  for (const [, kind = '', jobs = ''] of flowing.matchAll(/(\S+\/\S+) \(([\d,]+)\)/g)) count(kind, jobs)
  for (const [, jobs = ''] of flowing.matchAll(/([\d,]+) jobs? of further types/g)) count('further', jobs)
  return counts
}

const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, jobs) => sum + jobs, 0)
/** The text of the HTML part, its lines as in the text part. */
const seen = (html: string): string =>
  html
    .replaceAll(/<(?:wbr|\/?b|\/?span[^>]*|\/?a[^>]*)>/g, '')
    .replaceAll('\u00a0', ' ')
    .replaceAll('&nbsp;', ' ')
    .replaceAll(/<[^>]*>/g, '\n')

/** Both parts account for every job of every type, with its exact number. */
function expectAllNamed(digest: Digest, { text, html }: Message): void {
  const counts = accounted(text)
  const page = seen(html)
  for (const [kind, jobs] of digest.kinds) {
    expect(counts.get(kind), kind).toBe(jobs)
    expect(page.includes(kind), kind).toBe(true)
  }
  expect(total(counts)).toBe(digest.count)
}

const inChain = (chain: number, kind: number, values = {}) =>
  job({
    ...values,
    source: 'spotify',
    jobType: `type_${kind}`,
    chain: new Date(at('03:00') - chain * 3_600_000).toISOString(),
  })

test.each<[string, () => Iterable<Job>]>([
  [
    'twenty chains of five jobs and five job types each',
    () => Array.from({ length: 100 }, (_, index) => inChain(Math.floor(index / 5), index)),
  ],
  [
    'two thousand job types in twenty chains',
    () => Array.from({ length: 2_000 }, (_, index) => inChain(index % 20, index)),
  ],
  ['one chain of two thousand job types', () => Array.from({ length: 2_000 }, (_, index) => inChain(0, index))],
  [
    'one error of five hundred job types',
    () => Array.from({ length: 1_500 }, (_, index) => job({ source: 'spotify', jobType: `type_${index % 500}` })),
  ],
  ['five hundred chains of one job each', () => Array.from({ length: 500 }, (_, index) => inChain(index, index % 7))],
])('of %s every type is named in both parts, with its exact number', (_, failures) => {
  const digest = digestOf(failures())
  const message = mailOf(digest)
  expect(fits(message)).toBe(true)
  expectAllNamed(digest, message)
})

test('of one chain of three thousand job types as many are named as fit, and the others are counted', () => {
  const digest = digestOf(Array.from({ length: 3_000 }, (_, index) => inChain(0, index)))
  const message = mailOf(digest)
  expect(fits(message)).toBe(true)
  const counts = accounted(message.text)
  expect(total(counts)).toBe(3_000)
  expect(counts.size).toBeGreaterThan(2_000)
})

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
    /^20,000 spotify\/match_song jobs: no release/m,
  ],
  [
    '20,000 failures that have nothing in common',
    () =>
      Array.from({ length: 20_000 }, (_, id) =>
        job({ id, error: `${words(id, 3)} ${id.toString(26).replace(/\d/g, 'q')} ${words(id + 5, 4)}` }),
      ),
    /spotify\/match_song \([\d,]+\)/,
  ],
  [
    '5,000 failures of 400 job types',
    () =>
      Array.from({ length: 5_000 }, (_, id) => job({ id, jobType: `type_${id % 400}`, error: `disk ${id} is full` })),
    /spotify\/type_399 \(12\)/,
  ],
  [
    '300 refreshes',
    () =>
      Array.from({ length: 300 }, (_, id) =>
        step('songs', { id, chain: new Date(id * 3_600_000).toISOString(), finishedAt: id }),
      ),
    /… and more: apple\/refresh_catalog \(2\d\d\)/,
  ],
])('of %s every one is accounted for, in a mail that no reader clips', (_, failures, says) => {
  const digest = digestOf(failures())
  const message = mailOf(digest)
  expect(fits(message)).toBe(true)
  expect(message.subject.length).toBeLessThanOrEqual(78)
  expect(message.text).toMatch(says)
  const inRefresh = digest.refresh ? (message.text.match(/^ {2}job /gm)?.length ?? 0) : 0
  expect(total(accounted(message.text)) + inRefresh).toBe(digest.count)
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
  expect(mailOf(digestOf([...youtube, lost])).text).toContain('✗ 1 musicbrainz/sync_releases job: KeyError')
})

test('job types are named as long as there is room, and the others are counted', () => {
  const message = mailOf(
    digestOf(Array.from({ length: 6_000 }, (_, id) => job({ id, jobType: `type_${id}_${'x'.repeat(30)}` }))),
  )
  expect(fits(message)).toBe(true)
  const counts = accounted(message.text)
  expect(counts.size).toBeGreaterThan(500)
  expect(total(counts)).toBe(6_000)
  expect(seen(message.html).match(/spotify\/type_/g)?.length).toBeGreaterThan(500)
})

test('of more job types than are told apart all jobs are counted', () => {
  const digest = digestOf(Array.from({ length: 12_000 }, (_, id) => job({ id, jobType: `t${id}` })))
  expect(total(accounted(mailOf(digest).text))).toBe(12_000)
})
