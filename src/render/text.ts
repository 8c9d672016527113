import type { Block, Entry, Letter, Rung } from './letter.js'

const WIDTH = 78

/** The text part: lines of at most 78 characters, but for URLs, which stay whole. */
export function textPart({ environment, blocks, footer }: Letter): string {
  const head = environment ? [`Environment: ${environment}`] : []
  const parts = [...head, ...blocks.map(block), `--\n${footer.map((line) => wrap(line)).join('\n')}`]
  return `${parts.join('\n\n')}\n`
}

function block({ headline, summary, ladder, entries, remainder, outlook, link, resume }: Block): string {
  const paragraphs = [
    [wrap(`✗ ${headline}`), wrap(summary)].join('\n'),
    rungs(ladder),
    ...entries.map(entry),
    remainder ?? '',
    outlook.map((line) => wrap(line)).join('\n'),
    `Open  ${link}`,
    resume ? `${wrap(resume.introduction)}\n${indent(resume.statement, '  ')}` : '',
  ]
  return paragraphs.filter(Boolean).join('\n\n')
}

function rungs(ladder: readonly Rung[]): string {
  const columns = (['name', 'state', 'duration', 'job'] as const).map((key) => ({
    key,
    width: Math.max(...ladder.map((rung) => rung[key].length)),
  }))
  return ladder
    .map((rung) => {
      const cells = columns.map(({ key, width }) => rung[key].padEnd(width))
      return `  ${rung.mark} ${[...cells, rung.note].join('  ').trimEnd()}`
    })
    .join('\n')
}

function entry({ error, facts, link }: Entry): string {
  const lines = [
    ...(error === undefined ? [] : [wrap(`Error: ${error}`)]),
    ...(facts.length > 0 ? [wrap(facts.join('  '))] : []),
    ...(link === undefined ? [] : [link]),
  ]
  return lines.join('\n')
}

/** Folds every line at spaces; a word that is longer than a line is broken, unless it is a URL. */
function wrap(text: string): string {
  return text.split('\n').map(fold).join('\n')
}

function fold(line: string): string {
  const words = line.split(/(?<=\S)(?= )/).flatMap((word) => (/:\/\//.test(word) ? [word] : pieces(word)))
  const lines: string[] = []
  let current = ''
  for (const word of words) {
    if (current !== '' && current.length + word.length > WIDTH) {
      lines.push(current)
      current = word.trimStart()
    } else current += word
  }
  return [...lines, current].join('\n')
}

function pieces(word: string): readonly string[] {
  if (word.length <= WIDTH) return [word]
  const characters = [...word]
  return Array.from({ length: Math.ceil(characters.length / (WIDTH / 2)) }, (_, index) =>
    characters.slice(index * (WIDTH / 2), (index + 1) * (WIDTH / 2)).join(''),
  )
}

function indent(text: string, margin: string): string {
  return text.replace(/^/gm, margin)
}
