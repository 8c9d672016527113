import { GONE, MARK, shapeOf, unframed } from './mask.js'

/*
 * Titles, which no mask can know: where many different words follow the same two or more, or stand before them, a
 * variable begins. A cause is never part of it. A title stands before its cause: in each common beginning common ends
 * are looked for, then what has a common end alone, then what varies at both ends.
 */

type Words = readonly string[]

/** A number or code that was kept, a host, a snake_case or lowerCamelCase name, one with dots, an exception. */
const NO_PROSE = /\d|_|:\/\/|(?<![A-Za-z])[a-z]+[A-Z]|[a-z]\.[a-z]|(?:Error|Exception)(?!\w)/
/** TooManyRedirects: */
const CLASS = /[a-z][A-Z]\w*:$/
/** Of a longer variable the texts would have too little in common. */
const WORDS_PER_WORD = 3

/** The words that texts with a variable have in common, a run at each end or one in the middle. */
export class Template {
  private readonly form: RegExp

  constructor(
    runs: readonly Words[],
    private readonly causes: string,
  ) {
    const longest = WORDS_PER_WORD * runs.flat().length
    const variable = String.raw`\S+?(?: \S+?){0,${longest - 1}}?`
    this.form = new RegExp(`^(.*\n)${runs.map((run, at) => source(run, at > 0, at < runs.length - 1)).join(variable)}$`)
  }

  /** The masked text with its variables masked as well; undefined if it is none of the template. */
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

/** Without the values that are marked. */
function wordsOf(text: string): Words {
  return unframed(shapeOf(text)).split(' ')
}

/** The words that are no prose. What stands in quotes behind an exception is its key. */
function causesIn(words: Words): string {
  const isCause = (word: string, at: number): boolean =>
    NO_PROSE.test(word) ||
    (at === 0 && CLASS.test(word)) ||
    (/^["']/.test(word) && /(?:Error|Exception):$/.test(words[at - 1] ?? ''))
  return words.filter(isCause).join(' ')
}

/** More values than these are many. A cause behind titles need not occur as often. */
const HANDFUL = 5
const SOME = 2
const TEXTS_PER_VALUE = 3
const FEWEST_WORDS = 2
/** A middle that stands anywhere proves less than the words at an end. */
const SHORTEST_MIDDLE = 3
const LONGEST_AROUND_MIDDLE = 32

/** The templates of these masked texts; a text belongs to the first that it fits. */
export function templatesOf(texts: readonly string[]): readonly Template[] {
  const templates: Template[] = []
  const patterns = new Map(texts.map((text) => [unframed(shapeOf(text)), { text, words: wordsOf(text) }]))
  for (const [causes, alike] of groupedBy(patterns.values(), ({ words }) => causesIn(words))) {
    let left = alike
    const add = (...runs: readonly Words[]): void => {
      const template = new Template(runs, causes)
      const others = left.filter(({ text }) => template.masked(text) === undefined)
      if (others.length < left.length) templates.push(template)
      left = others
    }
    const all = left.map(({ words }) => words)
    for (const [before, family] of commonStarts(all, HANDFUL, FEWEST_WORDS)) {
      for (const ending of endings(family)) add(before, ending)
      add(before, [])
    }
    const backwards = left.map(({ words }) => words.toReversed())
    for (const [ending] of commonStarts(backwards, HANDFUL, FEWEST_WORDS)) add([], ending.toReversed())
    for (const middle of commonMiddles(left.map(({ words }) => words))) add([], middle, [])
  }
  return templates
}

/** What stands behind the titles, if most texts end in something that occurs again. */
function endings(family: readonly Words[]): readonly Words[] {
  const backwards = family.map((words) => words.toReversed())
  const found = commonStarts(backwards, SOME, FEWEST_WORDS, isPause)
  const members = found.flatMap(([, own]) => own)
  return 2 * members.length >= family.length ? found.map(([ending]) => ending.toReversed()) : []
}

/** What stands between two titles. Two services that know no song are two causes: only titles are many. */
function commonMiddles(all: readonly Words[]): readonly Words[] {
  const short = all.filter(({ length }) => length <= LONGEST_AROUND_MIDDLE)
  const before = new Map<Words, string>(short.flatMap((words) => words.map((word, at) => [words.slice(at + 1), word])))
  const starts = commonStarts([...before.keys()], HANDFUL, SHORTEST_MIDDLE)
  return starts.flatMap(([middle, members]) => {
    const values = groupedBy(members, (words) => before.get(words))
    return isVariable(values, HANDFUL) ? [middle] : []
  })
}

type Start = readonly [start: Words, members: readonly Words[]]

/**
 * A tree of words: the beginnings behind which many different words follow, each with those that have it. One word is
 * enough if `isEnough` is true of all of them.
 */
function commonStarts(
  all: readonly Words[],
  few: number,
  fewestWords: number,
  isEnough: (words: Words) => boolean = () => false,
): readonly Start[] {
  const descend = (alike: readonly Words[], depth: number): readonly Start[] => {
    const next = groupedBy(alike, (words) => words[depth])
    const isEnd = next.size > 1 && (depth >= fewestWords || (depth === 1 && alike.every(isEnough)))
    if (
      isEnd &&
      isVariable(
        groupedBy(alike, (words) => follower(words, depth)),
        few,
      )
    )
      return [[alike[0]?.slice(0, depth) ?? [], alike]]
    return [...next].flatMap(([word, more]) => (word && more.length > few ? descend(more, depth + 1) : []))
  }
  return descend(all, 0)
}

/** What takes few values, and each again and again, is a cause. */
function isVariable(values: ReadonlyMap<unknown, readonly Words[]>, few: number): boolean {
  const counts = Array.from(values.values(), ({ length }) => length)
  const texts = counts.reduce((sum, count) => sum + count, 0)
  const once = counts.filter((count) => count === 1).length
  return values.size > few && (TEXTS_PER_VALUE * values.size > texts || once > few)
}

/** What follows a value may differ where the values do not. */
function follower(words: Words, depth: number): string {
  const word = words[depth] ?? ''
  return word.includes(MARK) ? `${word} ${words[depth + 1]}` : word
}

/** Of words backwards, whether their last one stands apart. */
function isPause([last = '', next = '']: Words): boolean {
  return /^[([]/.test(last) || /[:;,)–—-]$/.test(next)
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
