import stringWidth from 'string-width'

/** Columns of a line of the text part, and what stands before an indented one. */
export const WIDTH = 78
export const MARGIN = '  '
/** Of a column: a target with its id. */
const COLUMN = 48
/** Of a line of cells, and of an indented line that goes on further in. */
const ROOM = WIDTH - MARGIN.length
const HANGING = WIDTH - 2 * MARGIN.length

const PLAIN = /^[ -~\u00a0]*$/

/** In columns of a terminal. The library looks at every character, which most texts can do without. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text)
}

/**
 * Rows of cells, each column as wide as its widest cell up to a bound, beyond which a cell pushes the others aside.
 * A row that is longer than a line goes on below.
 */
export function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.min(COLUMN, Math.max(...rows.map((row) => widthOf(row[column] ?? '')))),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .reduce(joined)
      .trimEnd()
      .split('\n')
      .map((line) => (widthOf(line) <= ROOM ? line : hang(line, '', MARGIN + MARGIN)))
      .join('\n'),
  )
}

/** Moves a cell to the next line rather than breaking it. */
function joined(line: string, cell: string): string {
  const last = line.slice(line.lastIndexOf('\n') + 1)
  const fits = cell.trim() === '' || widthOf(`${last}  ${cell.trimEnd()}`) <= ROOM
  return fits ? `${line}  ${cell}` : `${line.trimEnd()}\n${MARGIN}${MARGIN}${cell}`
}

/** Indented by `margin`, and further where it goes on. */
export function hang(text: string, margin = MARGIN, further = margin + MARGIN): string {
  return margin + wrap(text, HANGING).replaceAll('\n', `\n${further}`)
}

export function indent(text: string, margin = MARGIN): string {
  return text.replace(/^/gm, margin)
}

/** Folds every line at spaces; a word that is longer than a line is broken, unless it is a URL. */
export function wrap(text: string, width = WIDTH): string {
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

/** Breaks between what a reader sees as characters, so that no emoji falls apart. */
function pieces(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width || word.includes('://')) return [word]
  return packed(PLAIN.test(word) ? word : Array.from(CHARACTERS.segment(word), ({ segment }) => segment), width)
}

/** As many of the parts as fit, on lines of `width` columns. */
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
