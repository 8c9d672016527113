import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Digest } from '../../src/digest.js'
import type { Job } from '../../src/failures.js'
import { redact } from '../../src/redact.js'
import { type Message, renderMessage } from '../../src/render/message.js'
import { at, digestOf, job, PRODUCTION, step } from '../support/jobs.js'
import { faults, visible } from './markup.js'

function sizeOf({ html }: Message): number {
  return Buffer.byteLength(html)
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
  'the HTML of the worst storm, made of %j, stays below 90,000 bytes and is well-formed',
  (character) => {
    const message = renderMessage(storm(character), PRODUCTION)
    expect(sizeOf(message)).toBeLessThanOrEqual(90_000)
    expect(faults(message.html)).toEqual([])
    expect(message.html.isWellFormed() && message.text.isWellFormed()).toBe(true)
    expect(message.text.split('\n').filter((line) => line.length > 78 && !line.includes('://'))).toEqual([])
  },
)

test('the base of the admin pages may be long', () => {
  const adminBaseUrl = `https://admin.example.com/${'x'.repeat(1_500)}`
  expect(sizeOf(renderMessage(storm('"'), { ...PRODUCTION, adminBaseUrl }))).toBeLessThanOrEqual(90_000)
})

test('refreshes that failed twenty times are all shown', () => {
  const days = Array.from({ length: 20 }, (_, day) => {
    const chain = `2026-11-${String(day + 1).padStart(2, '0')}T03:00:00Z`
    return step('songs', { chain, error: 'e'.repeat(2_000) })
  })
  const message = renderMessage(digestOf(days), PRODUCTION)
  expect(sizeOf(message)).toBeLessThanOrEqual(90_000)
  for (const { id } of days) expect(message.text).toContain(`job ${id}`)
})

test('a storm is counted to the last job', () => {
  const { text } = renderMessage(storm('"'), PRODUCTION)
  const sections = [...text.matchAll(/^✗ /gm)].length
  const [, more, jobs] = /… and (\d+) more groups \((\d+) jobs\)/.exec(text.replace(/\n/g, ' ')) ?? []
  expect(sections + Number(more)).toBe(44)
  expect(Number(jobs)).toBe(12 * Number(more))
})

test('a cut error says so', () => {
  const { text, html } = renderMessage(digestOf([job({ error: 'x'.repeat(2_000) })]), PRODUCTION)
  expect(text).toMatch(/x…/)
  expect(html).toMatch(/x…/)
})

test.each([
  ['a group', job({ source: 'José', jobType: 'café', error: 'é · ñ' })],
  ['a chain', step('songs', { error: 'é · ñ' })],
  ['an unknown chain', job({ source: 'José', error: 'ñ', chain: '2026-11-23T03:00:00Z' })],
])(
  'both parts of a mail about %s hold a character beyond Latin-1, or SendGrid would choose that charset',
  (_, failure) => {
    const { text, html } = renderMessage(digestOf([failure]), { ...PRODUCTION, environment: 'Köln' })
    expect(text).toMatch(/[^\u0000-\u00ff]/)
    expect(html).toMatch(/[^\u0000-\u00ff]/)
  },
)

/** Fails whatever is asked of it but its id, as an error in the code that reads it would. */
function unreadable(failure: Job): Job {
  return new Proxy(failure, {
    get(target, key) {
      if (key !== 'id') throw new TypeError(`cannot read ${String(key)}`)
      return target.id
    },
  })
}

test('a section that cannot be rendered becomes a bare list, and the others stay', () => {
  const digest = digestOf([job(), job(), step('songs'), job({ source: 'youtube' })])
  const [group, ...others] = digest.groups
  if (!group) throw new Error('no group')
  const [first, second] = group.jobs.map(unreadable)
  if (!first || !second) throw new Error('no jobs')
  const { text, html } = renderMessage(
    { ...digest, groups: [{ ...group, jobs: [first, second] }, ...others] },
    PRODUCTION,
  )
  expect(text).toContain('✗ 2 jobs failed\nThe details of these jobs could not be rendered.')
  for (const { id } of [first, second]) {
    expect(text).toContain(`  job ${id}\n  https://admin.approachnote.com/research/jobs/${id}\n`)
    expect(visible(html)).toContain(`job${id}`)
  }
  expect(text).toContain('✗ Apple Music catalog refresh failed at songs')
  expect(text).toContain('✗ youtube/match_song failed')
  expect(faults(html)).toEqual([])
})

test('a chain that cannot be rendered becomes a bare list', () => {
  const digest = digestOf([step('songs', { id: 77 })])
  const chains = digest.chains.map((chain) => ({ ...chain, steps: null as never }))
  const { text } = renderMessage({ ...digest, chains }, PRODUCTION)
  expect(text).toContain('✗ 1 job failed\n')
  expect(text).toContain('  job 77\n')
})

test('the mail goes although nothing at all can be rendered', () => {
  const digest = digestOf([job({ id: 78 }), job({ id: 79 })])
  const groups = digest.groups.map((group) => ({
    ...group,
    jobs: group.jobs.map(unreadable) as unknown as typeof group.jobs,
  }))
  const { subject, text, html } = renderMessage({ ...digest, groups }, PRODUCTION)
  expect(subject).toBe('2 failed jobs')
  expect(text).toContain('job 79')
  expect(html).toContain('job 79')
})

test.each([
  ['null', { error: null }],
  ['empty', { error: '' }],
  ['blank', { error: ' \n\n ' }],
])('an error that is %s is named as missing', (_, values) => {
  const { text, html } = renderMessage(digestOf([job(values)]), PRODUCTION)
  expect(text).toContain('Error: (no error was recorded)')
  expect(html).toContain('(no error was recorded)')
})

test('impossible dates are unknown times', () => {
  const infinite = { finishedAt: Number.POSITIVE_INFINITY, claimedAt: Number.NEGATIVE_INFINITY }
  const { text, subject } = renderMessage(digestOf([job(infinite), step('songs', infinite)]), PRODUCTION)
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
      const message = renderMessage(digestOf(failures), PRODUCTION)
      expect(faults(message.html)).toEqual([])
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
  expect(renderMessage(digest, PRODUCTION)).toEqual(renderMessage(digest, PRODUCTION))
})
