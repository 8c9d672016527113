import { caniemail } from 'caniemail'
import { expect, test } from 'vitest'
import { html, PALETTE } from '../../../src/mail/markup.js'
import { CASES, mailOfCase } from '../../support/cases.js'
import { digestOf, job, mailOf, PRODUCTION, step } from '../../support/jobs.js'
import { elements, faults, links, visible } from '../../support/markup.js'

const EVERY_CASE = Object.entries(CASES).map(([name, each]) => [name, mailOfCase(each)] as const)

test.each(EVERY_CASE)('%s: the HTML has the same facts as the text, in the same order', (_, { text, html: page }) => {
  const urls = text.match(/https:\/\/admin\S+$/gm) ?? []
  expect(links(page)).toEqual(expect.arrayContaining(urls))
  // Links stand behind words, and headings need no marks.
  const said = text
    .replace(/^((?:See the refresh|Retry jobs|Details \(JSON\))):\s+https:\S+$/gm, '$1')
    .replace(/^ {4}https:\S+$/gm, '')
    .replace(/\n\n[✗✓] /g, '\n\n')
    .replace(/^--$/m, '')
  expect(visible(page)).toBe(said.replace(/\s/g, ''))
})

test.each(EVERY_CASE)('%s: the HTML is valid, and a screen reader finds its way', (_, { html: page }) => {
  expect(faults(page)).toEqual([])
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
  const headings = elements(page).filter((name) => /^h\d$/.test(name))
  expect(headings[0]).toBe('h1')
  expect(headings.filter((name) => name === 'h1')).toHaveLength(1)
  // A table is either for the layout, or its rows have heads.
  for (const table of page.split('<table').slice(1))
    expect(table).toMatch(/^[^>]*role="presentation"|<th [^>]*scope="row"/)
  for (const mark of page.match(/[^>]*>[✓✗·…](?=<)/g) ?? []) expect(mark).toContain('aria-hidden="true"')
})

test.each(EVERY_CASE)(
  '%s: links of one label that lead elsewhere are told apart by what is read out',
  (_, { html: page }) => {
    const found = [...page.matchAll(/<a [^>]*?href="([^"]*)"(?: aria-label="([^"]*)")?[^>]*>(.*?)<\/a>/g)]
    const targets = new Map<string, string>()
    for (const [, url = '', label, text = ''] of found) {
      const name = label ?? text
      expect(targets.get(name) ?? url).toBe(url)
      targets.set(name, url)
    }
  },
)

/** What some readers lack, and why the mail does without it there. */
const LACKED: Readonly<Record<string, string>> = {
  '@media': 'the light colours stand inline',
  '<style> element': 'the light colours stand inline',
  'Type selector': 'the light colours stand inline',
  'Attribute selector': 'a phone may turn times and numbers into links',
  '<body> element': 'the outer table has the same background',
  'display:none': 'the preheader is seen',
  overflow: 'the preheader is seen',
  'height property': 'there is none: the library finds it in line-height and max-height',
  'overflow-wrap': 'a very long word breaks at its <wbr>, or makes the column wider',
  'word-break': 'a very long word breaks at its <wbr>, or makes the column wider',
  '<wbr> element': 'a very long word makes the column wider',
  'white-space': 'a time may break',
  'border-radius': 'corners are square',
  'letter-spacing': 'letters stand closer',
  'max-width': 'the column is as wide as the window',
  'role attribute': 'a screen reader counts the cells of the layout',
  'aria-hidden attribute': 'a screen reader reads the mark',
  'aria-label attribute': 'a screen reader reads the label alone',
}

/** What some readers have only in part: the parts that are used here they have. */
const IN_PART: Readonly<Record<string, string>> = {
  '!important keyword': 'lower case, in the style sheet',
  'align attribute': 'centre',
  background: 'one colour',
  border: 'at most 4 px, on cells',
  'dir attribute': 'auto, on cells',
  display: 'none, on a block without tables',
  'font-size': 'pixels',
  'font-weight': 'bold and normal',
  'lang attribute': 'on the page',
  'line-height': 'numbers, and pixels with mso-line-height-rule',
  margin: 'no negative or automatic one, on paragraphs and headings; on tables it may be lost',
  padding: 'on cells',
  'text-align': 'left',
  'text-decoration': 'one value',
  'width property': 'on tables and cells',
}

