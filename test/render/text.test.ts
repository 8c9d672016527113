import { expect, test } from 'vitest'
import type { Block, Letter } from '../../src/render/letter.js'
import { renderMessage } from '../../src/render/message.js'
import { textPart } from '../../src/render/text.js'
import { at, digestOf, job, PRODUCTION, step } from '../support/jobs.js'

const BLOCK: Block = {
  headline: 'spotify/match_song failed',
  summary: 'retries used up (5 of 5)',
  ladder: [],
  error: undefined,
  entries: [],
  remainder: undefined,
  outlook: [],
  link: 'https://admin.approachnote.com/research/',
  resume: undefined,
}

/** The lines of a mail with one block. */
function lines(values: Partial<Block>, letter: Partial<Letter> = {}): readonly string[] {
  return textPart({ environment: undefined, blocks: [{ ...BLOCK, ...values }], footer: ['the end'], ...letter }).split(
    '\n',
  )
}

/** What is longer than a mail's line may be and holds no URL. */
function tooLong(all: readonly string[]): readonly string[] {
  return all.filter((line) => [...line].length > 78 && !line.includes('://'))
}

test('lines are folded at spaces, at 78 characters', () => {
  const all = lines({ error: 'word '.repeat(60) })
  expect(tooLong(all)).toEqual([])
  expect(all).toContain(`Error:${' word'.repeat(14)}`)
})

test('a line of 78 characters is left whole', () => {
  const line = `${'x'.repeat(38)} ${'y'.repeat(32)}`
  expect(lines({ error: line })).toContain(`Error: ${line}`)
})

test('a word that is longer than a line is broken, and nothing of it is lost', () => {
  const word = Array.from({ length: 500 }, (_, index) => index % 10).join('')
  const all = lines({ error: word })
  expect(tooLong(all)).toEqual([])
  expect(all.join('')).toContain(word)
})

test('a URL is never broken', () => {
  const url = `https://example.com/${'path/'.repeat(40)}?q=1`
  expect(lines({ error: `403 for url: ${url} (Forbidden)` })).toContain(url)
})

test.each(['😀', '👩‍👩‍👧', '🏳️‍🌈', '👍🏽', 'e\u0301'])('no %s is torn apart where a line breaks', (character) => {
  const all = lines({ error: character.repeat(100) }).filter((line) => line.includes(character))
  expect(all.length).toBeGreaterThan(1)
  expect(all.every((line) => line.length <= 78)).toBe(true)
  expect(all.map((line) => line.replace(/^Error: /, '').replaceAll(character, '')).join('')).toBe('')
})

test('the lines of an error stay lines, with their indentation', () => {
  const all = lines({ error: 'Traceback:\n  File "x.py"\n    raise X' })
  expect(all.slice(3, 6)).toEqual(['Error: Traceback:', '  File "x.py"', '    raise X'])
})

test('the ladder stands in columns, and wraps when its names are long', () => {
  const rung = {
    mark: '✗',
    name: 'songs',
    state: 'dead',
    duration: '3m 40s',
    job: 'job 2',
    note: 'attempt 1 of 1',
    link: undefined,
  } as const
  const other = {
    ...rung,
    mark: '·',
    name: 'rebuild_index',
    state: 'not started',
    duration: '',
    job: '',
    note: '',
  } as const
  expect(lines({ ladder: [rung, other] }).slice(3, 5)).toEqual([
    '  ✗ songs          dead         3m 40s  job 2  attempt 1 of 1',
    '  · rebuild_index  not started',
  ])
  const long = lines({ ladder: [{ ...rung, name: 'n'.repeat(60) }, { ...rung }] })
  expect(tooLong(long)).toEqual([])
  expect(long).toContain('  ✗ songs                     dead  3m 40s  job 2  attempt 1 of 1')
})

test('every kind of line is folded', () => {
  const long = 'word '.repeat(60).trim()
  const letter = { environment: 'staging', footer: [long] }
  const all = lines(
    {
      headline: long,
      summary: long,
      error: long,
      outlook: [long],
      entries: [{ facts: [long, long], link: 'https://example.com/', error: long }],
      resume: { introduction: long, statement: 'select 1' },
    },
    letter,
  )
  expect(tooLong(all)).toEqual([])
})

test('the environment is the first line, if there is one', () => {
  expect(lines({}, { environment: 'staging' })[0]).toBe('Environment: staging')
  expect(lines({})[0]).toBe('✗ spotify/match_song failed')
})

