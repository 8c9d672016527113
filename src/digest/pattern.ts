import { headline, isTraceback } from '../text/traceback.js'
import { oneLine } from '../text/words.js'

/*
 * Separates what an error says from what merely identifies the job. HTTP statuses, errno, the key of a
 * KeyError, reasons, constraints and hosts tell causes apart and stay; ids, titles, paths and numbers go.
 */

const GONE = '…'
/** Characters of an error that are looked at, and characters of a pattern that count. */
const READ = 2_000
const KEPT = 1_000

const PASSES: readonly (readonly [RegExp, string])[] = [
  // scheme://host/path?query
  [/(:\/\/[^\s"'<>/?#)]+)[/?#][^\s"'<>)]*/g, `$1/${GONE}`],
  // "Max retries exceeded with url: /path?query" of requests and urllib3, and any other path with a query
  [/(\burl: )\/\S*/gi, `$1/${GONE}`],
  [/(?<![\w/])\/[^\s"'<>?]*\?[^\s"'<>]*/g, `/${GONE}`],
  // PostgreSQL's DETAIL: the columns stay
  [
    /(\bKey \([^)]{1,200}\)=)\(.{0,300}?\)(?= (?:already exists|is not present|is still referenced|conflicts with)|$)/g,
    `$1(${GONE})`,
  ],
  [/(\bFailing row contains )\(.*\)/g, `$1(${GONE})`],
]

/** A quote closes at the last place before the next one opens: 'Round Midnight and Travelin' Light have apostrophes. */
const SINGLE = /(?<!\w)'{1,2}((?:[^']|(?<=\w)'|'(?!\w)){1,100})'(?!\w)/g
const DOUBLE = /["`]([^"`]{1,100})["`]/g
/** One word: a key, a column, a type. Markup and literals hold words as well. */
const ONE_WORD = /^[\w.$-]*$/
const LITERAL = /[{}[\]<>=]/
/** The argument of a call is part of an exception's repr: OSError(104, 'Connection reset by peer'). */
const ARGUMENT = /[(,]\s?$/

/** A word with a digit in it, and what hangs on it by dots. */
const NUMBERED = /(?<![\w-])[\w-]*\d[\w-]*(?:\.[\w-]+)*/g
const HOST = /\.(?:ai|app|cloud|co|com|de|dev|eu|example|fm|internal|io|local|net|org|tv|uk|us)$/i
const STATUS = /^[1-5]\d\d$/
const BEFORE_STATUS =
  /(?:\b\w*(?:https?|status|code|error|answered|returned|returns|got|response|failed)["']?(?:\s?[:=]\s?|\s)["'(]?|HTTP\/\d(?:\.\d)? )$/i
/** A bare number is a status where a sentence begins or ends with it, unless it counts what follows. */
const AFTER_PAUSE = /(?:^|: |[([] ?)$/
const BEFORE_PAUSE = /^(?:$|[^\w\s]|\s+(?:[A-Z]|deleted))/
const BEFORE_CODE = /\b(?:errno|sqlstate|exit code|exit status|signal)\W{0,2}$/i
/** urllib3, disc_2, psycopg2.errors.UniqueViolation */
const NAME = /^(?![\da-f]{6,}$)[a-z]+(?:_[a-z]+)*_?\d{1,2}(?:\.[a-z_]+)*$/i

/** Of the length of YouTube's and of Spotify's ids; those without a digit are told from words by their capitals. */
const ID = /(?<![\w-])(?:[\w-]{22}|[\w-]{11})(?![\w-])/g
const MIXED = /[a-z][A-Z]/
const CAMEL_CASE = /^(?:[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])|[_-])+$/

/** An error on one line, at most 1,000 characters, in which whatever identifies the job is "…". */
export function errorPattern(error: string | null): string {
  const read = (error ?? '').slice(0, READ)
  const line = oneLine(isTraceback(read) ? `${headline(error ?? '')} ${read}` : read)
  const text = PASSES.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), line)
    .replace(SINGLE, unquoted)
    .replace(DOUBLE, unquoted)
  const nameless = MIXED.test(text) ? text.replace(ID, (token) => (isId(token) ? GONE : token)) : text
  // Cut in the end: a cut between ids of different lengths leaves different remainders.
  return nameless.replace(NUMBERED, unnumbered).slice(0, KEPT)
}

function unquoted(quoted: string, content: string, offset: number, text: string): string {
  const isWord =
    ONE_WORD.test(content) || LITERAL.test(content) || ARGUMENT.test(text.slice(Math.max(0, offset - 2), offset))
  return isWord ? quoted : `${quoted[0]}${GONE}${quoted[0]}`
}

function isId(token: string): boolean {
  return MIXED.test(token) && !CAMEL_CASE.test(token.replace(/\d/g, ''))
}

function unnumbered(token: string, offset: number, text: string): string {
  const before = text.slice(Math.max(0, offset - 24), offset)
  const isCode = STATUS.test(token)
    ? BEFORE_STATUS.test(before) || (AFTER_PAUSE.test(before) && BEFORE_PAUSE.test(text.slice(offset + 3, offset + 12)))
    : NAME.test(token) || HOST.test(token)
  return isCode || BEFORE_CODE.test(before) ? token : GONE
}
