import { caniemail } from 'caniemail'
import { expect, test } from 'vitest'
import { PALETTE } from '../../../src/mail/elements.js'
import { CASES, mailOfCase } from '../../support/cases.js'
import { digestOf, job, mailOf, PRODUCTION, step } from '../../support/jobs.js'
import { elements, faults, links, visible } from '../../support/markup.js'

const EVERY_CASE = Object.entries(CASES)

test.each(EVERY_CASE)('%s: the HTML has the same facts as the text, in the same order', (_, each) => {
  const { text, html } = mailOfCase(each)
  expect(links(html)).toEqual(expect.arrayContaining(text.match(/(?<=^ {2})https:\/\/admin\S+$/gm) ?? []))
  // A link's label stands on its button, and the jobs of a table have no marks between their facts.
  const said = text
    .replace(/^(Open .+):\n +https:\S+$/gm, '$1')
    .replace(/^ {2}https:\S+$/gm, '')
    .replace(/^Also failed:$/m, 'Also failed')
    .replace(/^--$/m, '')
  const buttons = /Open(?:theadminpage|thisjob|alljobs|alldead[^✗]+?jobs)/g
  expect(visible(html).replace(buttons, '')).toBe(said.replace(/\s/g, '').replace(buttons, ''))
})

test.each(EVERY_CASE)('%s: the HTML is valid, and a screen reader finds its way', (_, each) => {
  const { html, subject } = mailOfCase(each)
  expect(faults(html)).toEqual([])
  expect(html).toMatch(/^<!doctype html>\n<html lang="en">/)
  expect(html).toContain('<title>')
  const headings = elements(html).filter((name) => /^h\d$/.test(name))
  expect(headings[0]).toBe('h1')
  expect(headings.slice(1).every((name) => name === 'h2')).toBe(true)
  for (const table of html.split('<table').slice(1)) expect(table).toMatch(/^[^>]*><thead><tr><th scope="col"/)
  expect(subject.length).toBeLessThanOrEqual(78)
})

/** What some reader lacks, and how the mail is read there all the same. */
const DISPENSABLE = new Set([
  // the light colours stand inline
  '@media',
  '<style> element',
  '<body> element',
  // the preheader is seen
  'display:none',
  'overflow',
  'height property',
  // a very long word makes the column wider
  'overflow-wrap',
  'word-break',
  'white-space',
  // corners are square
  'border-radius',
])

test.each(EVERY_CASE)('%s: nothing is needed that a mail client lacks', (_, each) => {
  const clients = ['apple-mail.*', 'gmail.*', 'outlook.*', 'yahoo.*'] as const
  const { issues } = caniemail({ clients: [...clients], html: mailOfCase(each).html })
  const missing = [...issues.errors.values()].flat().map(({ title }) => title)
  expect([...new Set(missing)].filter((title) => !DISPENSABLE.has(title))).toEqual([])
})

test('there are no images, scripts, fonts or style sheets from elsewhere', () => {
  for (const [, each] of EVERY_CASE) {
    const { html } = mailOfCase(each)
    for (const name of ['img', 'script', 'link', 'iframe', 'form', 'svg']) expect(elements(html)).not.toContain(name)
    expect(html).not.toMatch(/url\(|@import|@font-face|javascript:|src=/)
  }
})

test('everything from the database is escaped', () => {
  const hostile = `</div></td><script>alert(1)</script><img src=x onerror="alert('1')">&amp;`
  const values = { source: hostile, jobType: hostile, targetType: hostile, error: hostile }
  const failures = [
    job(values),
    job({ ...values, error: 'other' }),
    step('songs', { jobType: hostile, error: hostile }),
  ]
  const { html } = mailOf(digestOf(failures), { ...PRODUCTION, environment: hostile })
  expect(faults(html).filter((fault) => !fault.startsWith('long-title'))).toEqual([])
  expect(elements(html)).not.toContain('script')
  expect(elements(html)).not.toContain('img')
  expect(visible(html)).toContain('<script>alert(1)</script>')
  expect(html).toContain('&amp;amp;')
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

test.each(
  Object.entries(PALETTE).flatMap(([tone, { light, dark }]) => [
    [tone, 'light', ...light],
    [tone, 'dark', ...dark],
  ]),
)('%s in %s: %s on %s has a contrast of at least 4.5', (_tone, _scheme, foreground = '', background = '') => {
  expect(contrast(foreground, background)).toBeGreaterThanOrEqual(4.5)
})

test('every colour of the mail is of the palette, and every tone has its dark twin', () => {
  const { html } = mailOfCase(CASES['refresh failed, and others'] as never)
  const known = new Set(Object.values(PALETTE).flatMap(({ light, dark }) => [...light, ...dark] as string[]))
  const [, style = ''] = /<style>([^<]*)<\/style>/.exec(html) ?? []
  for (const [tone, { dark }] of Object.entries(PALETTE)) {
    expect(html).toContain(`class="${tone}"`)
    expect(style).toContain(`.${tone} { color:${dark[0]} !important`)
  }
  const text = html.replace(/border-top:1px solid #\w{6}/g, '')
  expect([...new Set(text.match(/(?<=[: ])#[\da-f]{6}/g))].filter((colour) => !known.has(colour))).toEqual([])
})

test('it is one column of at most 640 px', () => {
  const { html } = mailOf(digestOf([step('songs')]))
  expect(html).toContain('max-width:608px;margin:0 auto;padding:16px')
  expect(html).toContain('<meta name="color-scheme" content="light dark">')
})

test('the preheader is the first line of the leading error, hidden, and nothing runs into it', () => {
  const songs = step('songs', { error: 'songs failed: <urlopen> & "x"\n  it\'s down' })
  const { html } = mailOf(digestOf([job(), songs]))
  const first = /<div style="display:none[^"]*">([^<]*)<\/div>/.exec(html)?.[1]
  expect(first).toMatch(/^songs failed: &lt;urlopen&gt; &amp; &quot;x&quot;(?:&#847;&zwnj;&nbsp;){40}$/)
  expect(html.indexOf('display:none')).toBeLessThan(html.indexOf('class="page"'))
})

test('the preheader of a traceback is its exception', () => {
  const { html } = mailOf(digestOf([job({ error: 'Traceback (most recent call last):\n  File "x"\nKeyError: 1' })]))
  expect(html).toContain('overflow:hidden">KeyError: 1&#847;')
})

test('the title is the subject, and the environment is named', () => {
  const staging = { ...PRODUCTION, environment: 'staging' }
  const { html, subject } = mailOf(digestOf([step('songs')]), staging)
  expect(html).toContain(`<title>${subject}</title>`)
  expect(html).toContain('Environment: staging')
  expect(mailOf(digestOf([step('songs')])).html).not.toContain('Environment')
})

test('links lead to the admin pages and nowhere else', () => {
  const songs = step('songs')
  const failures = [songs, job({ error: 'see http://evil.example.com/ and www.evil.com' })]
  const { html } = mailOf(digestOf(failures), { ...PRODUCTION, adminBaseUrl: 'http://localhost:5001/admin' })
  expect(links(html)).toContain('http://localhost:5001/admin/apple-music-catalog')
  expect(links(html)).toContain(`http://localhost:5001/admin/research/jobs/${songs.id}`)
  expect(links(html).filter((link) => !link.startsWith('http://localhost:5001/admin/'))).toEqual([])
})
