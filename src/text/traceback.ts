import { cutCounting, plural } from './words.js'

/*
 * The headline of an error is the last exception of its traceback. If the traceback was cut off, the headline is the
 * first exception, which is the same wherever the cut was. Without a traceback it is the first line.
 */

/** An error in parts: what it says, the innermost frame, and its other lines. */
export interface Parts {
  readonly headline: string
  /** File and function; empty where there is no traceback. */
  readonly frame: string
  readonly beneath: readonly string[]
}

const START = /Traceback \((?:most recent call|innermost) last\)/
/** Of Python, and of rich, which draws a box. An exception has the same margin as its frames. */
const FRAME = /^(.*?)(?: {2}|> |^)File "([^"]+)", line \d+(?:, in (.+))?|^(.*?[│┃]) (\S+):\d+ in (\S+)/
const EXCEPTION = /^[A-Za-z_][\w.<>]*(?::|$)/
/** When one task fails, others are cancelled. */
const CANCELLED = /^[\w.]*Cancell?ed(?:Error)?(?::|$)/
/** Characters that the worker keeps of an error: its last line may be a fragment. */
const WORKER_KEEPS = 2_000
/** A traceback in a Python repr. */
const ESCAPED = /Traceback \(most recent call last\):\\n/
/** pydantic: the field on one line, the complaint on the next. */
const INVALID = /\d+ validation errors? for /
const COMPLAINT = /^(\S.*?) [[(]type=/

export function dissect(text: string): Parts {
  if (!text.includes('\n') && !ESCAPED.test(text)) return { headline: text.trim(), frame: '', beneath: [] }
  const lines = unescaped(text).split('\n')
  const { line, margin, frame } = exceptionOf(lines, text.length) ?? { line: firstLine(lines), margin: 0, frame: '' }
  const [said = '', ...below] = lines.slice(line).map((each) => each.slice(margin).trim())
  const next = said.endsWith(':') ? (below[0] ?? '') : ''
  const more = INVALID.test(said) ? complaintsIn(below) : next
  return {
    headline: more === '' ? said : `${said.replace(/:$/, '')}: ${more}`,
    frame,
    beneath: lines.filter((each, at) => each.trim() !== '' && at !== line && !(next !== '' && at === line + 1)),
  }
}

/** The line that says what went wrong. */
export function headline(text: string): string {
  return dissect(text).headline
}

function firstLine(lines: readonly string[]): number {
  const first = lines.findIndex((line) => line.trim() !== '' && !START.test(line) && !FRAME.test(line))
  const isTraceback = lines.some((line) => START.test(line) || FRAME.test(line))
  const isCode = isTraceback && /^\s/.test(lines[first] ?? '')
  return Math.max(0, isCode ? lines.findLastIndex((line) => /[^\s^~]/.test(line)) : first)
}

/** The exception for the headline, if there is a traceback; `margin` counts the characters before it. */
function exceptionOf(lines: readonly string[], length: number) {
  const all: { readonly line: number; readonly margin: number; readonly frame: string }[] = []
  let [isOpen, margin, frame] = [false, 0, '']
  for (const [line, text] of lines.entries()) {
    const found = FRAME.exec(text)
    const isFragment = length >= WORKER_KEEPS && line === lines.length - 1
    if (found) {
      margin = (found[1] ?? '').length
      frame = `${found[2] ?? found[5]} ${found[3] ?? found[6]}`
    }
    if (found || START.test(text)) isOpen = true
    else if (isOpen && !(isFragment && all.length > 0) && EXCEPTION.test(text.slice(margin))) {
      all.push({ line, margin, frame })
      isOpen = false
    }
  }
  const causes = all.filter(({ line, margin }) => !CANCELLED.test((lines[line] ?? '').slice(margin)))
  return (causes.length > 0 ? causes : all).at(isOpen ? 0 : -1)
}

function complaintsIn(lines: readonly string[]): string {
  const complaints = lines.map((line, at) => [lines[at - 1], COMPLAINT.exec(line)?.[1]] as const)
  return complaints.flatMap(([field, complaint]) => (complaint ? `${field}: ${complaint}` : [])).join('; ')
}

function unescaped(text: string): string {
  if (!ESCAPED.test(text)) return text
  return text
    .replace(/(?:\\n)?["')\]]*$/, '')
    .replaceAll('\\n', '\n')
    .replace(/\\(['"])/g, '$1')
}

/**
 * At most `most` lines of an error, but never fewer than two of several: the headline, then the head and the tail of
 * the other lines. `first` and `others` are the characters kept of a line. What is left out is counted.
 */
export function excerpt(text: string, most: number, first: number, others: number): readonly string[] {
  const { headline, beneath } = dissect(text)
  const rest = beneath.map((line) => cutCounting(line.trimEnd(), others))
  const said = headline === '' ? [] : [cutCounting(headline, first)]
  if (rest.length < most) return [...said, ...rest]
  const tail = Math.max(0, Math.floor((most - 2) / 2))
  const head = Math.max(0, most - 2 - tail)
  const left = `… ${plural(rest.length - head - tail, 'line')} left out …`
  return [...said, ...rest.slice(0, head), left, ...rest.slice(rest.length - tail)]
}