test.each(EVERY_CASE)(
  '%s: nothing is needed that a mail client lacks, or the part of it that it lacks',
  (_, { html: page }) => {
    const clients = ['apple-mail.*', 'gmail.*', 'outlook.*', 'yahoo.*'] as const
    const { issues } = caniemail({ clients: [...clients], html: page })
    const unexcused = (found: typeof issues.errors, excuses: Readonly<Record<string, string>>) =>
      [...new Set([...found.values()].flat().map(({ title }) => title))].filter((title) => !(title in excuses))
    expect(unexcused(issues.errors, LACKED)).toEqual([])
    expect(unexcused(issues.warnings, { ...LACKED, ...IN_PART })).toEqual([])
  },
)

test('there are no images, scripts, fonts or style sheets from elsewhere, and nothing that Word does not wrap', () => {
  for (const [, { html: page }] of EVERY_CASE) {
    for (const name of ['img', 'script', 'link', 'iframe', 'form', 'svg', 'pre'])
      expect(elements(page)).not.toContain(name)
    expect(page).not.toMatch(/url\(|@import|@font-face|javascript:|src=/)
  }
})

test('every text in a template is escaped, and only HTML made by a template is not', () => {
  const inner = html`<b>${'<i>'}</b>`
  expect(html`<p title="${'"\''}">${inner}${'a&b'}${false}${undefined}${[inner, '<']}</p>`.source).toBe(
    '<p title="&quot;&#39;"><b>&lt;i&gt;</b>a&amp;b<b>&lt;i&gt;</b>&lt;</p>',
  )
})

test('everything from the database is escaped', () => {
  const hostile = `</div></td><script>alert(1)</script><img src=x onerror="alert('1')">&amp;`
  const values = { source: hostile, jobType: hostile, targetType: hostile, error: hostile }
  const failures = [
    job(values),
    job({ ...values, error: `other ${hostile}` }),
    job({ ...values, chain: '2026-11-23T03:00:00Z' }),
    step('songs', { error: hostile }),
  ]
  const { html: page } = mailOf(digestOf(failures), { ...PRODUCTION, environment: hostile })
  expect(faults(page)).toEqual([])
  expect(elements(page)).not.toContain('script')
  expect(elements(page)).not.toContain('img')
  expect(visible(page)).toContain('<script>alert(1)</script>')
  expect(page).toContain('&amp;amp;')
})

/** WCAG 2.1: the ratio of the luminances of two colours, from 1 to 21. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
      const value = Number.parseInt(colour.slice(start, start + 2), 16) / 255
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

test('black on white has a contrast of 21', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
})

const TEXTS = [
  ...(['ink', 'quiet', 'failed', 'done', 'link', 'warning'] as const).map((name) => [name, 'card'] as const),
  ['quiet', 'page'],
  ['error', 'errorFill'],
  ['ink', 'codeFill'],
  ['buttonInk', 'button'],
] as const

test.each(TEXTS)('%s on %s has a contrast of at least 4.5, in light and in dark', (text, ground) => {
  for (const scheme of [0, 1])
    expect(contrast(`${PALETTE[text][scheme]}`, `${PALETTE[ground][scheme]}`)).toBeGreaterThanOrEqual(4.5)
})

test('every colour of the mail is of the palette, and each that stands inline has its dark twin', () => {
  const { html: page } = mailOfCase(CASES['refresh failed, and others'] as never)
  const known = new Set(Object.values(PALETTE).flat() as string[])
  expect([...new Set(page.match(/(?<=[: ])#[\da-f]{6}/g))].filter((colour) => !known.has(colour))).toEqual([])
  const [, sheet = ''] = /<style>([^<]*)<\/style>/.exec(page) ?? []
  for (const [, name, classes = ''] of page.matchAll(/<(\w+)(?: class="([^"]*)")?[^>]*style="[^"]*#/g)) {
    const dark = [`${name}`, ...classes.split(' ').map((each) => `.${each}`)].filter((selector) =>
      sheet.includes(` ${selector} {`),
    )
    expect(dark, page).not.toEqual([])
  }
})

test('it is one column of at most 640 px, in one outer table', () => {
  const { html: page } = mailOf(digestOf([step('songs')]))
  expect(page).toContain('max-width:640px')
  expect(page).toContain('<meta name="color-scheme" content="light dark">')
  expect(page).toContain('<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">')
})

test('errors keep their indentation, and their direction is their own', () => {
  const { html: page } = mailOf(digestOf([job({ error: 'HTTP 503\n  body: busy' })]))
  expect(page).toMatch(/<td [^>]*dir="auto">HTTP 503<br>\u00a0\u00a0body: busy<\/td>/)
})

test('lines of the resuming statement fit on a phone, and have no indentation that psql would refuse', () => {
  const { html: page, text } = mailOf(digestOf([step('songs', { id: 9_223_372_036_854_775_807n })]))
  const [, code = ''] = /class="code"[^>]*>(.*?)<\/td>/.exec(page) ?? []
  const lines = code.replaceAll('<wbr>', '').replaceAll('&#39;', "'").split('<br>')
  expect(lines.filter((line) => line.length > 34 || /^\s|\u00a0/.test(line))).toEqual([])
  expect(text.replaceAll(/\n +/g, '\n')).toContain(lines.join('\n'))
})

test('long words may break behind "/" and "_"', () => {
  const { html: page } = mailOf(digestOf([job({ source: 'musicbrainz', jobType: 'backfill_release_label' })]))
  expect(page).toContain('musicbrainz/<wbr>backfill_<wbr>release_<wbr>label')
})

test('a free cell says that the step was not started', () => {
  const { html: page } = mailOf(digestOf([step('songs')]))
  expect(page).toMatch(/<th [^>]*scope="row">.* artists<\/th><td [^>]*colspan="3">not started<\/td>/)
})

test('the preheader is hidden, stands before everything else, and nothing runs into it', () => {
  const { html: page } = mailOf(digestOf([step('songs', { error: 'songs failed: <urlopen> & "x"' })]))
  const first = /<body[^>]*>\s*<div style="display:none[^"]*">([^<]*)<\/div>/.exec(page)?.[1]
  expect(first).toMatch(/^songs failed: &lt;urlopen&gt; &amp; &quot;x&quot;(?:&#847;&zwnj;&nbsp;){40}$/)
})

test('the title is the subject', () => {
  const { html: page, subject } = mailOf(digestOf([step('songs')]))
  expect(page).toContain(`<title>${subject}</title>`)
})

test('links lead to the admin pages and nowhere else', () => {
  const songs = step('songs')
  const failures = [songs, job({ error: 'see http://evil.example.com/ and www.evil.com' })]
  const { html: page } = mailOf(digestOf(failures), { ...PRODUCTION, adminBaseUrl: 'http://localhost:5001/admin' })
  for (const path of ['apple-music-catalog', 'research/', `research/jobs/${songs.id}`])
    expect(links(page)).toContain(`http://localhost:5001/admin/${path}`)
  expect(links(page).filter((link) => !link.startsWith('http://localhost:5001/admin/'))).toEqual([])
})

test('the three links have one name each, the same in every mail', () => {
  const labels = EVERY_CASE.flatMap(([, { html: page }]) =>
    [...page.matchAll(/<a [^>]*>(.*?)<\/a>/g)].map(([, text]) => text),
  )
  const named = labels.filter((label) => !/^job \d+$|^\d+ .* jobs?$/.test(`${label}`.replaceAll('<wbr>', '')))
  expect([...new Set(named)].toSorted()).toEqual(['Details (JSON)', 'Retry jobs', 'See the refresh'])
})