test('the mail about a failed chain says all that is needed', () => {
  const albums = step('albums', { id: 4_101, status: 'done', claimedAt: at('03:00'), finishedAt: at('03:08:12') })
  const songs = step('songs', { id: 4_102 })
  const lastSuccess = step('rebuild_index', { status: 'done', finishedAt: Date.UTC(2026, 10, 16, 1, 40) })
  const { text } = renderMessage(digestOf([songs], { jobs: [albums, songs], lastSuccess }), PRODUCTION)
  expect(text).toContain(`✗ Apple Music catalog refresh failed at songs
Started Mon 23 Nov 2026 03:00 UTC, failed 03:12 UTC (48 min ago)

  ✓ albums         done         8m 12s  job 4101
  ✗ songs          dead         3m 40s  job 4102  attempt 1 of 1
  · artists        not started
  · rebuild_index  not started

Error: songs failed: Read timed out.
`)
  expect(text).toContain('apple/refresh_catalog  catalog 11111111-1111-1111-1111-bbbbbbbbbbbb\n')
  expect(text).toContain('failed on its only attempt (1 of 1)\n')
  expect(text.replace(/\n/g, ' ')).toContain('last successful refresh: Mon 16 Nov 2026 01:40 UTC, 7 days ago.')
  expect(text).toContain('https://admin.approachnote.com/apple-music-catalog\n')
  expect(text).toContain('Resume at songs (keeps albums; does nothing unless job 4102 is still dead):\n')
  expect(text).toMatch(
    /update research_jobs\n +set status = 'queued', attempts = 0, .*\n.*\n +where id = 4102 and status = 'dead';/,
  )
})

test('the mail about a group says all that is needed', () => {
  const jobs = Array.from({ length: 12 }, (_, index) =>
    job({ id: 5_001 + index, error: `HTTP 50${index % 3}`, finishedAt: at('02:10') + index * 60_000 }),
  )
  const { text } = renderMessage(digestOf(jobs), PRODUCTION)
  expect(text).toContain('✗ 12 spotify/match_song jobs failed\n')
  expect(text.replace(/\n/g, ' ')).toContain('retries used up (5 of 5), Mon 23 Nov 2026 02:10 UTC to 02:21 UTC')
  expect(text).toContain('Error: HTTP 502\n')
  expect(text).toContain('  job 5012  song b6dbaa0a-d65b-416c-8766-9ac315aad39b  02:21 UTC\n')
  expect(text).toContain('  https://admin.approachnote.com/research/jobs/5012\n')
  expect(text).not.toContain('job 5002 ')
  expect(text).toContain('  … and 2 more jobs\n')
  expect(text).toContain('HTTP 501\n')
})

test('how each job died is said where they did not die alike', () => {
  const { text } = renderMessage(digestOf([job(), job({ attempts: 1, claimedAt: null })]), PRODUCTION)
  expect(text).toContain('retries used up (5 of 5)')
  expect(text).toContain('closed while waiting for a retry (an admin cancel?) after attempt 1 of 5')
})

test.each([
  [
    'succeeded',
    { status: 'done', finishedAt: at('03:50') },
    'rebuild_index',
    'has succeeded since (Mon 23 Nov 2026 03:50 UTC)',
  ],
  ['running', { status: 'running', finishedAt: null }, 'artists', 'is running at artists'],
  ['queued', { status: 'queued', finishedAt: null }, 'songs', 'is waiting in the queue at songs'],
  ['failed', {}, 'songs', 'failed as well, at songs'],
] as const)('a newer run that has %s is told, and nothing is resumed', (_, values, name, words) => {
  const latest = [step(name, { chain: '2026-11-23T03:30:00Z', ...values })]
  const { text } = renderMessage(digestOf([step('songs')], { latest }), PRODUCTION)
  const flowing = text.replace(/\n/g, ' ')
  expect(flowing).toContain('A newer refresh, started Mon 23 Nov 2026 03:30 UTC,')
  expect(flowing).toContain(words)
  expect(text).not.toContain('update research_jobs')
})

test('the footer says what is not shown, what is older, and how to report it', () => {
  const groups = Array.from({ length: 23 }, (_, index) => job({ source: `s${index}` }))
  const { text } = renderMessage(digestOf(groups, {}, { count: 2, oldest: Date.UTC(2026, 9, 1, 5, 6, 7) }), PRODUCTION)
  const flowing = text.replace(/\n/g, ' ')
  expect(flowing).toContain('… and 3 more groups (3 jobs): https://admin.approachnote.com/research/')
  expect(flowing).toContain('2 older failures have never been reported, the oldest of Thu 1 Oct 2026 05:06 UTC.')
  expect(flowing).toContain('job-alert digest --since 2026-10-01T05:06Z')
})

test.each([
  [Number.NEGATIVE_INFINITY, '1970-01-01T00:00Z'],
  [Date.UTC(1960, 0), '1970-01-01T00:00Z'],
  [null, '1970-01-01T00:00Z'],
])('an oldest failure of %s is reported with a --since that is accepted', (oldest, since) => {
  const { text } = renderMessage(digestOf([job()], {}, { count: 1, oldest }), PRODUCTION)
  expect(text.replace(/\n/g, ' ')).toContain(`1 older failure has never been reported`)
  expect(text).toContain(since)
})
