import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Digest } from '../../../src/digest/digest.js'
import { type Message, renderMessage } from '../../../src/mail/message.js'
import { redact } from '../../../src/text/redact.js'
import { at, digestOf, job, mailOf, PRODUCTION, step } from '../../support/jobs.js'
import { faults, visible } from '../../support/markup.js'

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
  expect(html.replaceAll('<wbr>', '')).toContain('x… (1,000 more characters)')
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

/** The mail about a digest of which something cannot be read, as with a fault in the code that reads it. */
function plain(digest: Digest, presentation = PRODUCTION): Message {
  const message = renderMessage(digest, presentation)
  expect(message.fault).toBeInstanceOf(TypeError)
  expect(faults(message.html)).toEqual([])
  expect(visible(message.html)).toBe(message.text.replaceAll(/\s/g, ''))
  return message
}

test.each<[string, Partial<Digest>]>([
  ['the groups', { groups: null as never }],
  ['the window', { window: null as never }],
  ['the rows of the refresh', { context: { ...digestOf([]).context, jobs: [null as never] } }],
  ['the time', { now: null as never }],
])('where %s cannot be read a plain mail goes: counts by type, ids, links, and redacted errors', (_, values) => {
  const failures = [
    job({ id: 78 }),
    job({ id: 80 }),
    step('songs', { id: 79, error: 'postgresql://app:hunter2@db timed out' }),
  ]
  const { subject, text } = plain({ ...digestOf(failures), ...values })
  expect(subject).toBe('3 jobs failed')
  expect(text).toContain('✗ 3 jobs failed. The mail could not be laid out: the log of job-alert says why.\n')
  expect(text).toContain('  spotify/match_song: 2\n  apple/refresh_catalog: 1\n')
  expect(text).toContain(
    '  job 79  apple/refresh_catalog: postgresql://[redacted]@db timed out\n    https://admin.approachnote.com/research/jobs/79\n',
  )
  expect(text).toContain('\nJobs: 78, 80, 79\nhttps://admin.approachnote.com/research/\n')
  expect(text).not.toContain('hunter2')
})

test('the plain mail of one failure, and of an overdue refresh alone, have nothing more than this', () => {
  const overdue = { anchor: 0, after: 1 }
  const say = (about: string) => `✗ ${about}. The mail could not be laid out: the log of job-alert says why.`
  const end = 'https://admin.approachnote.com/research/\n'
  const link = '    https://admin.approachnote.com/research/jobs/78'
  const one = plain({ ...digestOf([job({ id: 78, error: 'bad' })], { overdue }), window: null as never })
  expect(one.text).toBe(
    `${say('1 job failed, a refresh is overdue')}\n\n  spotify/match_song: 1\n\n  job 78  spotify/match_song: bad\n${link}\n\nJobs: 78\n${end}`,
  )
  const none = plain({ ...digestOf([], { overdue }), now: null as never })
  expect(none.text).toBe(`${say('a refresh is overdue')}\n\n\n\n${end}`)
})

test.each([
  [500, '1499\n'],
  [501, '1499 …\n'],
])('of %d failures the plain mail has 500 ids, and says when there are more', (count, last) => {
  const failures = Array.from({ length: count }, (_, index) => job({ id: 1_000 + index }))
  expect(plain({ ...digestOf(failures), window: null as never }).text).toContain(`, ${last}`)
})

test('the plain mail goes although not even an error can be shown', () => {
  const error = { toString: () => Symbol('no text') } as never
  const examples = [{ ...job({ id: 78 }), error }]
  expect(plain({ ...digestOf([job({ id: 78 })]), examples, window: null as never }).text).toContain(
    '  job 78  spotify/match_song: (the error could not be shown)',
  )
})

test('the plain mail names the environment, and an overdue refresh', () => {
  const digest = {
    ...digestOf([], { overdue: { anchor: 0, after: 1 } }),
    window: null as never,
    now: null as never,
  }
  expect(plain(digest, { ...PRODUCTION, environment: 'staging' }).subject).toBe('staging: a refresh is overdue')
})

test('what cannot be made small enough goes as the plain mail', () => {
  const { text, fault } = renderMessage(digestOf([job({ id: 78 })]), {
    ...PRODUCTION,
    adminBaseUrl: `https://admin.example.com/${'x'.repeat(100_000)}`,
  })
  expect(fault).toBeInstanceOf(RangeError)
  expect(text).toContain('✗ 1 job failed.')
})

test('the plain mail of a storm is short', () => {
  const failures = Array.from({ length: 3_000 }, (_, id) =>
    job({ id: 10 ** 15 + id, jobType: `type_${id}_${'x'.repeat(80)}` }),
  )
  const { text, html } = plain({ ...digestOf(failures), window: null as never })
  expect(text).toContain('\n  … and 2,700 jobs of further types\n')
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(90_000)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60_000)
})

test.each([
  ['null', { error: null }],
  ['empty', { error: '' }],
  ['blank', { error: ' \n\n ' }],
])('an error that is %s is named as missing', (_, values) => {
  const { text, html } = mailOf(digestOf([job(values)]))
  expect(text).toContain('1 spotify/match_song job: (no error was recorded)')
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
    fc.string({ unit: 'binary', maxLength: 30, size: 'max' }),
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
    { numRuns: 100 },
  )
})

test('the same digest makes the same mail', () => {
  const digest = digestOf([step('songs', { finishedAt: at('03:12') }), job()])
  expect(mailOf(digest)).toEqual(mailOf(digest))
})
