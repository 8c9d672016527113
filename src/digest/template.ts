import { SLOT } from './mask.js'

/*
 * Titles, which no mask can know: where more than five different words follow the same two or more, or stand before
 * them, a variable begins. A cause is never part of the variable, and common ends are looked for before common
 * beginnings: a title stands before its cause.
 */

type Words = readonly string[]

/** What patterns have in common: words at either end, or else in the middle. */
interface Common {
  readonly before?: Words
  readonly middle?: Words
  readonly behind?: Words
}

export interface Template extends Required<Common> {
  readonly causes: string
  /** How many words it has. */
  readonly length: number
}

/** More patterns than this that differ in one stretch only are one. */
const HANDFUL = 5
const FEWEST_WORDS = 2
/** Words of an end that are looked at. */
const LONGEST_END = 24
/** Of a longer stretch the patterns would have too little in common. */
const STRETCH_PER_WORD = 3
/** Causes behind titles, and how often each occurs; more endings are the same by chance. */
const FEW_ENDINGS = 12
const OCCURS_AGAIN = 3
/** A middle that stands anywhere proves less than the words at an end. */
const SHORTEST_MIDDLE = 3
const LONGEST_AROUND_MIDDLE = 32
/** Three words with letters, side by side; "… … …" says nothing. */
const SAYING = /\p{L}{2}\S* \S*\p{L}{2}\S* \S*\p{L}{2}/u
/** A number or code that was kept, a host, a snake_case or lowerCamelCase name, one with dots, an exception. */
const NO_PROSE = /\d|_|:\/\/|(?<![A-Za-z])[a-z]+[A-Z]|[a-z]\.[a-z]|(?:Error|Exception)(?!\w)/
/** TooManyRedirects: */
const CLASS = /[a-z][A-Z]\w*:$/

/** A shape in words, split only when it is compared: most of a storm never are. `frame` is where it was raised. */
export class Pattern {
  #words: Words | undefined
  #causes: string | undefined

  constructor(
    private readonly shape: string,
    private readonly frame: string,
  ) {}

  get words(): Words {
    this.#words ??= this.shape.split(' ')
    return this.#words
  }

  /** The frame, and the words that are no prose: patterns that differ in them are never merged. */
  get causes(): string {
    this.#causes ??= [this.frame, ...this.words.filter((word, at, all) => isCause(word, all[at - 1]))].join(' ')
    return this.#causes
  }
}

