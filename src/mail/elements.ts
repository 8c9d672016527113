/** Foreground and background of each tone, in light and in dark; their contrast is held to 4.5:1 by a test. */
export const PALETTE = {
  page: { light: ['#1b1f24', '#ffffff'], dark: ['#e6e6e6', '#16181c'] },
  quiet: { light: ['#57606a', '#ffffff'], dark: ['#a8b0bb', '#16181c'] },
  failed: { light: ['#b3261e', '#ffffff'], dark: ['#ff8a7a', '#16181c'] },
  done: { light: ['#1a7331', '#ffffff'], dark: ['#7fd18b', '#16181c'] },
  link: { light: ['#0b57d0', '#ffffff'], dark: ['#8ab4f8', '#16181c'] },
  error: { light: ['#7a1c12', '#fdeeec'], dark: ['#ffb4a8', '#2b1d1d'] },
  code: { light: ['#1b1f24', '#f2f4f7'], dark: ['#e6e6e6', '#23272e'] },
  button: { light: ['#ffffff', '#0b57d0'], dark: ['#101418', '#8ab4f8'] },
} as const
export type Tone = keyof typeof PALETTE

/** Tones that bring a background of their own; the others stand on the page's. */
const FILLED: ReadonlySet<Tone> = new Set(['page', 'error', 'code', 'button'])

/** Mail clients strip style sheets at will: colours stand inline, and only the dark ones in a media query. */
export const DARK = Object.entries(PALETTE)
  .map(([tone, { dark }]) => `.${tone} { ${colours(tone as Tone, dark, ' !important')} }`)
  .join('\n    ')

export const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const MONO = "font-family:Menlo,Consolas,'DejaVu Sans Mono',monospace"
export const WRAP = 'overflow-wrap:anywhere;word-break:break-word'
const SHORT_CELL = 20
/** Invisible characters behind the preheader, or a reader's list would go on with the mail's own first words. */
export const PADDING = '&#847;&zwnj;&nbsp;'.repeat(40)

/* What is called text or label is escaped here; html, mark and prefix stand as they are. */

export function heading(level: 1 | 2, text: string, mark = `${toned('failed', '✗')} `): string {
  const size = level === 1 ? 'margin:0 0 4px;font-size:20px' : 'margin:28px 0 4px;font-size:17px'
  return `<h${level} style="${size};line-height:1.3">${mark}${escaped(text)}</h${level}>`
}

/** Keeps a short cell on one line, where the mail's own rule would break any word to save room. */
export function whole(text: string, html: string): string {
  return text.length > SHORT_CELL ? html : `<span style="white-space:nowrap">${html}</span>`
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (name: 'td' | 'th', attributes: string, html: string): string =>
    `<${name}${attributes} style="padding:3px 10px 3px 0${name === 'th' ? ';text-align:left;font-weight:normal' : ''}">${html}</${name}>`
  const head = heads.map((text) => cell('th', ' scope="col"', whole(text, toned('quiet', text)))).join('')
  // A row of one cell is about the row above.
  const body = rows.map((row) => {
    const span = row.length === 1 ? ` colspan="${heads.length}"` : ''
    return `\n<tr>${row.map((html) => cell('td', span, html)).join('')}</tr>`
  })
  return `<table style="border-collapse:collapse;margin:8px 0 12px;font-size:14px"><thead><tr>${head}</tr></thead><tbody style="vertical-align:top">${body.join('')}</tbody></table>`
}

export function preformatted(name: Tone, text: string): string {
  return `<pre${tone(name, `margin:4px 0 8px;padding:8px 10px;${MONO};font-size:13px;white-space:pre-wrap;${WRAP}`)}>${escaped(text)}</pre>`
}

export function paragraph(text: string, name?: Tone, prefix = ''): string {
  return `<p${name ? tone(name, 'margin:8px 0') : ' style="margin:8px 0"'}>${prefix}${escaped(text)}</p>`
}

export function anchor(url: string, html: string): string {
  return `<a href="${escaped(url)}"${tone('link', '')}>${html}</a>`
}

/** A link that looks like a button. */
export function filled(url: string, label: string): string {
  const style = 'display:inline-block;padding:10px 16px;border-radius:6px;font-weight:600;text-decoration:none'
  return `<a href="${escaped(url)}"${tone('button', style)}>${escaped(label)}</a>`
}

export function toned(name: Tone, html: string): string {
  return `<span${tone(name, '')}>${html}</span>`
}

/** Class and style of an element in that tone. */
export function tone(name: Tone, style: string): string {
  const own = colours(name, PALETTE[name].light, '')
  return ` class="${name}" style="${style ? `${style};${own}` : own}"`
}

function colours(name: Tone, [foreground, background]: readonly [string, string], importance: string): string {
  const fill = FILLED.has(name) ? `;background:${background}${importance}` : ''
  return `color:${foreground}${importance}${fill}`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string)
}
