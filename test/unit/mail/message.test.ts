import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Digest, Fault } from '../../../src/digest/digest.js'
import { type Message, renderMessage } from '../../../src/mail/message.js'
import { redact } from '../../../src/text/redact.js'
import { at, digestOf, job, mailOf, PRODUCTION, reaped, step } from '../../support/jobs.js'
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
function unreadable<Cluster extends { readonly jobs: readonly { readonly id: bigint }[] }>(cluster: Cluster): Cluster {
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
  expect(found).toMatchObject([{ error: expect.any(TypeError), jobIds: [77n] }])
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
  anchor: at('04:00') - 18 * 86_400_000,
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

test('a lapse that is reported again alone is no mail about no job', () => {
  const { text } = mailOf(digestOf([], { lapse }, undefined, { window: { since: 'all', includeAlerted: true } }))
  expect(text).toMatch(/^✗ Apple Music catalog refresh is overdue\n/)
  expect(text).not.toContain('0 jobs')
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
    '✗ Apple Music catalog refresh: songs was reaped, but the refresh finished at',
  ])
  expect(subject).toBe('Apple Music refresh has been overdue since 19 Nov 04:00 UTC, and 1 job failed')
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
  expect(message.html).toMatch(/job 79.*job 78/s)
  expect(message.text).toBe(`✗ 2 jobs failed for good
2 jobs in 1 group, Mon 23 Nov 2026 02:00 UTC.

✗ 2 jobs failed
The details could not be shown. The log of job-alert says why.

  job 79
  job 78
  https://admin.approachnote.com/research/

Also failed:
  spotify/match_song: 2 jobs

--
This mail is about 2 jobs that failed for good since Mon 16 Nov 2026 04:00 UTC
and were not reported before.
Sent by job-alert, Mon 23 Nov 2026 04:00 UTC.
`)
  expect(found.flatMap(({ jobIds }) => jobIds).toSorted()).toEqual([78n, 79n])
})

test('the mail goes although not even its frame can be written', () => {
  const digest = digestOf([job({ id: 78 }), step('songs', { id: 79 })])
  const { message, found } = withFaults({ ...digest, window: null as never })
  expect(message.text).toMatch(/^✗ 2 jobs failed for good\n/)
  expect(message.text).toMatch(/\n--\nSent by job-alert\.\n$/)
  expect(message.text).toContain('job 78')
  expect(found.length).toBeGreaterThan(0)
})

test('what has no section is listed by its job types where it cannot be told apart', () => {
  const failures = Array.from({ length: 25 }, (_, index) => job({ jobType: `type_${index}` }))
  const { message } = withFaults({ ...digestOf(failures), moreChains: null as never })
  expect(message.text).toContain('\n  spotify/type_3: 1 job\n')
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
    { numRuns: 100 },
  )
})

test('the same digest makes the same mail', () => {
  const digest = digestOf([step('songs', { finishedAt: at('03:12') }), job()])
  expect(mailOf(digest)).toEqual(mailOf(digest))
})

test('that there are other variants is said only where some are left out, however many failures there are', () => {
  const failures = (titles: number) =>
    Array.from({ length: 1_200 }, (_, index) => job({ error: `Song not found: ${'ABCDEFGH'[index % titles]} Train` }))
  const also = (titles: number) => mailOf(digestOf(failures(titles))).text.replaceAll(/\s+/g, ' ')
  expect(also(6)).toContain(' also: A (200), B (200), C (200), D (200), E (200) job ')
  expect(also(8)).toContain(' also: A (150), B (150), C (150), D (150), E (150) and others job ')
})
