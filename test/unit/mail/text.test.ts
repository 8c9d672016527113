import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import type { Letter } from '../../../src/mail/letter.js'
import type { Section } from '../../../src/mail/section.js'
import { textPart } from '../../../src/mail/text.js'
import { CASES, mailOfCase } from '../../support/cases.js'
import { digestOf, job, mailOf } from '../../support/jobs.js'

const SECTION: Section = {
  headline: 'spotify/match_song failed',
  brief: 'spotify/match_song',
  when: '23 Nov 02:00 UTC',
  summary: 'Failed on the last attempt (5 of 5)',
  verdict: [],
  steps: [],
  error: undefined,
  jobs: [],
  more: undefined,
  outlook: [],
  links: [{ label: 'Open this job', url: 'https://admin.approachnote.com/research/jobs/1' }],
  resume: undefined,
}
const LETTER: Letter = {
  environment: undefined,
  total: undefined,
  action: { label: 'Open all jobs', url: 'https://admin.approachnote.com/research/' },
  overview: [],
  sections: [],
  remainder: [],
  footer: ['the end'],
  faults: [],
}

/** The lines of a mail with one section. */
function lines(values: Partial<Section>, letter: Partial<Letter> = {}): readonly string[] {
  return textPart({ ...LETTER, sections: [{ ...SECTION, ...values }], ...letter }).split('\n')
}

const erring = (...all: readonly string[]): Partial<Section> => ({
  error: { label: 'Error', lines: all, variants: undefined },
})

/** What is longer than a mail's line may be and holds no URL. */
function tooLong(all: readonly string[]): readonly string[] {
  return all.filter((line) => [...line].length > 78 && !line.includes('://'))
}

test('lines are folded at spaces, at 78 characters', () => {
  const all = lines(erring('word '.repeat(60).trim()))
  expect(tooLong(all)).toEqual([])
  expect(all).toContain(`  word${' word'.repeat(14)}`)
})

test('a line of 78 characters is left whole', () => {
  const line = `${'x'.repeat(38)} ${'y'.repeat(32)}`
  expect(lines(erring(line))).toContain(`Error: ${line}`)
  expect(lines(erring(`${line}z`))).toContain(`  ${line}z`)
})

test('a word that is longer than a line is broken, and nothing of it is lost', () => {
  const word = Array.from({ length: 500 }, (_, index) => index % 10).join('')
  const all = lines(erring(word))
  expect(tooLong(all)).toEqual([])
  expect(all.map((line) => line.trim()).join('')).toContain(word)
})

test('a URL is never broken', () => {
  const url = `https://example.com/${'path/'.repeat(40)}?q=1`
  expect(lines(erring(`403 for url: ${url} (Forbidden)`))).toContain(`  ${url}`)
})

test.each(['😀', '👩‍👩‍👧', '🏳️‍🌈', '👍🏽', 'e\u0301'])('no %s is torn apart where a line breaks', (character) => {
  const all = lines(erring(character.repeat(100))).filter((line) => line.includes(character))
  expect(all.length).toBeGreaterThan(1)
  expect(all.every((line) => stringWidth(line) <= 78)).toBe(true)
  expect(all.map((line) => line.trim().replaceAll(character, '')).join('')).toBe('')
})

test('an error cannot pass for words of the mail: its further lines are indented', () => {
  const all = lines(erring('Traceback:', 'Open this job:', '  https://evil.example.com/', 'Resume at songs:'))
  expect(all.slice(3, 7)).toEqual([
    'Error: Traceback:',
    '    Open this job:',
    '      https://evil.example.com/',
    '    Resume at songs:',
  ])
})

test('what varies stands below the error', () => {
  const error = { label: '9 errors such as', lines: ['not found: So What'], variants: 'also: Naima (3)' }
  expect(lines({ error }).slice(3, 5)).toEqual(['9 errors such as: not found: So What', '  also: Naima (3)'])
})

