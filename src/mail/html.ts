import {
  anchor,
  DARK,
  escaped,
  FONT,
  filled,
  heading,
  PADDING,
  PALETTE,
  paragraph,
  preformatted,
  table,
  tone,
  toned,
  WRAP,
  whole,
} from './elements.js'
import type { Letter } from './letter.js'
import { type JobLine, type Link, type Quote, type Section, type StepLine, TONES } from './section.js'

/** The HTML part: one column, no images, readable on a phone, in light and dark. */
export function htmlPart(letter: Letter, title: string, preheader: string): string {
  const { environment, total, action: first, overview, sections, remainder, footer } = letter
  const parts = [
    environment ? paragraph(environment, 'quiet', 'Environment: ') : '',
    total ? heading(1, total.headline) + paragraph(total.summary) : '',
    total ? button(first) : '',
    overview.length > 0
      ? table(
          ['What failed', 'When'],
          overview.map(([what, when]) => [escaped(what), whole(when, toned('quiet', escaped(when)))]),
        )
      : '',
    ...sections.map((each) => (total ? section(each, 2, anchored) : section(each, 1, button))),
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

/** `main` shows the first link: a mail has one button. */
function section(
  { headline, summary, verdict, steps, error, jobs, more, outlook, links, resume }: Section,
  level: 1 | 2,
  main: (link: Link) => string,
): string {
  return [
    heading(level, headline),
    paragraph(summary, 'quiet'),
    ...verdict.map((line) => paragraph(line)),
    steps.length > 0 ? table(['Step', 'State', 'Took', 'Job'], steps.map(stepLine)) : '',
    error ? quote(error) : '',
    jobs.length > 1 && jobs.every(({ facts }) => facts.length > 1 && facts.length <= MOST_COLUMNS)
      ? table(jobHeads(jobs), jobs.flatMap(jobRows))
      : jobs.map(jobParagraph).join(''),
    more ? paragraph(more) : '',
    ...outlook.map((line) => paragraph(line)),
    ...links.map((link, index) => (index === 0 ? main(link) : anchored(link))),
    resume ? `${paragraph(resume.introduction)}${preformatted('code', resume.statement)}` : '',
  ]
    .filter(Boolean)
    .join('\n')
}

function button({ label, url }: Link): string {
  return `<p style="margin:12px 0">${filled(url, label)}</p>`
}

function anchored({ label, url }: Link): string {
  return `<p style="margin:8px 0">${anchor(url, escaped(label))}</p>`
}

function stepLine({ mark, name, state, duration, job, note, link }: StepLine): readonly string[] {
  const own = note ? ` ${whole(note, toned('quiet', escaped(note)))}` : ''
  return [
    whole(`${mark} ${name}`, `${toned(TONES[mark], mark)} ${escaped(name)}`),
    toned(TONES[mark], words(state)),
    whole(duration, escaped(duration)),
    `${link ? anchor(link, escaped(job)) : ''}${own}`,
  ]
}

/** Broken between words at most. */
function words(text: string): string {
  return text
    .split(' ')
    .map((word) => whole(word, escaped(word)))
    .join(' ')
}

/** More do not fit on a phone. */
const MOST_COLUMNS = 3

function jobHeads(jobs: readonly JobLine[]): readonly string[] {
  return ['Job', 'Target', 'Failed'].slice(0, jobs[0]?.facts.length)
}

/** Its facts, and what is said of it in a row below. */
function jobRows({ facts: [first = '', ...facts], notes, link }: JobLine): readonly (readonly string[])[] {
  const row = [whole(first, anchor(link, escaped(first))), ...facts.map((fact) => whole(fact, escaped(fact)))]
  return [row, ...notes.map((text) => [toned('quiet', escaped(text))])]
}

function jobParagraph({ facts: [first = '', ...facts], notes, link }: JobLine): string {
  return `<p style="margin:8px 0">${[anchor(link, escaped(first)), ...facts.map(escaped)].join(' ')}${notes.map((text) => `<br>${toned('quiet', escaped(text))}`).join('')}</p>`
}

function quote({ label, lines, variants }: Quote): string {
  return `<p style="margin:8px 0 0">${escaped(label)}:</p>${preformatted('error', lines.join('\n'))}${variants ? paragraph(variants, 'quiet') : ''}`
}