/** What stands in quotes behind an exception is its key. */
function isCause(word: string, previous: string | undefined): boolean {
  if (previous === undefined && CLASS.test(word)) return true
  return NO_PROSE.test(word) || (/^["']/.test(word) && /(?:Error|Exception):$/.test(previous ?? ''))
}

/** Whether the pattern has the template's words, and between them something that varies. */
export function fits(template: Template, { words, causes }: Pattern): boolean {
  const { before, middle, behind, length } = template
  return (
    leavesStretch(length, words.length) &&
    standsAt(words, before, 0) &&
    standsAt(words, behind, words.length - behind.length) &&
    causes === template.causes &&
    placeOf(middle, words) >= 0
  )
}

/** Which of these words, by their place, are the template's own. */
export function ownWords({ before, middle, behind }: Template, words: Words): (index: number) => boolean {
  const start = placeOf(middle, words)
  return (index) =>
    index < before.length || (index >= start && index < start + middle.length) || index >= words.length - behind.length
}

function placeOf(middle: Words, words: Words): number {
  return words.findIndex((_, index) => standsAt(words, middle, index))
}

function leavesStretch(fixed: number, words: number): boolean {
  return words > fixed && words <= (STRETCH_PER_WORD + 1) * fixed
}

function standsAt(words: Words, part: Words, start: number): boolean {
  return part.every((word, index) => words[start + index] === word)
}

/** The templates of these patterns; a pattern belongs to the first that it fits. */
export function commonTemplates(patterns: readonly Pattern[]): readonly Template[] {
  const templates: Template[] = []
  for (const [causes, alike] of grouped(patterns, (pattern) => pattern.causes)) {
    if (alike.length <= HANDFUL) continue
    const left = new Set(alike)
    for (const search of [commonEnds, commonMiddles])
      for (const { before = [], middle = [], behind = [] } of search(left)) {
        const template = { before, middle, behind, causes, length: before.length + middle.length + behind.length }
        templates.push(template)
        for (const pattern of left) if (fits(template, pattern)) left.delete(pattern)
      }
  }
  return templates
}

function* commonEnds(left: ReadonlySet<Pattern>): Iterable<Common> {
  const beginnings = variablesIn([...left], ({ words }, place) => words[place])
  const endings = variablesIn([...left], ({ words }, place) => words.at(-1 - place))
  const before = (pattern: Pattern) => pattern.words.slice(0, beginnings.get(pattern))
  const behind = ({ words }: Pattern, length: number) => words.slice(words.length - length)
  const sides: readonly ((pattern: Pattern) => Common)[] = [
    (pattern) => ({ before: before(pattern), behind: behind(pattern, endings.get(pattern) ?? 0) }),
    (pattern) => ({ behind: behind(pattern, endings.get(pattern) ?? 0) }),
    (pattern) => ({ before: before(pattern) }),
  ]
  for (const side of sides)
    for (const family of grouped(left, (pattern) => JSON.stringify(side(pattern))).values()) {
      const common = side(family[0] as Pattern)
      if (family.length <= HANDFUL || Object.values(common).some((part) => part.length === 0)) continue
      if (!common.behind) yield* causesBehind(family, common.before ?? [])
      if (family.filter((pattern) => left.has(pattern)).length > HANDFUL) yield common
    }
}

/** What comes again to the letter behind different titles. */
function causesBehind(family: readonly Pattern[], before: Words): readonly Common[] {
  const suffixes = family.map(({ words }) => suffixesOf(words.slice(before.length)))
  const all = grouped(suffixes.flat(), (suffix) => suffix)
  const found = suffixes.flatMap((each) => each.find((suffix) => (all.get(suffix)?.length ?? 0) >= OCCURS_AGAIN) ?? [])
  const endings = [...new Set(found)]
  const areCauses = 2 * found.length >= family.length && endings.length <= FEW_ENDINGS
  return areCauses ? endings.map((ending) => ({ before, behind: ending.split(' ') })) : []
}

/** Longest first; a single word only after a pause. */
function suffixesOf(stretch: Words): readonly string[] {
  return stretch.slice(1).flatMap((word, index) => {
    const isEnough =
      index < stretch.length - FEWEST_WORDS || /[:;,)–—-]$/.test(stretch[index] ?? '') || /^[([]/.test(word)
    return isEnough ? [stretch.slice(index + 1).join(' ')] : []
  })
}

/** A tree of words: after how many of a pattern's words, if any, more than a handful of different ones follow. */
function variablesIn(
  patterns: readonly Pattern[],
  wordAt: (pattern: Pattern, place: number) => string | undefined,
): ReadonlyMap<Pattern, number> {
  const found = new Map(patterns.map((pattern) => [pattern, 0]))
  // What follows a number may differ where numbers do not.
  const follower = (pattern: Pattern, place: number): string => {
    const word = wordAt(pattern, place) ?? ''
    return word.includes(SLOT) ? `${word} ${wordAt(pattern, place + 1)}` : word
  }
  const descend = (alike: readonly Pattern[], depth: number, last: number, wasVariable: boolean): void => {
    const isVariable = depth >= FEWEST_WORDS && new Set(alike.map((each) => follower(each, depth))).size > HANDFUL
    // Right behind a variable's first word its second may vary as well.
    const start = isVariable && !wasVariable ? depth : last
    for (const pattern of alike) found.set(pattern, start)
    if (depth >= LONGEST_END) return
    for (const more of grouped(alike, (pattern) => wordAt(pattern, depth) ?? '').values())
      if (more.length > HANDFUL) descend(more, depth + 1, start, isVariable)
  }
  descend(patterns, 0, 0, false)
  return found
}

/** Runs of words that recur. Two services that know no song are two causes: it takes more beginnings to be titles. */
function* commonMiddles(left: ReadonlySet<Pattern>): Iterable<Common> {
  const all = grouped([...left].flatMap(middlesOf), (text) => text)
  const runOf = (pattern: Pattern): string => {
    const isShared = middlesOf(pattern).map((text) => (all.get(text)?.length ?? 0) > HANDFUL)
    const start = isShared.indexOf(true)
    if (start < 0) return ''
    const alone = isShared.indexOf(false, start)
    return pattern.words.slice(start, alone < 0 ? undefined : alone + SHORTEST_MIDDLE - 1).join(' ')
  }
  for (const [run, members] of grouped(left, runOf)) {
    const ends = [0, -1].map((place) => new Set(members.map(({ words }) => words.at(place))))
    if (SAYING.test(run) && ends.every(({ size }) => size > HANDFUL)) yield { middle: run.split(' ') }
  }
}

function middlesOf({ words }: Pattern): readonly string[] {
  if (words.length > LONGEST_AROUND_MIDDLE) return []
  return words.slice(SHORTEST_MIDDLE - 1).map((_, at) => words.slice(at, at + SHORTEST_MIDDLE).join(' '))
}

function grouped<T>(all: Iterable<T>, keyOf: (each: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const each of all) {
    const key = keyOf(each)
    const group = groups.get(key)
    if (group) group.push(each)
    else groups.set(key, [each])
  }
  return groups
}
