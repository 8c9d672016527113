import type { Letter } from './letter.js'
import type { JobLine, Quote, Rung, Section } from './section.js'

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
type Tone = keyof typeof PALETTE

/** Tones that bring a background of their own; the others stand on the page's. */
const FILLED: ReadonlySet<Tone> = new Set(['page', 'error', 'code', 'button'])

/** Mail clients strip style sheets at will: colours stand inline, and only the dark ones in a media query. */
const DARK = Object.entries(PALETTE)
  .map(([tone, { dark }]) => `.${tone} { ${colours(tone as Tone, dark, ' !important')} }`)
  .join('\n    ')

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const MONO = "font-family:Menlo,Consolas,'DejaVu Sans Mono',monospace"
const WRAP = 'overflow-wrap:anywhere;word-break:break-word'
const SHORT_CELL = 20
/** Invisible characters behind the preheader, or a reader's list would go on with the mail's own first words. */
const PADDING = '&#847;&zwnj;&nbsp;'.repeat(40)

/** The HTML part: one column, no images, readable on a phone, in light and dark. */
export function htmlPart(letter: Letter, title: string, preheader: string): string {
  const { environment, total, overview, sections, remainder, footer } = letter
  const parts = [
    environment ? paragraph(environment, 'quiet', 'Environment: ') : '',
    total ? heading(1, total.headline) + paragraph(total.summary) : '',
    overview.length > 0
      ? table(
          ['What failed', 'When'],
          overview.map(([what, when]) => [escaped(what), toned('quiet', escaped(when))]),
        )
      : '',
    ...sections.map((each) => section(each, total ? 2 : 1)),
    remainder.length > 0
      ? `${heading(2, 'Also failed', '')}<ul style="margin:8px 0;padding-left:20px">${remainder.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`
      : '',
    `<div style="border-top:1px solid #8a939e;margin:24px 0 0;padding:8px 0 0;font-size:13px">${footer.map((line) => paragraph(line, 'quiet')).join('')}</div>`,
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escaped(title)}</title>
<style>
  @media (prefers-color-scheme: dark) {
    body { background: ${PALETTE.page.dark[1]} !important; }
    ${DARK}
  }
</style>
</head>
<body style="margin:0;padding:0;background:${PALETTE.page.light[1]}">
<div style="display:none;max-height:0;overflow:hidden">${escaped(preheader)}${PADDING}</div>
<div${tone('page', `max-width:608px;margin:0 auto;padding:16px;${FONT};font-size:15px;line-height:1.45;${WRAP}`)}>
${parts.filter(Boolean).join('\n')}
</div>
</body>
</html>
`
}

function section(
  { headline, summary, ladder, error, jobs, more, outlook, links, resume }: Section,
  level: 1 | 2,
): string {
  const [main, ...others] = links
  return [
    heading(level, headline),
    paragraph(summary, 'quiet'),
    ladder.length > 0 ? table(['Step', 'State', 'Took', 'Job'], ladder.map(rung)) : '',
    error ? quote(error) : '',
    jobs.length > 1 && jobs.every(({ facts }) => facts.length > 1)
      ? table(['Job', 'Target', 'Failed'], jobs.flatMap(jobRows))
      : jobs.map(jobParagraph).join(''),
    more ? paragraph(more) : '',
    ...outlook.map((line) => paragraph(line)),
    main ? `<p style="margin:12px 0">${button(main.url, main.label)}</p>` : '',
    ...others.map(({ label, url }) => `<p style="margin:8px 0">${anchor(url, escaped(label))}</p>`),
    resume ? `${paragraph(resume.introduction)}${preformatted('code', resume.statement)}` : '',
  ]
    .filter(Boolean)
    .join('\n')
}

function heading(level: 1 | 2, text: string, mark = `${toned('failed', '✗')} `): string {
  const size = level === 1 ? 'margin:0 0 4px;font-size:20px' : 'margin:28px 0 4px;font-size:17px'
  return `<h${level} style="${size};line-height:1.3">${mark}${escaped(text)}</h${level}>`
}

const MARKS: Readonly<Record<Rung['mark'], Tone>> = { '✗': 'failed', '✓': 'done', '·': 'quiet', '…': 'quiet' }

function rung({ mark, name, state, duration, job, note, link }: Rung): readonly string[] {
  const own = note ? ` ${toned('quiet', escaped(note))}` : ''
  return [
    whole(`${mark} ${name}`, `${toned(MARKS[mark], mark)} ${escaped(name)}`),
    whole(state, toned(MARKS[mark], escaped(state))),
    whole(duration, escaped(duration)),
    `${link ? anchor(link, escaped(job)) : ''}${own}`,
  ]
}

/** Keeps a short cell on one line, where the mail's own rule would break any word to save room. */
function whole(text: string, html: string): string {
  return text.length > SHORT_CELL ? html : `<span style="white-space:nowrap">${html}</span>`
}

/** Its facts, and what is true of this job alone in a row below. */
function jobRows({ facts: [first = '', target = '', ...when], notes, link }: JobLine): readonly (readonly string[])[] {
  const time = when.join(' ')
  const row = [whole(first, anchor(link, escaped(first))), escaped(target), whole(time, escaped(time))]
  return [row, ...notes.map((text) => [toned('quiet', escaped(text))])]
}

function jobParagraph({ facts: [first = '', ...facts], notes, link }: JobLine): string {
  return `<p style="margin:8px 0">${[anchor(link, escaped(first)), ...facts.map(escaped)].join(' ')}${notes.map((text) => `<br>${toned('quiet', escaped(text))}`).join('')}</p>`
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (name: 'td' | 'th', attributes: string, html: string): string =>
    `<${name}${attributes} style="padding:3px 10px 3px 0${name === 'th' ? ';text-align:left;font-weight:normal' : ''}">${html}</${name}>`
  const head = heads.map((text) => cell('th', ' scope="col"', toned('quiet', text))).join('')
  // A row of one cell is about the row above.
  const body = rows.map((row) => {
    const span = row.length === 1 ? ` colspan="${heads.length}"` : ''
    return `\n<tr>${row.map((html) => cell('td', span, html)).join('')}</tr>`
  })
  return `<table style="border-collapse:collapse;margin:8px 0 12px;font-size:14px"><thead><tr>${head}</tr></thead><tbody style="vertical-align:top">${body.join('')}</tbody></table>`
}

function quote({ label, lines, variants }: Quote): string {
  return `<p style="margin:8px 0 0">${escaped(label)}:</p>${preformatted('error', lines.join('\n'))}${variants ? paragraph(variants, 'quiet') : ''}`
}

function preformatted(name: Tone, text: string): string {
  return `<pre${tone(name, `margin:4px 0 8px;padding:8px 10px;${MONO};font-size:13px;white-space:pre-wrap;${WRAP}`)}>${escaped(text)}</pre>`
}

function paragraph(text: string, name?: Tone, prefix = ''): string {
  return `<p${name ? tone(name, 'margin:8px 0') : ' style="margin:8px 0"'}>${prefix}${escaped(text)}</p>`
}

function anchor(url: string, html: string): string {
  return `<a href="${escaped(url)}"${tone('link', '')}>${html}</a>`
}

function button(url: string, label: string): string {
  const style = 'display:inline-block;padding:10px 16px;border-radius:6px;font-weight:600;text-decoration:none'
  return `<a href="${escaped(url)}"${tone('button', style)}>${escaped(label)}</a>`
}

function toned(name: Tone, html: string): string {
  return `<span${tone(name, '')}>${html}</span>`
}

/** Class and style of an element in that tone. */
function tone(name: Tone, style: string): string {
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

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string)
}
