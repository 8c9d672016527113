import { aligned, hang, indent, MARGIN, WIDTH, widthOf, wrap } from './columns.js'
import type { Letter } from './letter.js'
import type { Paint } from './presentation.js'
import { type Instruction, type Link, type List, type Quote, type Section, TONES } from './section.js'

const PLAIN: Paint = (_, text) => text

/** The text part: lines of at most 78 columns, but for URLs, which stay whole. */
export function textPart({ environment, verdict, sections, footer }: Letter, paint: Paint = PLAIN): string {
  const { tone, word } = verdict
  const [first, ...others] = sections
  const head = [
    paint(tone, `${tone === 'done' ? '✓' : '✗'} ${word}${environment ? ` · ${environment}` : ''}`),
    ...(first ? [section(first, wrap(first.headline), paint)] : []),
  ]
  const titled = (each: Section): string => {
    const title = hang(each.mark ? `${each.mark} ${each.headline}` : each.headline, '')
    return section(each, paint('failed', title), paint)
  }
  const end = ['--', ...footer.map((line) => wrap(line))]
  return `${[head.join('\n'), ...others.map(titled), end.join('\n')].join('\n\n')}\n`.replaceAll('\u00a0', ' ')
}

/** Nothing from the database begins at the margin but a heading: it cannot pass for the mail's own words. */
function section(
  { lead = [], overview = [], steps = [], error, todo = [], links = [], lists = [] }: Section,
  title: string,
  paint: Paint,
): string {
  const paragraphs = [
    [title, ...lead.map((line) => wrap(line))].join('\n'),
    listed({ rows: overview }, paint),
    listed({ rows: steps }, paint),
    error ? quote(error) : '',
    todo.length > 0 ? ['What to do', ...todo.flatMap(instruction)].join('\n') : '',
    links.map(linkLine).join('\n'),
    ...lists.map((list) => listed(list, paint)),
  ]
  return paragraphs.filter(Boolean).join('\n\n')
}

/** Behind its label where all of it fits, else further in than any job. */
function quote({ label, lines }: Quote): string {
  const inline = `${label}: ${lines.join('\n')}`
  if (lines.length === 1 && widthOf(inline) <= WIDTH) return inline
  return [`${label}:`, ...lines.map(further)].join('\n')
}

function further(text: string): string {
  return indent(wrap(text, WIDTH - 2 * MARGIN.length), MARGIN + MARGIN)
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
function listed({ label, rows, more, urls }: List, paint: Paint): string {
  const lines = aligned(
    rows.map(({ mark, facts: [name = '', ...facts] }) => [mark ? `${mark} ${name}` : name, ...facts]),
  )
  return [
    ...(label ? [wrap(label)] : []),
    ...rows.flatMap(({ mark, notes = [], link }, index) => {
      const line = `${lines[index]}`
      return [
        MARGIN + (mark ? paint(TONES[mark], mark) + line.slice(mark.length) : line),
        ...notes.map(further),
        ...(urls ? [MARGIN + MARGIN + link] : []),
      ]
    }),
    ...(more ? [hang(more)] : []),
  ].join('\n')
}
