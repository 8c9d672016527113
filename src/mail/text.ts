import { aligned, hang, indent, MARGIN, WIDTH, widthOf, wrap } from './columns.js'
import type { Letter } from './letter.js'
import type { Paint } from './presentation.js'
import { type JobLine, type Quote, type Section, type StepLine, TONES } from './section.js'

const PLAIN: Paint = (_, text) => text

/** The text part: lines of at most 78 columns, but for URLs, which stay whole on lines of their own. */
export function textPart(letter: Letter, paint: Paint = PLAIN): string {
  const { environment, total, overview, sections, remainder, footer } = letter
  const parts = [
    environment ? `Environment: ${environment}` : '',
    total ? `${headline(total.headline, paint)}\n${wrap(total.summary)}` : '',
    aligned(overview)
      .map((line) => MARGIN + line)
      .join('\n'),
    ...sections.map((each) => section(each, paint)),
    remainder.length > 0 ? ['Also failed:', ...remainder.map((line) => hang(line))].join('\n') : '',
    `--\n${footer.map((line) => wrap(line)).join('\n')}`,
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function section(
  { headline: title, summary, verdict, steps, error, jobs, more, outlook, links, resume }: Section,
  paint: Paint,
): string {
  const head = [headline(title, paint), ...[summary, ...verdict].map((line) => wrap(line))].join('\n')
  const said = error ? quote(error) : ''
  const urls = links
    .map(({ label, url }) => (links.length > 1 ? `${label}:\n${MARGIN}${url}` : MARGIN + url))
    .join('\n')
  // One job is taken in at a glance. Nothing of an error stands at the margin, so that it cannot pass for the job.
  const isGroup = steps.length === 0 && outlook.length === 0 && jobs.length > 0
  const [single] = isGroup && jobs.length === 1 ? jobs : []
  if (single)
    return [head, said, ...[single.facts.join('  '), ...single.notes].map((line) => wrap(line)), urls]
      .filter(Boolean)
      .join('\n')
  const listed = [...jobLines(jobs), ...(more === undefined ? [] : [hang(more)])].join('\n')
  const paragraphs = [
    head,
    stepLines(steps, paint),
    said,
    isGroup ? `${listed}\n${urls}` : listed,
    outlook.map((line) => wrap(line)).join('\n'),
    isGroup ? '' : urls,
    resume ? `${wrap(resume.introduction)}\n${indent(resume.statement)}` : '',
  ]
  return paragraphs.filter(Boolean).join('\n\n')
}

function headline(text: string, paint: Paint): string {
  const lines = wrap(`✗ ${text}`).split('\n')
  return lines.map((line) => paint('failed', line)).join('\n')
}

/** Its first line behind its label where both fit, all others indented: an error cannot pass for the mail's own words. */
function quote({ label, lines: [first = '', ...rest], variants }: Quote): string {
  const inline = `${label}: ${first}`
  const head = widthOf(inline) <= WIDTH ? inline : `${label}:\n${indent(wrap(first, WIDTH - MARGIN.length))}`
  const others = rest.map((line) => indent(wrap(line, WIDTH - 2 * MARGIN.length), MARGIN + MARGIN))
  return [head, ...others, ...(variants ? [hang(variants)] : [])].join('\n')
}

function stepLines(steps: readonly StepLine[], paint: Paint): string {
  const cells = steps.map(({ name, state, duration, job, note }) => [name, state, duration, job, note])
  const rows = aligned(cells, WIDTH - 2 * MARGIN.length)
  return steps.map(({ mark }, index) => `${MARGIN}${paint(TONES[mark], mark)} ${rows[index]}`).join('\n')
}

/** Notes stand further in than any job, so that none can pass for one. */
function jobLines(jobs: readonly JobLine[]): readonly string[] {
  const rows = aligned(jobs.map(({ facts }) => facts))
  const further = (note: string): string => indent(wrap(note, WIDTH - 2 * MARGIN.length), MARGIN + MARGIN)
  return jobs.flatMap(({ notes }, index) => [MARGIN + rows[index], ...notes.map(further)])
}
