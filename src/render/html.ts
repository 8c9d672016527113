import type { Block, Entry, Letter, Rung } from './letter.js'

/** Mail clients strip style sheets at will: colours stand inline, and only the dark ones in a media query. */
const DARK = `
  @media (prefers-color-scheme: dark) {
    body, .page { background: #16181c !important; color: #e6e6e6 !important; }
    .block { border-color: #3a3f47 !important; }
    .quiet { color: #a3aab5 !important; }
    .error { background: #2b1d1d !important; color: #ffb4a8 !important; }
    .code { background: #23272e !important; color: #e6e6e6 !important; }
    .failed { color: #ff8a7a !important; }
    .done { color: #7fd18b !important; }
    a { color: #8ab4f8 !important; }
  }`

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const MONO = "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace"
const QUIET = 'color:#5b6470'
const WRAP = 'overflow-wrap:anywhere;word-break:break-word'

/** The HTML part: one column, no images, readable on a phone, in light and dark. */
export function htmlPart({ environment, blocks, footer }: Letter, title: string, preheader: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escaped(title)}</title>
<style>${DARK}
</style>
</head>
<body style="margin:0;padding:0;background:#ffffff;color:#1b1f24">
<div style="display:none;max-height:0;overflow:hidden">${escaped(preheader)}</div>
<div class="page" style="max-width:640px;margin:0 auto;padding:16px;${FONT};font-size:15px;line-height:1.45;background:#ffffff;color:#1b1f24;${WRAP}">
${environment ? `<p class="quiet" style="margin:0 0 12px;${QUIET}">Environment: ${escaped(environment)}</p>\n` : ''}${blocks.map(block).join('\n')}
<div class="quiet" style="font-size:13px;${QUIET}">
${footer.map((line) => `<p style="margin:8px 0">${escaped(line)}</p>`).join('\n')}
</div>
</div>
</body>
</html>
`
}

function block({ headline, summary, ladder, error, entries, remainder, outlook, link, resume }: Block): string {
  return [
    '<div class="block" style="margin:0 0 24px;padding:0 0 16px;border-bottom:1px solid #d8dde3">',
    `<h2 style="margin:0 0 4px;font-size:18px;line-height:1.3"><span class="failed" style="color:#c62828">✗</span> ${escaped(headline)}</h2>`,
    `<p class="quiet" style="margin:0 0 12px;${QUIET}">${escaped(summary)}</p>`,
    ladder.length > 0
      ? `<table role="presentation" style="border-collapse:collapse;margin:0 0 12px;font-size:14px">${ladder.map(rung).join('')}</table>`
      : '',
    error === undefined ? '' : quote(error),
    ...entries.map(entry),
    remainder ? `<p style="margin:8px 0">${escaped(remainder)}</p>` : '',
    ...outlook.map((line) => `<p style="margin:8px 0">${escaped(line)}</p>`),
    `<p style="margin:12px 0">${anchor(link, 'Open the admin page')}</p>`,
    resume
      ? `<p style="margin:12px 0 4px">${escaped(resume.introduction)}</p><pre class="code" style="margin:0;padding:8px 10px;background:#f2f4f7;${MONO};font-size:13px;white-space:pre-wrap;${WRAP}">${escaped(resume.statement)}</pre>`
      : '',
    '</div>',
  ]
    .filter(Boolean)
    .join('\n')
}

const TONES: Readonly<Record<Rung['mark'], string>> = {
  '✗': 'class="failed" style="color:#c62828;font-weight:600"',
  '✓': 'class="done" style="color:#1e7b34"',
  '·': `class="quiet" style="${QUIET}"`,
  '…': `class="quiet" style="${QUIET}"`,
}

function rung({ mark, name, state, duration, job, note, link }: Rung): string {
  const toned = (html: string): string => `<span ${TONES[mark]}>${html}</span>`
  const cells = [
    toned(mark),
    escaped(name),
    toned(escaped(state)),
    escaped(duration),
    `${link ? anchor(link, escaped(job)) : ''}${note ? ` <span class="quiet" style="${QUIET}">${escaped(note)}</span>` : ''}`,
  ]
  return `<tr>${cells.map((cell) => `<td style="padding:2px 10px 2px 0;vertical-align:top">${cell}</td>`).join('')}</tr>`
}

function entry({ facts: [first, ...rest], link, error }: Entry): string {
  const lines = [anchor(link, spaced(first)), ...rest.map(spaced)]
  const own =
    error === undefined ? '' : `<br><span class="quiet" style="${QUIET};white-space:pre-wrap">${escaped(error)}</span>`
  return `<p style="margin:6px 0;font-size:14px">${lines.join('<br>')}${own}</p>`
}

function anchor(url: string, html: string): string {
  return `<a href="${escaped(url)}" style="color:#0b57d0">${html}</a>`
}

function quote(error: string): string {
  return `<div class="error" style="margin:4px 0 8px;padding:8px 10px;background:#fdeeec;color:#7a1c12;${MONO};font-size:13px;white-space:pre-wrap;${WRAP}">${escaped(error)}</div>`
}

/** Two spaces part the facts of a line, and HTML would fold them. */
function spaced(text: string): string {
  return escaped(text).replaceAll('  ', ' &nbsp;')
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
