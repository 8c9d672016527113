import { expect, test } from 'vitest'
import type { Digest } from '../../src/digest.js'
import { renderMessage } from '../../src/render/message.js'
import { at, digestOf, job, PRODUCTION, step } from '../support/jobs.js'
import { elements, faults, links, visible } from './markup.js'

const albums = step('albums', { status: 'done', claimedAt: at('03:00'), finishedAt: at('03:08:12') })
const songs = step('songs', { error: 'songs failed: <urlopen> & "x"\n  it\'s down' })
const newer = step('albums', { chain: '2026-11-23T03:30:00Z', status: 'running' })
const group = Array.from({ length: 12 }, (_, index) => job({ error: `HTTP 50${index % 3}`, attempts: 1 + (index % 2) }))

test.each<[string, Digest]>([
  ['a chain that can be resumed', digestOf([songs], { jobs: [albums, songs] })],
  ['a chain with a newer run', digestOf([songs], { latest: [newer], lastSuccess: albums })],
  ['a chain and groups', digestOf([songs, ...group, job()], {}, { count: 2, oldest: at('00:00') })],
  ['more than fits', digestOf(Array.from({ length: 30 }, (_, index) => job({ source: `s${index}` })))],
])('of %s the HTML has the same facts as the text, in the same order', (_, digest) => {
  const { text, html } = renderMessage(digest, { ...PRODUCTION, environment: 'staging' })
  const urls = text.match(/https:\/\/\S+/g) ?? []
  expect(links(html)).toEqual(expect.arrayContaining(urls.filter((url) => !text.includes(`): ${url}`))))
  const said = text
    .replace(/^ *(?:Open +)?https:\S+$/gm, '')
    .replace(/^Error: /gm, '')
    .replace(/^--$/m, '')
  expect(visible(html).replaceAll('Opentheadminpage', '')).toBe(said.replace(/\s/g, ''))
})

test('everything from the database is escaped', () => {
  const hostile = `</div></td><script>alert(1)</script><img src=x onerror="alert('1')">&amp;`
  const values = { source: hostile, jobType: hostile, targetType: hostile, error: hostile }
  const failures = [
    job(values),
    job({ ...values, error: 'other' }),
    step('songs', { jobType: hostile, error: hostile }),
  ]
  const { html } = renderMessage(digestOf(failures), { ...PRODUCTION, environment: hostile })
  expect(faults(html)).toEqual([])
  expect(elements(html)).not.toContain('script')
  expect(elements(html)).not.toContain('img')
  expect(visible(html)).toContain('<script>alert(1)</script>')
  expect(html).toContain('&amp;amp;')
})

test('markup is well-formed, without images, scripts and style sheets from elsewhere', () => {
  const { html } = renderMessage(digestOf([songs, ...group], { jobs: [albums, songs] }), PRODUCTION)
  expect(html).toMatch(/^<!doctype html>\n<html lang="en">/)
  expect(faults(html)).toEqual([])
  for (const name of ['img', 'script', 'link', 'iframe', 'form']) expect(elements(html)).not.toContain(name)
  expect(html).not.toMatch(/url\(|@import|javascript:/)
})

test('it is one column of at most 640 px, readable in light and dark', () => {
  const { html } = renderMessage(digestOf([songs]), PRODUCTION)
  expect(html).toContain('max-width:640px')
  expect(html).toContain('<meta name="color-scheme" content="light dark">')
  expect(html).toContain('@media (prefers-color-scheme: dark)')
  const dark = /<style>([^<]*)<\/style>/.exec(html)?.[1] ?? ''
  for (const name of ['page', 'block', 'quiet', 'error', 'code', 'failed']) {
    expect(html).toContain(`class="${name}"`)
    expect(dark).toContain(`.${name} {`)
  }
})

test('the preheader is the first line of the first error, and hidden', () => {
  const { html } = renderMessage(digestOf([songs]), PRODUCTION)
  const first = /<div style="display:none[^"]*">([^<]*)<\/div>/.exec(html)?.[1]
  expect(first).toBe('songs failed: &lt;urlopen&gt; &amp; &quot;x&quot;')
  expect(html.indexOf('display:none')).toBeLessThan(html.indexOf('class="page"'))
})

test('the title is the subject, and the environment is named', () => {
  const { html, subject } = renderMessage(digestOf([songs]), { ...PRODUCTION, environment: 'staging' })
  expect(html).toContain(`<title>${subject}</title>`)
  expect(html).toContain('Environment: staging')
  expect(renderMessage(digestOf([songs]), PRODUCTION).html).not.toContain('Environment')
})

test('links lead to the admin pages and nowhere else', () => {
  const { html } = renderMessage(digestOf([songs, job({ error: 'see http://evil.example.com/ and www.evil.com' })]), {
    ...PRODUCTION,
    adminBaseUrl: 'http://localhost:5001/admin',
  })
  expect(links(html)).toContain('http://localhost:5001/admin/apple-music-catalog')
  expect(links(html)).toContain(`http://localhost:5001/admin/research/jobs/${songs.id}`)
  expect(links(html).filter((link) => !link.startsWith('http://localhost:5001/admin/'))).toEqual([])
})
