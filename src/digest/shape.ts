import { HEADLINE_READ, HEADLINE_WORDS } from '../caps.js'
import { oneLine } from '../text/words.js'

/*
 * What identifies a job is masked; a word that is not prose is a cause and stays. A value that may be either is
 * delimited, and its form and its number decide: few values over many jobs are causes, and as many statuses, keys or
 * hosts as there may be; other values, of which there are about as many as jobs, identify them.
 *
 * error   Discogs said 401 for release 5f0e8a52
 * masked  Discogs said \0401\0 for release …
 * shape   Discogs said \0 for release …
 */

/** Replaces what is masked. */
export const GONE = '…'
/** Encloses a value that may be a cause, which has no blanks: "Discogs said \0401\0 for …". */
export const DELIMITER = '\0'
const VALUE = '\0[^\0]*\0'
const DELIMITED = new RegExp(VALUE, 'g')

/** Characters read before a value. */
const NEAR = 24

/** A path may hold brackets in pairs, and apostrophes within words. */
const PATH = String.raw`(?:[^\s"'<>()]|'(?=\w)|\([^\s()]*\))*`
const URL = new RegExp(String.raw`(://[^\s"'<>/?#()]+)[/?#]${PATH}`, 'g')
/** "Max retries exceeded with url: /path" of requests and urllib3, and any other path with a query. */
const LOOSE_PATH = new RegExp(String.raw`(\burl: |(?<![\w/])(?=/[^\s"'<>?]*\?))/${PATH}`, 'g')

/** covers/The-Wall.jpg */
const FILE = /(?<![\w/:.-])\/?(?:[\w-]+\/)+[\w.-]*\.[a-z]\w{1,4}(?![\w/])/g

