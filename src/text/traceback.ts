import { cutCounting, plural } from './words.js'

const START = 'Traceback (most recent call last):'
/** What stands before a frame stands before the exception too: a log's prefix, or the margin of an ExceptionGroup. */
const MARGIN = /^(.*?) {2}File "/
const EXCEPTION = /^[\w.]+(?::|$)/

export function isTraceback(text: string): boolean {
  return text.includes(START)
}

/** The line that says what went wrong: the first one, or that of the exception below a Python traceback's frames. */
export function headline(text: string): string {
  return isTraceback(text) ? exceptionOf(text).trim() : (linesOf(text)[0]?.trim() ?? '')
}

/** The lines of a text without its headline. */
export function beneath(text: string): readonly string[] {
  const lines = linesOf(text)
  const lead = headline(text)
  const place = isTraceback(text) ? lines.findLastIndex((line) => line.trim().endsWith(lead)) : 0
  return lines.filter((_, index) => index !== place)
}

/** The first line below the last frames that is not indented; one that names no class may be a line of code. */
function exceptionOf(text: string): string {
  const lines = linesOf(text.slice(text.lastIndexOf(START) + START.length))
  const margin = MARGIN.exec(lines[0] ?? '')?.[1]?.length ?? 0
  const outer = lines.map((line) => line.slice(margin)).filter((line) => /^[^\s]/.test(line))
  return outer.find((line) => EXCEPTION.test(line)) ?? outer[0] ?? lines.at(-1) ?? ''
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
  const rest = beneath(text).map((line) => cutCounting(line.trimEnd(), LINE))
  const first = linesOf(text).length > 0 ? [cutCounting(headline(text), characters)] : []
  if (rest.length < most) return [...first, ...rest]
  const tail = Math.max(0, Math.floor((most - 2) / 2))
  const head = Math.max(0, most - 2 - tail)
  const left = `… ${plural(rest.length - head - tail, 'line')} left out …`
  return [...first, ...rest.slice(0, head), left, ...rest.slice(rest.length - tail)]
}
