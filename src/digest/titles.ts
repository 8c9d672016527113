import { areCauses, GONE, MARK, shapeOf, unframed } from './mask.js'

/*
 * The title of a song has no form that a pattern could know, so it is found by comparison: a title begins where many
 * texts have two or more words in common and differ in the next. No title holds a cause. Most titles stand before their
 * cause, so common ends are searched within each common beginning, then common ends alone, then words between titles.
 */

type Words = readonly string[]

/** A kept number or code, a host, a name in snake_case, in lowerCamelCase or with dots, an exception. */
const NO_PROSE = /\d|_|:\/\/|(?<![A-Za-z])[a-z]+[A-Z]|[a-z]\.[a-z]|(?:Error|Exception)(?!\w)/
/** TooManyRedirects: */
const CLASS = /[a-z][A-Z]\w*:$/
/** A longer variable leaves texts too little in common. */
const WORDS_PER_WORD = 3
const LONGEST_TITLE = 12

/** The words that texts have in common around titles: a run at each end, or one in the middle. */
export class TitleMask {
  private readonly form: RegExp

  constructor(
    runs: readonly Words[],
    private readonly causes: string,
  ) {
    const longest = Math.max(LONGEST_TITLE, WORDS_PER_WORD * runs.flat().length)
    const variable = String.raw`\S+?(?: \S+?){0,${longest - 1}}?`
    this.form = new RegExp(`^(.*\n)${runs.map((run, at) => source(run, at > 0, at < runs.length - 1)).join(variable)}$`)
  }

  /** The masked text with its variables masked as well; undefined if the text does not fit. */
  masked(text: string): string | undefined {
    const [, frame, ...own] = this.form.exec(text) ?? []
    return frame !== undefined && causesIn(wordsOf(text)) === this.causes ? frame + own.join(GONE) : undefined
  }
}

function source(run: Words, hasVariableBefore: boolean, hasVariableBehind: boolean): string {
  if (run.length === 0) return '()'
  const words = run.join(' ').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return `(${hasVariableBefore ? ':? ' : ''}${words.replaceAll(MARK, `${MARK}[^${MARK}]*${MARK}`)}${hasVariableBehind ? ' ' : ''})`
}

/** Without frame and marked values. */
function wordsOf(text: string): Words {
  return unframed(shapeOf(text)).split(' ')
}

/** The words that are no prose, the quoted key after an exception among them. */
function causesIn(words: Words): string {
  const isCause = (word: string, at: number): boolean =>
    NO_PROSE.test(word) ||
    (at === 0 && CLASS.test(word)) ||
    (/^["']/.test(word) && /(?:Error|Exception):$/.test(words[at - 1] ?? ''))
  return words.filter(isCause).join(' ')
}

/** More values than these are many: fewer prove a cause after titles, and more a title after one word. */
const HANDFUL = 5
const SOME = 2
const VERY_MANY = 32
const ANY = Number.POSITIVE_INFINITY
const LONGEST_AROUND_MIDDLE = 32

/**
 * The title masks of these masked texts; a text belongs to the first that it fits. A beginning with known endings gets
 * its own mask only if this search `isLast`: it would take texts whose endings are still too rare.
 */
export function titleMasksOf(texts: readonly string[], isLast: boolean): readonly TitleMask[] {
  const masks: TitleMask[] = []
  // One of each shape: the frame does not matter here.
  const shapes = new Map(texts.map((text) => [unframed(shapeOf(text)), text]))
  const split = Array.from(shapes, ([shape, text]) => ({ text, words: shape.split(' ') }))
  for (const [causes, alike] of groupedBy(split, ({ words }) => causesIn(words))) {
    let left = alike
    const add = (...runs: readonly Words[]): void => {
      const mask = new TitleMask(runs, causes)
      const others = left.filter(({ text }) => mask.masked(text) === undefined)
      if (others.length < left.length) masks.push(mask)
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
  return masks
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
    const values = () => groupedBy(alike, (words) => follower(words, depth))
    if (next.size > 1 && alike.length > most && isVariable(values(), most))
      return [[alike[0]?.slice(0, depth) ?? [], alike]]
    return [...next].flatMap(([word, more]) => (word && more.length > SOME ? descend(more, depth + 1) : []))
  }
  return descend(all, 0)
}

function isVariable(values: ReadonlyMap<unknown, readonly Words[]>, few: number): boolean {
  const counts = Array.from(values.values(), ({ length }) => length)
  const texts = counts.reduce((sum, count) => sum + count, 0)
  const once = counts.filter((count) => count === 1).length
  return values.size > few && (once > few || !areCauses(values.size, texts))
}

/** Marked values look alike here: the next word may differ. */
function follower(words: Words, depth: number): string {
  const word = words[depth] ?? ''
  return word.includes(MARK) ? `${word} ${words[depth + 1]}` : word
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
