import stringWidth from 'string-width'
import type { Letter } from './letter.js'
import type { Screen } from './presentation.js'
import { type Instruction, type Link, type List, type Quote, type Row, type Section, said, TONES } from './section.js'

/** Indents of a line, and of one that stands further in. */
const MARGIN = '  '
const FURTHER = MARGIN + MARGIN
/** Columns of a line; a narrower terminal has fewer, down to a bound. */
const WIDTH = 78
const NARROWEST = 40
/** Widest column: a target with its id. */
const COLUMN = 48

const ASCII = /^[ -~\u00a0]*$/

/** The text part: lines of at most 78 columns, or of the screen's; URLs and code stay whole. */
export function textPart(letter: Letter, screen: Screen = { columns: WIDTH }): string {
  return new Layout(screen).letter(letter).replaceAll('\u00a0', ' ')
}

class Layout {
  private readonly paint: NonNullable<Screen['paint']>
  /** Columns of a line. */
  private readonly width: number

  constructor({ columns, paint = (_, text) => text }: Screen) {
    this.paint = paint
    this.width = Math.max(NARROWEST, Math.min(WIDTH, columns))
  }

  letter({ environment, verdict, sections, footer }: Letter): string {
    const { tone, word } = verdict
    const [first, ...others] = sections
    const head = said(
      this.paint(tone, `${tone === 'done' ? '✓' : '✗'} ${word}${environment ? ` · ${environment}` : ''}`),
      first && this.section(first, this.wrap(first.heading)),
    )
    const titled = (each: Section): string => {
      const title = this.hang(each.sign ? `${each.sign} ${each.heading}` : each.heading, '')
      return this.section(each, this.paint('failed', title))
    }
    const end = ['--', ...footer.map((line) => this.wrap(line))]
    return `${[head.join('\n'), ...others.map(titled), end.join('\n')].join('\n\n')}\n`
  }

  /** Outside a heading no error begins at the margin, where it could pass for the mail's own words. */
  private section(
    { lead = [], overview = [], steps = [], error, todo = [], links = [], lists = [] }: Section,
    title: string,
  ): string {
    const paragraphs = [
      [title, ...lead.map((line) => this.wrap(line))].join('\n'),
      this.listed({ rows: overview }),
      this.listed({ rows: steps }),
      error ? this.quote(error) : '',
      todo.length > 0
        ? ['What to do', ...todo.flatMap((each, index) => this.instruction(each, index + 1))].join('\n')
        : '',
      links.map((link) => this.linkLine(link)).join('\n'),
      ...lists.map((list) => this.listed(list)),
    ]
    return paragraphs.filter(Boolean).join('\n\n')
  }

  /** After its label if both fit on one line, else further in than any job. */
  private quote({ label, lines }: Quote): string {
    const inline = `${label}: ${lines.join('\n')}`
    if (lines.length === 1 && widthOf(inline) <= this.width) return inline
    return [`${label}:`, ...lines.map((line) => this.hang(line, FURTHER, FURTHER))].join('\n')
  }

  private instruction({ text, code, warning }: Instruction, number: number): readonly string[] {
    const below = (line: string): string => indent(this.wrap(line, this.width - 5), '     ')
    return said(`  ${number}. ${below(text).trimStart()}`, code && indent(code, '       '), warning && below(warning))
  }

  private linkLine({ label, url }: Link): string {
    const line = `${label}: ${url}`
    return widthOf(line) <= this.width ? line : `${label}:\n${MARGIN}${url}`
  }

  /** Notes stand further in than any job, so that none can pass for one. */
  private listed({ label, rows, more, urls }: List): string {
    const cells = rows.map(({ sign, facts: [name = '', ...facts] }) => [sign ? `${sign} ${name}` : name, ...facts])
    const lines = this.aligned(cells).flatMap((line, index) => {
      const { sign, notes = [], link } = rows[index] as Row
      const painted = sign ? this.paint(TONES[sign], sign) + line.slice(sign.length) : line
      const below = notes.map((note) => this.hang(note, FURTHER, FURTHER))
      return said(MARGIN + painted, ...below, urls && FURTHER + link)
    })
    return said(label && this.wrap(label), ...lines, more && this.hang(more)).join('\n')
  }

  /**
   * Each column is as wide as its widest cell, up to a bound: a wider cell pushes the next ones aside.
   * A row that is longer than a line goes on below.
   */
  private aligned(rows: readonly (readonly string[])[]): readonly string[] {
    const widths = (rows[0] ?? []).map((_, column) =>
      Math.min(COLUMN, Math.max(...rows.map((row) => widthOf(row[column] ?? '')))),
    )
    return rows.map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
        .reduce((line, cell) => this.joined(line, cell))
        .trimEnd()
        .split('\n')
        .map((line) => (widthOf(line) <= this.width - MARGIN.length ? line : this.hang(line, '', FURTHER)))
        .join('\n'),
    )
  }

  /** Moves a cell to the next line rather than breaking it. */
  private joined(line: string, cell: string): string {
    const last = line.slice(line.lastIndexOf('\n') + 1)
    const fits = widthOf(`${last}  ${cell.trimEnd()}`) <= this.width - MARGIN.length
    return fits ? `${line}  ${cell}` : `${line.trimEnd()}\n${FURTHER}${cell}`
  }

  /** Wraps; `further` indents all lines but the first. */
  private hang(text: string, margin = MARGIN, further = margin + MARGIN): string {
    return margin + this.wrap(text, this.width - FURTHER.length).replaceAll('\n', `\n${further}`)
  }

  /** Folds every line at spaces; a word that is longer than a line is broken, unless it is a URL. */
  private wrap(text: string, width = this.width): string {
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
}

function indent(text: string, margin: string): string {
  return text.replace(/^/gm, margin)
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
