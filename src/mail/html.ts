import type { Letter } from './letter.js'
import { breakable, Html, html, lines, SHEET, styled } from './markup.js'
import { type Instruction, type Link, type List, type Quote, type Row, type Section, TONES } from './section.js'

/** Characters of a word that never breaks: a UUID fits on a phone. */
const SHORT = 36

/** Follows the preheader, or a list of mails would show the mail's own first words. */
const PADDING = new Html('&#847;&zwnj;&nbsp;'.repeat(40))
const SPACE = html`<p class="space" aria-hidden="true">&nbsp;</p>`

/** The HTML part: one column of cards without images, readable on a phone, in light and dark, and in Outlook. */
export function htmlPart({ subject, preheader, environment, verdict, sections, footer }: Letter): string {
  const [first, ...others] = sections
  const { tone, word } = verdict
  return document(
    subject,
    html`<div class="hidden">${preheader}${PADDING}</div>
${layout(
  'page',
  html`<tr><td class="outside" align="center">
${layout(
  'mail',
  html`<tr><td class="card ${tone}-edge">
<p class="verdict ${tone}">${signHtml(tone === 'done' ? '✓' : '✗')} ${word}${environment && html` <span class="quiet">· ${environment}</span>`}</p>
${first && sectionHtml(first, 1)}
</td></tr>
${
  others.length > 0 &&
  html`<tr><td class="gap" aria-hidden="true">&nbsp;</td></tr>
<tr><td class="card">
${layout(
  'wide',
  html`${others.map(
    (each, index) => html`<tr><td${index > 0 && html` class="rule"`}>
${sectionHtml(each, 2)}
</td></tr>`,
  )}`,
)}
</td></tr>`
}
<tr><td class="foot">${footer.map((line) => html`<p class="quiet small">${line}</p>`)}</td></tr>`,
)}
</td></tr>`,
)}`,
  )
}

/** The plain mail's text. */
export function plainHtml(text: string): string {
  return document('job-alert', html`<p>${lines(text.trim().split('\n'))}</p>`)
}

function document(title: string, body: Html): string {
  return styled(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>${title}</title>
<style>
  ${SHEET}
</style>
</head>
<body>
${body}
</body>
</html>
`)
}

function sectionHtml(section: Section, level: 1 | 2): Html {
  const { heading, lead = [], overview = [], steps = [], error, todo = [], links = [], lists = [] } = section
  return html`${headingHtml(level, heading)}
${lead.map((line) => html`<p>${breakable(line)}</p>`)}
${overview.length > 0 && listHtml({ rows: overview })}
${steps.length > 0 && html`<table class="rows" cellspacing="0" cellpadding="0"><tbody>${steps.map(stepRow)}</tbody></table>`}
${error && quoteHtml(error)}
${todo.length > 0 && html`${headingHtml(level + 1, 'What to do')}\n${layout('wide', html`${todo.map(instruction)}`)}`}
${links.map((link, index) => (level === 1 && index === 0 ? button(link) : html`<p>${linkHtml(link)}</p>`))}
${lists.map(listHtml)}`
}

function stepRow({ sign = '·', facts: [name = '', state = '', duration = '', job = ''], link }: Row): Html {
  const head = html`<th class="cell whole" scope="row">${signHtml(sign)} ${name}</th>`
  if (!link) return html`<tr>${head}<td class="cell quiet" colspan="3">${state}</td></tr>`
  return html`<tr>${head}<td class="cell whole ${TONES[sign]}">${state}</td><td class="cell">${duration}</td><td class="cell whole">${anchor(link, job)}</td></tr>`
}

function quoteHtml({ label, lines: all }: Quote): Html {
  return html`<p class="quiet small">${label}:</p>
${layout('wide', html`<tr><td class="error" dir="auto">${lines(all)}</td></tr>`)}
${SPACE}`
}

function headingHtml(level: number, text: string): Html {
  return html`<h${String(level)}>${breakable(text)}</h${String(level)}>`
}

function instruction({ text, code, warning }: Instruction, index: number): Html {
  const below = (part: Html): Html => html`
${SPACE}${part}`
  const own = code && below(layout('wide', html`<tr><td class="code">${lines(code.split('\n'))}</td></tr>`))
  const against = warning && below(html`<span class="warning">${warning}</span>`)
  return html`<tr><td class="number">${String(index + 1)}.</td><td class="step">${breakable(text)}${own}${against}</td></tr>`
}

/** The first link of the first section. */
function button({ label, url }: Link): Html {
  return layout('rows', html`<tr><td class="button"><a class="label" href="${url}">${label}</a></td></tr>`)
}

function linkHtml({ label, url, about }: Link): Html {
  return html`<a class="link" href="${url}"${about && html` aria-label="${label}: ${about}"`}>${label}</a>`
}

function listHtml({ label, rows, more }: List): Html {
  return html`${label && html`<h3>${label}</h3>`}
${layout('rows', html`${rows.map(rowHtml)}`)}
${more && html`<p class="quiet small">${breakable(more)}</p>`}`
}

function rowHtml({ facts: [first = '', ...facts], notes = [], link }: Row): Html {
  const name = link ? anchor(link, first) : html`<b>${breakable(first)}</b>`
  const others = facts.map((fact) => html`&nbsp; ${fact.split(' ').map((word) => html`${whole(word)} `)}`)
  const below = notes.map((note) => html`<br><span class="quiet">${breakable(note)}</span>`)
  return html`<tr><td class="row">${name}${others}${below}</td></tr>`
}

function whole(word: string): Html {
  return word.length <= SHORT ? html`<span class="whole">${word}</span>` : breakable(word)
}

function anchor(url: string, text: string): Html {
  return html`<a class="link" href="${url}">${breakable(text)}</a>`
}

/** A screen reader skips the sign and reads the word beside. */
function signHtml(sign: keyof typeof TONES): Html {
  return html`<span class="${TONES[sign]}" aria-hidden="true">${sign}</span>`
}

function layout(name: string, rows: Html): Html {
  return html`<table class="${name}" role="presentation" cellspacing="0" cellpadding="0" border="0"><tbody>${rows}</tbody></table>`
}
