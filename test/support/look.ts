import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CASES, mailOfCase } from './cases.js'
import { temporaryFolder } from './folder.js'

/**
 * `npm run look`: every mail of test/mails in headless Chromium, on three widths, light and dark. Measures what
 * overflows and what has too little contrast, and leaves a picture of each in the folder that it names.
 */
const CHROMIUM = process.env.CHROMIUM ?? 'chromium'
const WIDTHS = [360, 700, 1_024]
const SCHEMES = { light: 1, dark: 0 } as const
const LEAST_CONTRAST = 4.5

/** Runs in the page: what is wrong with the mail of each frame. */
const MEASURE = `
  const channel = (value) => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 }
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number)
  const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05) }
  const background = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgb(each.ownerDocument.defaultView.getComputedStyle(each).backgroundColor)
      if (colour.length === 3 || colour[3] > 0) return colour
    }
    return [255, 255, 255]
  }
  window.addEventListener('load', () => {
    const found = []
    for (const frame of document.querySelectorAll('iframe')) {
      const { body, documentElement, defaultView } = frame.contentDocument
      const wide = documentElement.scrollWidth - frame.clientWidth
      if (wide > 0) found.push(frame.name + ': ' + wide + ' px too wide')
      for (const element of body.querySelectorAll('*')) {
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')
        const style = defaultView.getComputedStyle(element)
        if (!text || element.getClientRects().length === 0) continue
        const ratio = contrast(rgb(style.color), background(element))
        if (ratio < ${LEAST_CONTRAST}) found.push(frame.name + ': contrast ' + ratio.toFixed(2) + ' of ' + element.textContent.slice(0, 40))
      }
    }
    document.title = 'measured'
    document.getElementById('found').textContent = JSON.stringify([...new Set(found)])
  })`

function chromium(...args: readonly string[]): string {
  const profile = temporaryFolder('chromium')
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run']
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic']
  const { status, stdout, error } = spawnSync(CHROMIUM, [...flags, ...quiet, `--user-data-dir=${profile}`, ...args], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  rmSync(profile, { recursive: true, force: true })
  if (status !== 0)
    throw new Error(`${CHROMIUM} cannot be run (${error?.message ?? status}): install it, or name it in CHROMIUM`)
  return stdout
}

function attribute(html: string): string {
  return html.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}

function frame(name: string, html: string, width: number, height: number): string {
  return `<iframe name="${name} at ${width} px" srcdoc="${attribute(html)}" style="border:0;width:${width}px;height:${height}px"></iframe>`
}

function page(folder: string, body: string): string {
  const file = join(folder, 'page.html')
  writeFileSync(file, `<!doctype html><meta charset="utf-8"><body style="margin:0">${body}`)
  return `file://${file}`
}

/** Takes a picture of the HTML as a reader of that width and scheme sees it. */
export function picture(html: string, path: string, width: number, height: number, scheme: keyof typeof SCHEMES): void {
  const folder = temporaryFolder('look')
  chromium(
    `--screenshot=${path}`,
    `--window-size=${width},${height}`,
    '--force-device-scale-factor=1',
    `--blink-settings=preferredColorScheme=${SCHEMES[scheme]}`,
    page(folder, frame('mail', html, width, height)),
  )
  rmSync(folder, { recursive: true })
}

function measured(folder: string, scheme: keyof typeof SCHEMES): readonly string[] {
  const frames = Object.entries(CASES).flatMap(([name, each]) => {
    const { html } = mailOfCase(each)
    return WIDTHS.map((width) => frame(`${name}, ${scheme}`, html, width, 800))
  })
  const dom = chromium(
    '--dump-dom',
    '--virtual-time-budget=20000',
    `--blink-settings=preferredColorScheme=${SCHEMES[scheme]}`,
    page(folder, `<pre id="found"></pre><script>${MEASURE}</script>${frames.join('')}`),
  )
  const [, found] = /<pre id="found">([^<]*)<\/pre>/.exec(dom) ?? []
  if (!found) throw new Error('nothing was measured')
  return JSON.parse(found)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = mkdtempSync(join(tmpdir(), 'job-alert-mails-'))
  const faults = (['light', 'dark'] as const).flatMap((scheme) => measured(folder, scheme))
  for (const fault of faults) console.log(fault)
  const only = process.argv[2]
  for (const [name, each] of Object.entries(CASES).filter(([name]) => !only || name.includes(only))) {
    const pictures = join(folder, name.replaceAll(/\W+/g, '-'))
    mkdirSync(pictures)
    for (const width of WIDTHS)
      for (const scheme of ['light', 'dark'] as const)
        picture(
          mailOfCase(each).html,
          join(pictures, `${width}-${scheme}.png`),
          width,
          width < 640 ? 800 : 1_000,
          scheme,
        )
  }
  console.log(`${faults.length === 0 ? 'Nothing overflows or has too little contrast. ' : ''}Pictures: ${folder}`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