/** A quote closes at the last place before the next one opens: 'Round Midnight and Travelin' Light have apostrophes. */
const SINGLE = String.raw`(?<!\w)'{1,2}(?<single>(?:[^']|(?<=\w)'|'(?!\w)){1,100})'(?!\w)`
const DOUBLE = String.raw`["\x60](?<double>[^"\x60]{1,100})["\x60]`
/** A word with a digit, and what dots join to it; or a word as long as an id of YouTube or Spotify. */
const NUMBERED = String.raw`(?<![\w-])(?:[\w-]*\d[\w-]*(?:\.[\w-]+)*|(?:[\w-]{22}|[\w-]{11})(?![\w-]))`
/** A file or a short host. */
const DOTTED = String.raw`(?<![\w./-])[A-Za-z][\w-]*\.[A-Za-z]\w*(?![\w.-])`
const TOKEN = new RegExp(`${SINGLE}|${DOUBLE}|${DOTTED}|${NUMBERED}`, 'g')
/** Most prose has nothing to mask. */
const MASKABLE = /['"`\d.]|[a-z][A-Z]/

/** One word (a key, a column, a type), and the signs of markup, literals and addresses. */
const ONE_WORD = /^[\w.$-]*$/
const LITERAL = /[{}[\]<>=]|:\/\//
/** The argument of a call is part of an exception's repr: OSError(104, 'Connection reset by peer'). */
const ARGUMENT = /[(,]\s?$/
/** What an exception was raised with: a key of up to four words; capitals make a title. */
const RAISED = /(?:Error|Exception): $/
const KEYS = /^[a-z_]+(?: [a-z_]+){1,3}$/

/** Ends in a code's name: exitcode 137, status_code=404, [Errno 28], signal: 9; curl: (6), varchar(255) */
const CODE_NAME = /(?:code|errno|status|signal|sqlstate)["']?\W{0,3}$|(?:Error|Exception)(?:: |\()$|\w(?:: )?\($/i
const CODE = /^-?\d{1,3}$/
const SQLSTATE_NAME = /(?:code|sqlstate)["']?\W{0,3}$/i
const SQLSTATE = /^[\dA-Z]{5}$/
const HTTP_STATUS = /^https?_?\d{3}$/i
/** Numbers and codes that may be causes: 17, ORA-00942, 40P01 */
const UNDECIDED = /^(?:-?\d{1,5}|[A-Z]{1,4}-?\d{1,5}|[\dA-Z]{5})$/
/** The parts of a dotted name: urllib3, disc_2, oauth2_token, rfc6749; S3UploadFailedError */
const NAME = /^(?:[a-z]+\d{0,2}_)*(?:[a-z]+\d{0,2}|(?<=_)\d{1,2}|rfc\d+)$/i
const CLASS = /^[A-Z]+[a-z]*\d{1,2}(?:[A-Z][a-z]{2,})+$/
const HEX = /^[\da-f]{6,}$/i
/** Capitals tell an id without a digit from words. */
const MIXED = /[a-z][A-Z]/
const CAMEL_CASE = /^(?:[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])|[_-])+$/

/** HTTP statuses in use, registered or not, with their phrase if it is quoted with them. */
const STATUS = /^(?:10[0-3]|20[0-8]|226|30[0-8]|4[0-5]\d|49\d|5[0-3]\d|59[89])(?:\s[A-Z]|$)/
const KEY = /^[a-z]+$/
const CAPITALISED = /^[A-Z][a-z]*$/

/** Whether values are causes by their numbers alone: at most twelve, thrice each on average. */
export function areCauses(values: number, occurrences: number): boolean {
  return values <= 12 && occurrences >= 3 * values
}

/** How many values like this one may be causes if each comes once: many statuses, keys and hosts, but no ids. */
export function causesLike(value: string): number {
  if (STATUS.test(value)) return 32
  if (KEY.test(value) || /\../.test(value)) return 12
  return CAPITALISED.test(value) || /[A-Z]-?\d+$/.test(value) ? 5 : 1
}

/** A headline on one line, masked, with delimiters around the values that may be causes. */
export function mask(headline: string): string {
  const hosted = headline.replace(URL, `$1/${GONE}`)
  const pathless = /url: \/|\?/.test(hosted) ? hosted.replace(LOOSE_PATH, `$1/${GONE}`) : hosted
  const line = oneLine(withoutFiles(pathless.slice(0, HEADLINE_READ))).replaceAll(DELIMITER, GONE)
  return maskTokens(line.split(' ', HEADLINE_WORDS).join(' '))
}

function withoutFiles(text: string): string {
  return /\/[^ /]*\.[a-z]/.test(text) ? text.replace(FILE, GONE) : text
}

/** A masked text without the frame on the line before it. */
export function unframed(text: string): string {
  return text.slice(text.indexOf('\n') + 1)
}

/** A masked text with GONE for the chosen delimited values. */
export function hide(text: string, isHidden: (place: number) => boolean): string {
  let place = 0
  return text.replace(DELIMITED, (found) => (isHidden(place++) ? delimited(GONE) : found))
}

/** A masked text without its delimited values. */
export function shapeOf(text: string): string {
  return text.replace(DELIMITED, DELIMITER)
}

export function valuesOf(text: string): readonly string[] {
  return text.split(DELIMITER).filter((_, index) => index % 2 === 1)
}

function delimited(value: string): string {
  return DELIMITER + value.replaceAll(' ', '\u00a0') + DELIMITER
}

function maskTokens(text: string): string {
  if (!MASKABLE.test(text)) return text
  return text.replace(TOKEN, (token, single, double, offset) => {
    const before = text.slice(Math.max(0, offset - NEAR), offset)
    const content: string | undefined = single ?? double
    if (content === undefined) return maskNumbered(token, before)
    if (isCode(content, before)) return token
    const quote = token.charAt(0)
    if (isSaid(content, before)) return quote + maskTokens(content) + quote
    return quote + delimited(STATUS.test(content) || ONE_WORD.test(content) ? content : GONE) + quote
  })
}

function isSaid(content: string, before: string): boolean {
  if (LITERAL.test(content)) return true
  if (RAISED.test(before)) return ONE_WORD.test(content) || KEYS.test(content)
  if (ONE_WORD.test(content)) return !KEY.test(content) && !CAPITALISED.test(content) && !UNDECIDED.test(content)
  return ARGUMENT.test(before)
}

function maskNumbered(token: string, before: string): string {
  const parts = token.split('.')
  if (parts.length === 2 && parts.every(isName)) return /(?:Error|Exception)$/.test(token) ? token : delimited(token)
  if (!/\d/.test(token)) return MIXED.test(token) && !CAMEL_CASE.test(token) ? GONE : token
  if (HTTP_STATUS.test(token) || isCode(token, before)) return token
  if (UNDECIDED.test(token)) return delimited(token)
  return parts
    .map((part) => (isName(part) ? part : GONE))
    .join('.')
    .replace(/…(?:\.…)+/g, GONE)
}

function isCode(token: string, before: string): boolean {
  return (CODE.test(token) && CODE_NAME.test(before)) || (SQLSTATE.test(token) && SQLSTATE_NAME.test(before))
}

function isName(part: string): boolean {
  return !HEX.test(part) && (NAME.test(part) || CLASS.test(part))
}

/*
 * The title of a song has no form that a pattern could know, so it is found by comparison: a title begins where many
 * texts have two or more words in common and differ in the next. No title holds a cause. Most titles stand before their
 * cause, so common ends are searched within each common beginning, then common ends alone, then words between titles.
 */

type Words = readonly string[]

/** A kept number or code, a host, a name in snake_case, in lowerCamelCase or with dots, an exception. */
const NO_PROSE = /\d|_|:\/\/|(?<![A-Za-z])[a-z]+[A-Z]|[a-z]\.[a-z]|(?:Error|Exception)(?!\w)/
/** TooManyRedirects: */
const EXCEPTION_NAME = /[a-z][A-Z]\w*:$/
/** Words of a title at most: twelve, or three for each word that the texts have in common. */
const LONGEST_TITLE = 12
const WORDS_PER_WORD = 3

/** Titles by the words that texts have in common around them: a run at each end, or one in the middle. */
export class TitleRule {
  private readonly form: RegExp

  constructor(
    runs: readonly Words[],
    private readonly causes: string,
  ) {
    const longest = Math.max(LONGEST_TITLE, WORDS_PER_WORD * runs.flat().length)
    const variable = String.raw`\S+?(?: \S+?){0,${longest - 1}}?`
    this.form = new RegExp(`^(.*\n)${runs.map((run, at) => source(run, at > 0, at < runs.length - 1)).join(variable)}$`)
  }

  /** The masked text with GONE for its titles; undefined if the text does not fit. */
  withoutTitles(text: string): string | undefined {
    const [, frame, ...own] = this.form.exec(text) ?? []
    return frame !== undefined && causesIn(wordsOf(text)) === this.causes ? frame + own.join(GONE) : undefined
  }
}

function source(run: Words, hasVariableBefore: boolean, hasVariableBehind: boolean): string {
  if (run.length === 0) return '()'
  const words = run.join(' ').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return `(${hasVariableBefore ? ':? ' : ''}${words.replaceAll(DELIMITER, VALUE)}${hasVariableBehind ? ' ' : ''})`
}

/** Without frame and delimited values. */
function wordsOf(text: string): Words {
  return unframed(shapeOf(text)).split(' ')
}

/** The words that are no prose, the quoted key after an exception among them. */
function causesIn(words: Words): string {
  const isCause = (word: string, at: number): boolean =>
    NO_PROSE.test(word) ||
    (at === 0 && EXCEPTION_NAME.test(word)) ||
    (/^["']/.test(word) && /(?:Error|Exception):$/.test(words[at - 1] ?? ''))
  return words.filter(isCause).join()
}

/** Words at one place beyond which they are titles; a place that proves less needs more (Few). */
const SOME = 2
const HANDFUL = 5
const VERY_MANY = 32
const ANY = Number.POSITIVE_INFINITY
/** In words: all their ends are compared. */
const LONGEST_AROUND_MIDDLE = 32

/**
 * The rules for titles in these masked texts; a text belongs to the first that it fits. A beginning with known endings
 * gets its own rule only if this search `isLast`: it would take texts whose endings are still too rare.
 */
export function titleRulesOf(texts: readonly string[], isLast: boolean): readonly TitleRule[] {
  const rules: TitleRule[] = []
  // One of each shape: the frame does not matter here.
  const shapes = new Map(texts.map((text) => [unframed(shapeOf(text)), text]))
  const split = Array.from(shapes, ([shape, text]) => ({ text, words: shape.split(' ') }))
  for (const [causes, alike] of groupedBy(split, ({ words }) => causesIn(words))) {
    let left = alike
    const add = (...runs: readonly Words[]): void => {
      const rule = new TitleRule(runs, causes)
      const others = left.filter(({ text }) => rule.withoutTitles(text) === undefined)
      if (others.length < left.length) rules.push(rule)
      left = others
    }
    const all = left.map(({ words }) => words)
    for (const [before, family] of commonStarts(all, ofBeginnings)) {
      const behind = endings(family)
      for (const ending of behind) add(before, ending)
      if (isLast || behind.length === 0) add(before, [])
    }
    const backwards = left.map(({ words }) => words.toReversed())
    for (const [ending] of commonStarts(backwards, ofEndings(HANDFUL))) add([], ending.toReversed())
    for (const middle of commonMiddles(left.map(({ words }) => words))) add([], middle, [])
  }
  return rules
}

/** The words after titles: all recurring ends if most texts have one, else those after punctuation. */
function endings(family: readonly Words[]): readonly Words[] {
  const backwards = family.map((words) => words.toReversed())
  const found = commonStarts(backwards, ofEndings(SOME))
  const areMost = 2 * found.flatMap(([, members]) => members).length >= family.length
  const said = found.filter(([end, members]) => areMost || members.every((words) => standsApart(words, end.length)))
  return said.map(([ending]) => ending.toReversed())
}

/** The words between two titles; both sides must vary: two services that know no song are two causes. */
function commonMiddles(all: readonly Words[]): readonly Words[] {
  const short = all.filter(({ length }) => length <= LONGEST_AROUND_MIDDLE)
  const before = new Map<Words, string>(short.flatMap((words) => words.map((word, at) => [words.slice(at + 1), word])))
  return commonStarts([...before.keys()], ofMiddles).flatMap(([middle, members]) => {
    const values = groupedBy(members, (words) => before.get(words))
    return isVariable(values, HANDFUL) ? [middle] : []
  })
}

/** How many values are few after `depth` words; a middle may stand anywhere, and proves less than an end. */
type Few = (depth: number, words: Words) => number
const ofMiddles: Few = (depth) => (depth > 2 ? HANDFUL : ANY)
const ofBeginnings: Few = (depth, [first = '']) =>
  depth > 1 ? HANDFUL : depth === 1 && first.endsWith(':') ? VERY_MANY : ANY
const ofEndings =
  (few: number): Few =>
  (depth, words) =>
    depth > 1 || (depth === 1 && standsApart(words, depth)) ? few : ANY

/** Whether punctuation parts the first `depth` of reversed words off. */
function standsApart(words: Words, depth: number): boolean {
  return /^[([]/.test(words[depth - 1] ?? '') || /[:;,)–—-]$/.test(words[depth] ?? '')
}

type Start = readonly [start: Words, members: readonly Words[]]

/** Descends a tree of words to the beginnings that more than a few different words follow; each with its texts. */
function commonStarts(all: readonly Words[], few: Few): readonly Start[] {
  const descend = (alike: readonly Words[], depth: number): readonly Start[] => {
    const next = groupedBy(alike, (words) => words[depth])
    const most = alike.reduce((largest, words) => Math.max(largest, few(depth, words)), 0)
    const values = groupedBy(alike, (words) => follower(words, depth))
    if (next.size > 1 && isVariable(values, most)) return [[alike[0]?.slice(0, depth) ?? [], alike]]
    return [...next].flatMap(([word, more]) => (word && more.length > SOME ? descend(more, depth + 1) : []))
  }
  return descend(all, 0)
}

/** Causes come again, so many that come once are titles, even beside frequent ones: "The …", "A …". */
function isVariable(values: ReadonlyMap<unknown, readonly Words[]>, few: number): boolean {
  const counts = Array.from(values.values(), ({ length }) => length)
  const texts = counts.reduce((sum, count) => sum + count, 0)
  const once = counts.filter((count) => count === 1).length
  return values.size > few && (once > few || !areCauses(values.size, texts))
}

/** Delimited values look alike here: the next word may differ. */
function follower(words: Words, depth: number): string {
  const word = words[depth] ?? ''
  return word.includes(DELIMITER) ? `${word} ${words[depth + 1]}` : word
}

function groupedBy<T, K>(all: Iterable<T>, keyOf: (each: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>()
  for (const each of all) {
    const key = keyOf(each)
    const group = groups.get(key)
    if (group) group.push(each)
    else groups.set(key, [each])
  }
  return groups
}
