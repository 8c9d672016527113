import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import type { Letter } from '../../../src/mail/letter.js'
import type { List, Row, Section } from '../../../src/mail/section.js'
import { textPart } from '../../../src/mail/text.js'
import { CASES, mailOfCase } from '../../support/cases.js'

const SECTION: Section = { heading: 'spotify/match_song failed' }
const LETTER: Letter = {
  subject: '',
  preheader: '',
  environment: undefined,
  verdict: { word: '1 JOB FAILED', tone: 'failed', leads: 'jobs' },
  sections: [],
  footer: ['the end'],
}

/** The lines of a mail with one section. */
function lines(values: Partial<Section>, letter: Partial<Letter> = {}): readonly string[] {
  return textPart({ ...LETTER, sections: [{ ...SECTION, ...values }], ...letter }).split('\n')
}

const erring = (...all: readonly string[]): Partial<Section> => ({ error: { label: 'Error', lines: all } })
const listing = (rows: readonly Partial<Row>[], values: Partial<List> = {}): Partial<Section> => ({
  lists: [{ ...values, rows: rows.map((row) => ({ facts: [], ...row })) }],
})

/** What is longer than a line may be and holds no URL. */
function tooLong(all: readonly string[], columns = 78): readonly string[] {
  return all.filter((line) => [...line].length > columns && !line.includes('://'))
}

test('lines are folded at spaces, at 78 characters', () => {
  const all = lines(erring('word '.repeat(60).trim()))
  expect(tooLong(all)).toEqual([])
  expect(all).toContain(`    word${' word'.repeat(14)}`)
})

test('a line of 78 characters is left whole', () => {
  const line = `${'x'.repeat(38)} ${'y'.repeat(32)}`
  expect(lines(erring(line))).toContain(`Error: ${line}`)
  expect(lines(erring(`${line}z`))).toContain(`    ${line}z`)
})

test('a word that is longer than a line is broken, and nothing of it is lost', () => {
  const word = Array.from({ length: 500 }, (_, index) => index % 10).join('')
  const all = lines(erring(word))
  expect(tooLong(all)).toEqual([])
  expect(all.map((line) => line.trim()).join('')).toContain(word)
})

test('a URL is never broken', () => {
  const url = `https://example.com/${'path/'.repeat(40)}?q=1`
  expect(lines(erring(`403 for url: ${url} (Forbidden)`))).toContain(`    ${url}`)
})

test.each(['😀', '👩‍👩‍👧', '🏳️‍🌈', '👍🏽', 'e\u0301'])('no %s is torn apart where a line breaks', (character) => {
  const all = lines(erring(character.repeat(100))).filter((line) => line.includes(character))
  expect(all.length).toBeGreaterThan(1)
  expect(all.every((line) => stringWidth(line) <= 78)).toBe(true)
  expect(all.map((line) => line.trim().replaceAll(character, '')).join('')).toBe('')
})

test('an error cannot pass for words or jobs of the mail: it stands further in than both', () => {
  const all = lines(erring('Traceback:', 'What to do', '  https://evil.example.com/', 'job 1  song'))
  expect(all.slice(3, 8)).toEqual([
    'Error:',
    '    Traceback:',
    '    What to do',
    '      https://evil.example.com/',
    '    job 1  song',
  ])
})

test('the steps stand in columns, and wrap when their names are long', () => {
  const songs: Row = { sign: '✗', facts: ['songs', 'failed', '3m 40s', 'job 2'] }
  const other: Row = { sign: '·', facts: ['rebuild_index', 'not started', '', ''] }
  expect(lines({ steps: [songs, other] }).slice(3, 5)).toEqual([
    '  ✗ songs          failed       3m 40s  job 2',
    '  · rebuild_index  not started',
  ])
  const long = lines({ steps: [{ ...songs, facts: ['n'.repeat(60), 'failed', '3m 40s', 'job 1'] }, songs] })
  expect(tooLong(long)).toEqual([])
})

test('columns stand below each other whatever the script', () => {
  const rows = ['曲', 'song', '🎷👩‍🎤'].map((target) => ({ facts: ['job 1', target, '02:00'] }))
  expect(lines(listing(rows)).slice(3, 6)).toEqual([
    '  job 1  曲    02:00',
    '  job 1  song  02:00',
    '  job 1  🎷👩‍🎤  02:00',
  ])
})

test('instructions are numbered, with their code and warning below', () => {
  const todo = [{ text: 'Fix it.' }, { text: 'Run this.', code: 'select 1;\nselect 2;', warning: 'Not that.' }]
  expect(lines({ todo }).slice(3, 9)).toEqual([
    'What to do',
    '  1. Fix it.',
    '  2. Run this.',
    '       select 1;',
    '       select 2;',
    '     Not that.',
  ])
})

test('every kind of line is folded', () => {
  const long = 'word '.repeat(60).trim()
  const section: Section = {
    ...SECTION,
    heading: long,
    sign: '✗',
    lead: [long],
    overview: [{ facts: [long], notes: [long] }],
    error: { label: 'Error', lines: [long, long] },
    todo: [{ text: long, warning: long }],
    ...listing([{ facts: [long, long, long], notes: [long] }], { label: long, more: long }),
  }
  const letter = { ...LETTER, environment: 'staging', sections: [section, section], footer: [long] }
  expect(tooLong(textPart(letter).split('\n'))).toEqual([])
  for (const columns of [40, 60, 100]) {
    const all = textPart(letter, { columns, paint: (_, text) => text }).split('\n')
    expect(tooLong(all, Math.min(columns, 78))).toEqual([])
    expect(Math.max(...all.map(({ length }) => length))).toBeGreaterThan(Math.min(columns, 78) - 5)
  }
})

test('every URL stands on a line of its own, or behind its label where both fit', () => {
  for (const each of Object.values(CASES))
    for (const line of mailOfCase(each).text.split('\n'))
      if (line.includes('://'))
        expect(line).toMatch(/^(?:(?:See the refresh|Retry jobs|Details \(JSON\)): | {2,6})https:\S+$/)
})

test('the verdict, signs and headings carry colour where somebody paints them, and nothing else changes', () => {
  const letter = { ...LETTER, sections: [SECTION, SECTION] }
  const painted = textPart(letter, { columns: 80, paint: (tone, text) => `<${tone}>${text}</${tone}>` })
  expect(painted).toContain('<failed>✗ 1 JOB FAILED</failed>\n')
  expect(painted).toContain('<failed>spotify/match_song failed</failed>\n')
  expect(painted.replace(/<\/?failed>/g, '')).toBe(textPart(letter))
})

test('the text has no no-break spaces, which a terminal would not find', () => {
  for (const each of Object.values(CASES)) expect(mailOfCase(each).text).not.toContain('\u00a0')
})
