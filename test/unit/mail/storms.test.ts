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
  const sections = [
    ...flowing.matchAll(/^✗ (?:([\d,]+) of [\d,]+ failed \S+ jobs|(?:([\d,]+) )?\S+(?: jobs)? failed)$/gm),
  ].map(([, some, all]) => number(some ?? all))
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
