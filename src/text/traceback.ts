import { cutCounting, plural } from './words.js'

/*
 * The headline of an error is the last exception that is whole. Of a chain that was cut off it is the first one, which
 * is the same wherever the cut was. Without a traceback it is the first line.
 */

/** An error in parts: what it says, the innermost frame that it comes from, and its other lines. */
export interface Parts {
  readonly headline: string
  /** File and function; empty where there is no traceback. */
  readonly frame: string
  readonly beneath: readonly string[]
}

const START = /Traceback \((?:most recent call|innermost) last\)/
/** Of Python, and of rich, which draws a box. */
const FRAME = /^(.*?)(?: {2}|> |^)File "([^"]+)", line \d+(?:, in (.+))?|^(.*?[│┃]) (\S+):\d+ in (\S+)/
const EXCEPTION = /^[A-Za-z_][\w.<>]*(?::|$)/
/** What else was under way when one task of several failed. */
const CANCELLED = /^[\w.]*Cancell?ed(?:Error)?(?::|$)/
/** The queue's worker keeps as many characters: a last line that ends there may be a fragment. */
const WORKER_KEEPS = 2_000
/** A traceback in the repr of a text. */
const ESCAPED = /Traceback \(most recent call last\):\\n/
/** pydantic: the field on one line, and beneath it the complaint. */
const INVALID = /\d+ validation errors? for /
const COMPLAINT = /^ {2}(\S.*?) [[(]type=/

export function dissect(text: string): Parts {
  if (!text.includes('\n') && !ESCAPED.test(text)) return { headline: text.trim(), frame: '', beneath: [] }
  const lines = unescaped(text).split('\n')
  const { line, margin, frame } = exceptionOf(lines, text.length) ?? firstLine(lines)
  const said = (lines[line] ?? '').slice(margin).trim()
  const next = (lines[line + 1] ?? '').slice(margin)
  const goesOn = said.endsWith(':') && next.trim() !== ''
  const headline = INVALID.test(said) ? withFields(said, lines, line, margin) : goesOn ? `${said} ${next.trim()}` : said
  const beneath = lines.filter((each, index) => each.trim() !== '' && index !== line && !(goesOn && index === line + 1))
  return { headline, frame, beneath }
}

/** The line that says what went wrong. */
export function headline(text: string): string {
  return dissect(text).headline
}

interface Place {
  /** Index of the headline's line, and how many characters of a margin stand before it. */
  readonly line: number
  readonly margin: number
  readonly frame: string
}

function firstLine(lines: readonly string[]): Place {
  const first = lines.findIndex((line) => line.trim() !== '' && !START.test(line) && !FRAME.test(line))
  const last = lines.findLastIndex((line) => /[^\s^~]/.test(line))
  const isTraceback = lines.some((line) => START.test(line) || FRAME.test(line))
  const line = isTraceback && /^\s/.test(lines[first] ?? '') ? last : first
  return { line: Math.max(0, line), margin: 0, frame: '' }
}

/** The exception that leads, if the text has tracebacks; each goes on up to the next one's start. */
function exceptionOf(lines: readonly string[], length: number): Place | undefined {
  const tracebacks = tracebacksOf(lines)
  const isFragment = (line: number): boolean => length >= WORKER_KEEPS && line === lines.length - 1
  const exceptions = tracebacks.flatMap(({ line, margin, frame }) =>
    line === undefined ? [] : [{ line, margin, frame }],
  )
  const whole = exceptions.filter(({ line }) => !isFragment(line))
  const causes = whole.filter(({ line, margin }) => !CANCELLED.test((lines[line] ?? '').slice(margin)))
  const last = tracebacks.at(-1)?.line
  const isOpen = last === undefined || isFragment(last)
  const candidates = [causes, whole, exceptions].find(({ length }) => length > 0) ?? []
  return isOpen ? candidates[0] : candidates.at(-1)
}

interface Traceback {
  line: number | undefined
  margin: number
  frame: string
}

/** What stands before a frame stands before the exception too: a log's prefix, or the margin of an ExceptionGroup. */
function tracebacksOf(lines: readonly string[]): readonly Traceback[] {
  const all: Traceback[] = []
  for (const [index, line] of lines.entries()) {
    const current = all.at(-1)
    const frame = FRAME.exec(line)
    if (START.test(line) || (frame && (!current || current.line !== undefined)))
      all.push({ line: undefined, margin: 0, frame: '' })
    const traceback = all.at(-1)
    if (!traceback) continue
    const [, margin, file, name, , richFile, richName] = frame ?? []
    if (frame)
      Object.assign(traceback, { margin: margin?.length ?? 0, frame: `${file ?? richFile} ${name ?? richName}` })
    else if (traceback.line === undefined && EXCEPTION.test(line.slice(traceback.margin))) traceback.line = index
  }
  return all
}

function withFields(said: string, lines: readonly string[], from: number, margin: number): string {
  const beneath = lines.slice(from + 1).map((line) => line.slice(margin))
  const fields = beneath.flatMap((field, index) => {
    const complaint = COMPLAINT.exec(beneath[index + 1] ?? '')?.[1]
    return complaint ? [`${field.trim()}: ${complaint}`] : []
  })
  return [said, fields.join('; ')].filter((part) => part !== '').join(': ')
}

function unescaped(text: string): string {
  if (!ESCAPED.test(text)) return text
  return text
    .replace(/(?:\\n)?["')\]]*$/, '')
    .replaceAll('\\n', '\n')
    .replace(/\\(['"])/g, '$1')
}

/** Characters of a line below the first. */
const LINE = 160

/**
 * At most `most` lines of an error: the one that says what went wrong, up to `characters` of it, then the others from
 * their head and from their tail. What is left out is counted.
 */
export function excerpt(text: string, most: number, characters: number): readonly string[] {
  const { headline, beneath } = dissect(text)
  const rest = beneath.map((line) => cutCounting(line.trimEnd(), LINE))
  const first = headline === '' ? [] : [cutCounting(headline, characters)]
  if (rest.length < most) return [...first, ...rest]
  const tail = Math.max(0, Math.floor((most - 2) / 2))
  const head = Math.max(0, most - 2 - tail)
  const left = `… ${plural(rest.length - head - tail, 'line')} left out …`
  return [...first, ...rest.slice(0, head), left, ...rest.slice(rest.length - tail)]
}