test('the steps stand in columns, and wrap when their names are long', () => {
  const stepLine = {
    mark: '✗',
    name: 'songs',
    state: 'dead',
    duration: '3m 40s',
    job: 'job 2',
    note: 'attempt 1 of 1',
    link: undefined,
  } as const
  const other = {
    ...stepLine,
    mark: '·',
    name: 'rebuild_index',
    state: 'not started',
    duration: '',
    job: '',
    note: '',
  } as const
  expect(lines({ steps: [stepLine, other] }).slice(3, 5)).toEqual([
    '  ✗ songs          dead         3m 40s  job 2  attempt 1 of 1',
    '  · rebuild_index  not started',
  ])
  const long = lines({ steps: [{ ...stepLine, name: 'n'.repeat(60) }, { ...stepLine }] })
  expect(tooLong(long)).toEqual([])
  for (const length of [37, 38, 39, 40])
    expect(tooLong(lines({ steps: [{ ...stepLine, name: 'n'.repeat(length) }] }))).toEqual([])
})

test('columns stand below each other whatever the script', () => {
  const jobs = ['曲', 'song', '🎷👩‍🎤'].map((target) => ({
    facts: ['job 1', target, '02:00 UTC'],
    notes: [],
    link: '',
  }))
  expect(lines({ jobs }).slice(3, 6)).toEqual([
    '  job 1  曲    02:00 UTC',
    '  job 1  song  02:00 UTC',
    '  job 1  🎷👩‍🎤  02:00 UTC',
  ])
})

test('every kind of line is folded', () => {
  const long = 'word '.repeat(60).trim()
  const all = lines(
    {
      headline: long,
      summary: long,
      error: { label: 'Error', lines: [long, long], variants: long },
      outlook: [long],
      jobs: [{ facts: [long, long, long], notes: [long], link: 'https://example.com/' }],
      more: long,
      resume: { introduction: long, statement: 'select 1' },
    },
    {
      environment: 'staging',
      total: { headline: long, summary: long },
      overview: [[long, long]],
      remainder: [long],
      footer: [long],
    },
  )
  expect(tooLong(all)).toEqual([])
})

test('the environment is the first line, if there is one', () => {
  expect(lines({}, { environment: 'staging' })[0]).toBe('Environment: staging')
  expect(lines({})[0]).toBe('✗ spotify/match_song failed')
})

test('every URL stands on a line of its own', () => {
  for (const each of Object.values(CASES))
    for (const line of mailOfCase(each).text.split('\n'))
      if (line.includes('://')) expect(line.trim()).toMatch(/^https:\S+$/)
})

test('marks and headlines carry colour where somebody paints them, and nothing else changes', () => {
  const painted = textPart({ ...LETTER, sections: [SECTION] }, (tone, text) => `<${tone}>${text}</${tone}>`)
  expect(painted).toContain('<failed>✗ spotify/match_song failed</failed>\n')
  expect(painted.replace(/<\/?failed>/g, '')).toBe(textPart({ ...LETTER, sections: [SECTION] }))
})

test('the footer says what is older, and how to report it', () => {
  const { text } = mailOf(digestOf([job()], {}, { count: 2, oldest: Date.UTC(2026, 9, 1, 5, 6, 7) }))
  const flowing = text.replace(/\n/g, ' ')
  expect(flowing).toContain('2 older failures have never been reported, the oldest from Thu 1 Oct 2026 05:06 UTC.')
  expect(flowing).toContain('To report them:   node bin/job-alert.js digest --since 2026-10-01T05:06Z')
})

test.each([
  [Number.NEGATIVE_INFINITY, 'all'],
  [Date.UTC(1960, 0), '1960-01-01T00:00Z'],
  [-62_200_000_000_000, 'all'],
  [null, 'all'],
])('an oldest failure of %s is reported with a --since that reaches it', (oldest, since) => {
  const { text } = mailOf(digestOf([job()], {}, { count: 1, oldest }))
  expect(text.replace(/\n/g, ' ')).toMatch(
    /1 older failure, from .*, has never been reported. To report it: {3}node bin\/job-alert.js digest --since (\S+) /,
  )
  expect(text).toContain(`--since ${since}\n`)
})
