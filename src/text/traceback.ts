import { cutCounting, plural } from './words.js'

const START = 'Traceback (most recent call last):'

export function isTraceback(text: string): boolean {
  return text.includes(START)
}

/** The line that says what went wrong: the first one, or that of the exception below a Python traceback's frames. */
export function headline(text: string): string {
  const start = text.lastIndexOf(START)
  const lines = linesOf(start < 0 ? text : text.slice(start + START.length))
  const exception = lines.find((line) => !line.startsWith(' '))
  return (start < 0 ? lines[0] : (exception ?? lines.at(-1)))?.trim() ?? ''
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

/** Characters of a line below the first. */
const LINE = 160

/**
 * At most `most` lines of an error: the one that says what went wrong, up to `characters` of it, then the others from
 * their head and from their tail. What is left out is counted.
 */
export function excerpt(text: string, most: number, characters: number): readonly string[] {
  const lines = linesOf(text)
  const lead = headline(text)
  const place = isTraceback(text) ? lines.findLastIndex((line) => line.trim() === lead) : 0
  const rest = lines.filter((_, index) => index !== place).map((line) => cutCounting(line.trimEnd(), LINE))
  const first = lines.length > 0 ? [cutCounting(lead, characters)] : []
  if (rest.length < most) return [...first, ...rest]
  const tail = Math.max(0, Math.floor((most - 2) / 2))
  const head = Math.max(0, most - 2 - tail)
  const left = `… ${plural(rest.length - head - tail, 'line')} left out …`
  return [...first, ...rest.slice(0, head), left, ...rest.slice(rest.length - tail)]
}
