import { beneath, headline, isTraceback } from '../text/traceback.js'
import { oneLine } from '../text/words.js'
import { isHost } from './causes.js'
import { isQuotedStatus, isStatus } from './status.js'

/*
 * Separates what an error says from what merely identifies the job. HTTP statuses, errno, the key of a
 * KeyError, reasons, constraints and hosts tell causes apart and stay; ids, titles, paths and numbers go.
 */

const GONE = '…'
/** Characters of an error that are looked at, and characters of a pattern that count. */
const READ = 2_000
const KEPT = 1_000
/** Characters before a word and behind it that say what it is. */
const NEAR = 24

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
/** One word: a key, a column, a type. Markup, literals and addresses hold words as well. */
const ONE_WORD = /^[\w.$-]*$/
const LITERAL = /[{}[\]<>=]|:\/\//
/** The argument of a call is part of an exception's repr: OSError(104, 'Connection reset by peer'). */
const ARGUMENT = /[(,]\s?$/
/** A key may be two words or a small number; one with capitals is a title. */
const BEFORE_KEY = /\bKeyError: $/
const KEY = /^[a-z_]+(?: [a-z_]+){1,3}$/

/** A word with a digit in it, and what hangs on it by dots. */
const NUMBERED = /(?<![\w-])[\w-]*\d[\w-]*(?:\.[\w-]+)*/g
/** A code beside its name, as far as it is short: [Errno 28], curl: (6), OSError(104, KeyError: 0. */
const BEFORE_CODE = /\b(?:errno|sqlstate|exit code|exit status|signal|curl|KeyError)\W{0,3}$|\w(?:Error|Exception)\($/i
const CODE = /^-?\d{1,3}$/
const BEFORE_SQLSTATE = /(?:code["']?\s?[:=]\s?["']?|sqlstate\W{0,2})$/i
const SQLSTATE = /^[\dA-Z]{5}$/
/** What stands between the dots of a name: urllib3, disc_2, oauth2_token, rfc6749; S3UploadFailedError */
const NAME = /^(?:[a-z]+\d{0,2}_)*(?:[a-z]+\d{0,2}|(?<=_)\d{1,2}|rfc\d+)$/i
const CLASS = /^[A-Z]+[a-z]*\d{1,2}(?:[A-Z][a-z]{2,})+$/
const HEX = /^[\da-f]{6,}$/i

/** Of the length of YouTube's and of Spotify's ids; those without a digit are told from words by their capitals. */
const ID = /(?<![\w-])(?:[\w-]{22}|[\w-]{11})(?![\w-])/g
const MIXED = /[a-z][A-Z]/
const CAMEL_CASE = /^(?:[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])|[_-])+$/

/**
 * An error on one line, at most 1,000 characters, in which whatever identifies the job is "…". A traceback's exception
 * stands on a line of its own, and what is beneath it on the next.
 */
export function errorPattern(text: string): string {
  const parts = isTraceback(text.slice(0, READ)) ? [headline(text), beneath(text).join('\n')] : [text]
  // Cut in the end: a cut between ids of different lengths leaves different remainders.
  return parts.map(nameless).join('\n').slice(0, KEPT)
}

function nameless(part: string): string {
  const text = PASSES.reduce(
    (rest, [pattern, replacement]) => rest.replace(pattern, replacement),
    oneLine(part.slice(0, READ)),
  )
    .replace(SINGLE, unquoted)
    .replace(DOUBLE, unquoted)
  const withoutIds = MIXED.test(text) ? text.replace(ID, (token) => (isId(token) ? GONE : token)) : text
  return withoutIds.replace(NUMBERED, unnumbered)
}

function unquoted(quoted: string, content: string, offset: number, text: string): string {
  const before = text.slice(Math.max(0, offset - NEAR), offset)
  const isSaid =
    ONE_WORD.test(content) ||
    LITERAL.test(content) ||
    ARGUMENT.test(before) ||
    (BEFORE_KEY.test(before) && KEY.test(content)) ||
    isQuotedStatus(content, before)
  return isSaid ? quoted : `${quoted[0]}${GONE}${quoted[0]}`
}

function isId(token: string): boolean {
  return MIXED.test(token) && !CAMEL_CASE.test(token.replace(/\d/g, ''))
}

function unnumbered(token: string, offset: number, text: string): string {
  const end = offset + token.length
  const before = text.slice(Math.max(0, offset - NEAR), offset)
  const isSaid = isStatus(token, before, text.slice(end, end + NEAR)) || isCode(token, before) || isName(token)
  return isSaid ? token : GONE
}

function isCode(token: string, before: string): boolean {
  return (CODE.test(token) && BEFORE_CODE.test(before)) || (SQLSTATE.test(token) && BEFORE_SQLSTATE.test(before))
}

function isName(token: string): boolean {
  if (isHost(token)) return true
  return !HEX.test(token) && token.split('.').every((part) => NAME.test(part) || CLASS.test(part))
}
