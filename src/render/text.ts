import type { Block, Entry, Letter, Rung } from './letter.js'

const WIDTH = 78
/** Of the ladder; a longer cell does not push those of the other rungs aside. */
const COLUMN = 24

/** The text part: lines of at most 78 characters, but for URLs, which stay whole. */
export function textPart({ environment, blocks, footer }: Letter): string {
  const head = environment ? [`Environment: ${environment}`] : []
  const parts = [...head, ...blocks.map(block), `--\n${footer.map((line) => wrap(line)).join('\n')}`]
  return `${parts.join('\n\n')}\n`
}

function block({ headline, summary, ladder, error, entries, remainder, outlook, link, resume }: Block): string {
  const paragraphs = [
    [wrap(`✗ ${headline}`), wrap(summary)].join('\n'),
    rungs(ladder),
    error === undefined ? '' : wrap(`Error: ${error}`),
    [...entries.map(entry), ...(remainder === undefined ? [] : [`  ${remainder}`])].join('\n'),
    outlook.map((line) => wrap(line)).join('\n'),
    `Open  ${link}`,
    resume ? `${wrap(resume.introduction)}\n${indent(resume.statement, '  ')}` : '',
  ]
  return paragraphs.filter(Boolean).join('\n\n')
}

function rungs(ladder: readonly Rung[]): string {
  const columns = (['name', 'state', 'duration', 'job'] as const).map((key) => ({
    key,
    width: Math.min(COLUMN, Math.max(...ladder.map((rung) => rung[key].length))),
  }))
  return ladder
    .map((rung) => {
      const cells = columns.map(({ key, width }) => rung[key].padEnd(width))
      return wrap(`  ${rung.mark} ${[...cells, rung.note].join('  ').trimEnd()}`).replaceAll('\n', '\n    ')
    })
    .join('\n')
}

function entry({ facts, link, error }: Entry): string {
  const lines = [
    ...facts.map((fact) => wrap(fact, WIDTH - 2)),
    link,
    ...(error === undefined ? [] : [wrap(error, WIDTH - 2)]),
  ]
  return indent(lines.join('\n'), '  ')
}

/** Folds every line at spaces; a word that is longer than a line is broken, unless it is a URL. */
function wrap(text: string, width = WIDTH): string {
  return text
    .split('\n')
    .map((line) => fold(line, width))
    .join('\n')
}

function fold(line: string, width: number): string {
  const words = line.split(/(?<=\S)(?= )/).flatMap((word) => (/:\/\//.test(word) ? [word] : pieces(word, width)))
  const lines: string[] = []
  let current = ''
  for (const word of words) {
    if (current !== '' && current.length + word.length > width) {
      lines.push(current)
      current = word.trimStart()
    } else current += word
  }
  return [...lines, current].join('\n')
}

const CHARACTERS = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Breaks between what a reader sees as characters, so that no emoji falls apart. */
function pieces(word: string, width: number): readonly string[] {
  if (word.length <= width) return [word]
  const found = ['']
  for (const { segment } of CHARACTERS.segment(word)) {
    const last = found.at(-1) as string
    if (last.length + segment.length > width && last !== '') found.push(segment)
    else found[found.length - 1] = last + segment
  }
  return found
}

function indent(text: string, margin: string): string {
  return text.replace(/^/gm, margin)
}
