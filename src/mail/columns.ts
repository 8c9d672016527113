import stringWidth from 'string-width'

/** Columns of a line of the text part, and what stands before an indented one. */
export const WIDTH = 78
export const MARGIN = '  '
/** Of a column: a target with its id. */
const COLUMN = 48

const PLAIN = /^[ -~\u00a0]*$/

/** In columns of a terminal. The library looks at every character, which most texts can do without. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text)
}

/**
 * Rows of cells, each column as wide as its widest cell up to a bound, beyond which a cell pushes the others aside.
 * `room` is what a line of them may take: what stands before it needs the rest. It goes on below where it is longer.
 */
export function aligned(rows: readonly (readonly string[])[], room = WIDTH - MARGIN.length): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.min(COLUMN, Math.max(...rows.map((row) => widthOf(row[column] ?? '')))),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .reduce((line, cell) => joined(line, cell, room))
      .trimEnd()
      .split('\n')
      .map((line) => (widthOf(line) <= room ? line : folded(line)))
      .join('\n'),
  )
}

/** A cell stays whole where it can. */
function joined(line: string, cell: string, room: number): string {
  const last = line.slice(line.lastIndexOf('\n') + 1)
  const fits = widthOf(`${last}  ${cell.trimEnd()}`) <= room
  return fits || cell.trim() === '' ? `${line}  ${cell}` : `${line.trimEnd()}\n${MARGIN}${MARGIN}${cell}`
}

function folded(line: string): string {
  return wrap(line, WIDTH - 2 * MARGIN.length).replaceAll('\n', `\n${MARGIN}${MARGIN}`)
}

/** Indented by `margin`, and further where it goes on. */
export function hang(text: string, margin = MARGIN): string {
  return margin + wrap(text, WIDTH - 2 * MARGIN.length).replaceAll('\n', `\n${margin}${MARGIN}`)
}

/** Folds every line at spaces; a word that is longer than a line is broken, unless it is a URL. */
export function wrap(text: string, width = WIDTH): string {
  return text
    .split('\n')
    .map((line) => fold(line, width))
    .join('\n')
}

function fold(line: string, width: number): string {
  if (widthOf(line) <= width) return line
  const words = line.split(/(?<=\S)(?= )/).flatMap((word) => (/:\/\//.test(word) ? [word] : pieces(word, width)))
  const lines: string[] = []
  let current = ''
  let used = 0
  for (const word of words) {
    const own = widthOf(word)
    const fits = current === '' || used + own <= width
    if (!fits) lines.push(current)
    current = fits ? current + word : word.trimStart()
    used = fits ? used + own : widthOf(current)
  }
  return [...lines, current].join('\n')
}

const CHARACTERS = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Breaks between what a reader sees as characters, so that no emoji falls apart. */
function pieces(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width) return [word]
  if (PLAIN.test(word)) return word.match(new RegExp(`.{1,${width}}`, 'g')) ?? []
  const found = ['']
  let used = 0
  for (const { segment } of CHARACTERS.segment(word)) {
    const own = widthOf(segment)
    if (used + own > width && used > 0) {
      found.push('')
      used = 0
    }
    found[found.length - 1] += segment
    used += own
  }
  return found
}

export function indent(text: string, margin = MARGIN): string {
  return text.replace(/^/gm, margin)
}
