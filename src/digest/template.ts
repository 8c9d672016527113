import { SLOT } from './mask.js'

/*
 * Titles, which no mask can know: where more than five different words follow the same two or more, or stand before
 * them, a variable begins. A cause is never part of the variable, and common ends are looked for before common
 * beginnings: a title stands before its cause.
 */

type Words = readonly string[]

/** The words of a shape. */
export interface Pattern {
  readonly words: Words
  /** Its words that are no prose, and where it was raised: patterns that differ in them are never merged. */
  readonly causes: string
}

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
/** Causes behind titles; ends that are the same by chance are more. */
const FEW_ENDINGS = 12
/** A middle that stands anywhere proves less than the words at an end; beyond the longest nothing is won. */
const SHORTEST_MIDDLE = 3
const LONGEST_MIDDLE = 8
/** Three words with letters, side by side; "… … …" says nothing. */
const SAYING = /\p{L}{2}\S* \S*\p{L}{2}\S* \S*\p{L}{2}/u
/** A number or code that was kept, a host, a snake_case or lowerCamelCase name, one with dots, an exception. */
const NO_PROSE = /\d|_|:\/\/|(?<![A-Za-z])[a-z]+[A-Z]|[a-z]\.[a-z]|(?:Error|Exception)(?!\w)/
/** TooManyRedirects: */
const CLASS = /[a-z][A-Z]\w*:$/

/** `frame` is where the error was raised. */
export function patternOf(shape: string, frame: string): Pattern {
  let [words, causes]: [Words?, string?] = []
  // Most patterns of a storm are never compared.
  return {
    get words() {
      words ??= shape.split(' ')
      return words
    },
    get causes() {
      causes ??= [frame, ...this.words.filter((word, index, all) => isCause(word, all[index - 1]))].join(' ')
      return causes
    },
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
  const all = Array.from(left, ({ words }) => words)
  const reversed = new Map(all.map((words) => [words, backwards(words)]))
  const beginnings = variablesIn(all)
  const endings = variablesIn([...reversed.values()])
  const before = ({ words }: Pattern) => words.slice(0, beginnings.get(words) ?? 0)
  const behind = ({ words }: Pattern) => words.slice(words.length - (endings.get(reversed.get(words) ?? []) ?? 0))
  const sides: readonly ((pattern: Pattern) => Common)[] = [
    (pattern) => ({ before: before(pattern), behind: behind(pattern) }),
    (pattern) => ({ behind: behind(pattern) }),
    (pattern) => ({ before: before(pattern) }),
  ]
  for (const side of sides)
    for (const family of grouped(left, (pattern) => JSON.stringify(side(pattern))).values()) {
      const common = side(family[0] as Pattern)
      const isWhole = Object.values(common).every((part) => part.length > 0)
      if (!isWhole || family.length <= HANDFUL) continue
      if (!common.behind) yield* causesBehind(family, common.before ?? [])
      if (family.filter((pattern) => left.has(pattern)).length > HANDFUL) yield common
    }
}

/** What comes again behind different titles: after a pause, or else as some words side by side. */
function causesBehind(family: readonly Pattern[], before: Words): readonly Common[] {
  const suffixes = family.map(({ words }) => suffixesOf(words.slice(before.length)))
  const all = grouped(suffixes.flat(), ({ text }) => text)
  const found = suffixes.flatMap((each) => {
    const again = each.filter(({ text, isPaused }) => (all.get(text)?.length ?? 0) >= (isPaused ? 2 : 3))
    return (again.find(({ isPaused }) => isPaused) ?? again[0])?.text ?? []
  })
  const endings = [...new Set(found)]
  const areCauses = 2 * found.length >= family.length && endings.length <= FEW_ENDINGS
  return areCauses ? endings.map((ending) => ({ before, behind: ending.split(' ') })) : []
}

function suffixesOf(stretch: Words): readonly { readonly text: string; readonly isPaused: boolean }[] {
  return stretch.slice(1).flatMap((word, index) => {
    const isPaused = /[:;,)–—-]$/.test(stretch[index] ?? '') || /^[([]/.test(word)
    const isEnough = isPaused || stretch.length - index - 1 >= FEWEST_WORDS
    return isEnough ? [{ text: stretch.slice(index + 1).join(' '), isPaused }] : []
  })
}

function backwards(words: Words): Words {
  return words.slice(-LONGEST_END).toReversed()
}

/** A tree of words: after how many of a text's words, if any, more than a handful of different ones follow. */
function variablesIn(texts: readonly Words[]): ReadonlyMap<Words, number> {
  const found = new Map<Words, number>()
  const descend = (alike: readonly Words[], depth: number, last: number, wasVariable: boolean): void => {
    const isVariable = new Set(alike.map((words) => follower(words, depth))).size > HANDFUL
    // Right behind a variable's first word its second may vary as well.
    const start = isVariable && !wasVariable ? depth : last
    for (const words of alike) found.set(words, start)
    if (depth >= LONGEST_END) return
    for (const more of grouped(alike, (words) => words[depth] ?? '').values())
      if (more.length > HANDFUL) descend(more, depth + 1, start, isVariable)
  }
  for (const alike of grouped(texts, (words) => words.slice(0, FEWEST_WORDS).join(' ')).values())
    descend(alike, FEWEST_WORDS, 0, false)
  return found
}

/** What follows a number may differ where numbers do not. */
function follower(words: Words, place: number): string {
  const word = words[place] ?? ''
  return word.includes(SLOT) ? `${word} ${words[place + 1]}` : word
}

/** The longest first. Two services that know no song are two causes: it takes more beginnings to be titles. */
function* commonMiddles(left: ReadonlySet<Pattern>): Iterable<Common> {
  for (let length = LONGEST_MIDDLE; length >= SHORTEST_MIDDLE; length -= 1) {
    const places = [...left].flatMap((pattern) => middlesOf(pattern, length).map((text) => ({ text, pattern })))
    for (const [text, found] of grouped(places, (place) => place.text)) {
      const members = found.filter(({ pattern }) => left.has(pattern))
      const ends = [0, -1].map((place) => new Set(members.map(({ pattern }) => pattern.words.at(place))))
      if (ends.every(({ size }) => size > HANDFUL)) yield { middle: text.split(' ') }
    }
  }
}

function middlesOf({ words }: Pattern, length: number): readonly string[] {
  if (!leavesStretch(length, words.length)) return []
  const texts = Array.from(words.slice(length - 1), (_, start) => words.slice(start, start + length).join(' '))
  return texts.filter((text) => SAYING.test(text))
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
