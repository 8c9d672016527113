import stringWidth from 'string-width'
import type { Letter } from './letter.js'
import type { Paint } from './presentation.js'
import { type Instruction, type Link, type List, type Quote, type Row, type Section, said, TONES } from './section.js'

/** Indents of a line, and of one that stands further in. */
const MARGIN = '  '
const FURTHER = MARGIN + MARGIN
/** Columns of a line, of an indented one, and of one further in. */
const WIDTH = 78
const ROOM = WIDTH - MARGIN.length
const HANGING = WIDTH - FURTHER.length
/** Widest column: a target with its id. */
const COLUMN = 48

const ASCII = /^[ -~\u00a0]*$/

/** The text part: lines of at most 78 columns; URLs and code stay whole. */
export function textPart(letter: Letter, paint: Paint = (_, text) => text): string {
  const { environment, verdict, sections, footer } = letter
  const { tone, word } = verdict
  const [first, ...others] = sections
  const head = said(
    paint(tone, `${tone === 'done' ? '✓' : '✗'} ${word}${environment ? ` · ${environment}` : ''}`),
    first && section(first, wrap(first.headline), paint),
  )
  const titled = (each: Section): string => {
    const title = hang(each.mark ? `${each.mark} ${each.headline}` : each.headline, '')
    return section(each, paint('failed', title), paint)
  }
  const end = ['--', ...footer.map((line) => wrap(line))]
  return `${[head.join('\n'), ...others.map(titled), end.join('\n')].join('\n\n')}\n`.replaceAll('\u00a0', ' ')
}

/** Outside a heading no error begins at the margin, where it could pass for the mail's own words. */
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

/** After its label if both fit on one line, else further in than any job. */
function quote({ label, lines }: Quote): string {
  const inline = `${label}: ${lines.join('\n')}`
  if (lines.length === 1 && widthOf(inline) <= WIDTH) return inline
  return [`${label}:`, ...lines.map(further)].join('\n')
}

function further(text: string): string {
  return hang(text, FURTHER, FURTHER)
}

function instruction({ text, code, warning }: Instruction, index: number): readonly string[] {
  const below = (line: string): string => indent(wrap(line, WIDTH - 5), '     ')
  return said(`  ${index + 1}. ${below(text).trimStart()}`, code && indent(code, '       '), warning && below(warning))
}

function linkLine({ label, url }: Link): string {
  const line = `${label}: ${url}`
  return widthOf(line) <= WIDTH ? line : `${label}:\n${MARGIN}${url}`
}

/** Notes stand further in than any job, so that none can pass for one. */
function listed({ label, rows, more, urls }: List, paint: Paint): string {
  const cells = rows.map(({ mark, facts: [name = '', ...facts] }) => [mark ? `${mark} ${name}` : name, ...facts])
  const lines = aligned(cells).flatMap((line, index) => {
    const { mark, notes = [], link } = rows[index] as Row
    const painted = mark ? paint(TONES[mark], mark) + line.slice(mark.length) : line
    return said(MARGIN + painted, ...notes.map(further), urls && FURTHER + link)
  })
  return said(label && wrap(label), ...lines, more && hang(more)).join('\n')
}

/** Widths measured: the same words come again on every rung, and the same characters in most words. */
const widths = new Map<string, number>()

/** In columns of a terminal. ASCII skips the library, which looks at every character. */
function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  const width = widths.get(text) ?? stringWidth(text)
  widths.set(text, width)
  return width
}

/**
 * Each column is as wide as its widest cell, up to a bound: a wider cell pushes the next ones aside.
 * A row that is longer than a line goes on below.
 */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.min(COLUMN, Math.max(...rows.map((row) => widthOf(row[column] ?? '')))),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .reduce(joined)
      .trimEnd()
      .split('\n')
      .map((line) => (widthOf(line) <= ROOM ? line : hang(line, '', FURTHER)))
      .join('\n'),
  )
}

/** Moves a cell to the next line rather than breaking it. */
function joined(line: string, cell: string): string {
  const last = line.slice(line.lastIndexOf('\n') + 1)
  const fits = cell.trim() === '' || widthOf(`${last}  ${cell.trimEnd()}`) <= ROOM
  return fits ? `${line}  ${cell}` : `${line.trimEnd()}\n${FURTHER}${cell}`
}

/** Wraps; `further` indents all lines but the first. */
function hang(text: string, margin = MARGIN, further = margin + MARGIN): string {
  return margin + wrap(text, HANGING).replaceAll('\n', `\n${further}`)
}

function indent(text: string, margin: string): string {
  return text.replace(/^/gm, margin)
}

/** Folds every line at spaces; a word that is longer than a line is broken, unless it is a URL. */
function wrap(text: string, width = WIDTH): string {
  const folded = text.split('\n').flatMap((line) => {
    if (widthOf(line) <= width) return [line]
    const words = line.split(/(?<=\S)(?= )/)
    return packed(
      words.flatMap((word) => pieces(word, width)),
      width,
    )
  })
  return folded.join('\n')
}

const CHARACTERS = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Breaks between graphemes, so that no emoji falls apart. */
function pieces(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width || word.includes('://')) return [word]
  return packed(ASCII.test(word) ? word : Array.from(CHARACTERS.segment(word), ({ segment }) => segment), width)
}

/** Fills lines of `width` columns; a wider part has one to itself. */
function packed(parts: Iterable<string>, width: number): readonly string[] {
  const lines: string[] = []
  let [line, used] = ['', 0]
  for (const part of parts) {
    const own = widthOf(part)
    if (line !== '' && used + own > width) {
      lines.push(line)
      line = part.trimStart()
      used = widthOf(line)
    } else {
      line += part
      used += own
    }
  }
  return [...lines, line]
}
