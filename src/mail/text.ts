import { aligned, hang, indent, MARGIN, WIDTH, widthOf, wrap } from './columns.js'
import type { Letter } from './letter.js'
import type { Paint } from './presentation.js'
import { type Instruction, type Link, type List, type Quote, type Section, type StepLine, TONES } from './section.js'

const PLAIN: Paint = (_, text) => text

/** The text part: lines of at most 78 columns, but for URLs, which stay whole. */
export function textPart({ environment, verdict, sections, footer }: Letter, paint: Paint = PLAIN): string {
  const { tone, word } = verdict
  const [first, ...others] = sections
  const head = [
    paint(tone, `${tone === 'done' ? '✓' : '✗'} ${word}${environment ? ` · ${environment}` : ''}`),
    ...(first ? [section(first, (text) => wrap(text), paint)] : []),
  ]
  const parts = [
    head.join('\n'),
    ...others.map((each) =>
      section(each, (text) => paint('failed', hang(each.mark ? `${each.mark} ${text}` : text, '')), paint),
    ),
    `--\n${footer.map((line) => wrap(line)).join('\n')}`,
  ]
  return `${parts.join('\n\n')}\n`.replaceAll('\u00a0', ' ')
}

/** Nothing from the database begins at the margin but a heading: it cannot pass for the mail's own words. */
function section(
  { headline, lead, overview, steps, error, lists, todo, links }: Section,
  title: (text: string) => string,
  paint: Paint,
): string {
  const paragraphs = [
    [title(headline), ...lead.map((line) => wrap(line))].join('\n'),
    overview.map(([what, said]) => `${hang(what)}\n${further(said)}`).join('\n'),
    stepLines(steps, paint),
    error ? quote(error) : '',
    todo.length > 0 ? ['What to do', ...todo.flatMap(instruction)].join('\n') : '',
    links.map(linkLine).join('\n'),
    ...lists.map(listed),
  ]
  return paragraphs.filter(Boolean).join('\n\n')
}

/** Behind its label where all of it fits, else further in than any job. */
function quote({ label, lines }: Quote): string {
  const inline = `${label}: ${lines.join('\n')}`
  if (lines.length === 1 && widthOf(inline) <= WIDTH) return inline
  return [`${label}:`, ...lines.map((line) => further(line))].join('\n')
}

function further(text: string): string {
  return indent(wrap(text, WIDTH - 2 * MARGIN.length), MARGIN + MARGIN)
}

function stepLines(steps: readonly StepLine[], paint: Paint): string {
  const cells = steps.map(({ name, state, duration, job }) => [name, state, duration, job])
  const rows = aligned(cells, WIDTH - 2 * MARGIN.length)
  return steps.map(({ mark }, index) => `${MARGIN}${paint(TONES[mark], mark)} ${rows[index]}`).join('\n')
}

function instruction({ text, code, warning }: Instruction, index: number): readonly string[] {
  const below = (said: string): string => indent(wrap(said, WIDTH - 5), '     ')
  return [
    `  ${index + 1}. ${below(text).trimStart()}`,
    ...(code ? [indent(code, '       ')] : []),
    ...(warning ? [below(warning)] : []),
  ]
}

function linkLine({ label, url }: Link): string {
  const line = `${label}: ${url}`
  return widthOf(line) <= WIDTH ? line : `${label}:\n${MARGIN}${url}`
}

/** Notes stand further in than any job, so that none can pass for one. */
function listed({ label, rows, more, urls }: List): string {
  const first = aligned(rows.map(({ facts }) => facts))
  return [
    ...(label ? [wrap(label)] : []),
    ...rows.flatMap(({ notes, link }, index) => [
      MARGIN + first[index],
      ...notes.map((note) => further(note)),
      ...(urls ? [MARGIN + MARGIN + link] : []),
    ]),
    ...(more ? [hang(more)] : []),
  ].join('\n')
}
