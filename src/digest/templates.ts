import { type Ends, isMember, leavesStretch, type Middle, type Pattern, type Template } from './template.js'

const FEWEST_WORDS = 2
/** A middle that stands anywhere proves less than the words at an end; beyond the longest nothing is won. */
const SHORTEST_MIDDLE = 3
const LONGEST_MIDDLE = 8
/** Three words with letters, side by side; "… … …" says nothing. */
const SAYING = /\p{L}{2}\S* \S*\p{L}{2}\S* \S*\p{L}{2}/u

/** The templates that more than `handful` of the patterns fit: like Drain's, but a stretch is as long as a title is. */
export function commonTemplates(patterns: readonly Pattern[], handful: number): readonly Template[] {
  return [...byCauses(patterns).values()].flatMap((alike) => {
    const left = new Set(alike)
    return [...taken(withEnds, left, handful), ...taken(withMiddle, left, handful)]
  })
}

type Search = (left: ReadonlySet<Pattern>, handful: number) => Iterable<Template>

/** Each pattern goes to the first template that it fits. */
function* taken(search: Search, left: Set<Pattern>, handful: number): Iterable<Template> {
  for (const template of search(left, handful)) {
    yield template
    for (const pattern of left) if (isMember(template, pattern)) left.delete(pattern)
  }
}

function byCauses(patterns: readonly Pattern[]): ReadonlyMap<string, readonly Pattern[]> {
  const all = new Map<string, Pattern[]>()
  for (const pattern of patterns) {
    const alike = all.get(pattern.causes)
    if (alike) alike.push(pattern)
    else all.set(pattern.causes, [pattern])
  }
  return all
}

/** One pass is enough: where a pattern has no template, it has none among fewer patterns. */
function* withEnds(left: ReadonlySet<Pattern>, handful: number): Iterable<Ends> {
  for (const seed of left) {
    const ends = endsOf(seed, left, handful)
    if (ends) yield ends
  }
}

/** How many words a pattern shares with the seed at its beginning and at its end. */
interface Shared {
  readonly before: number
  readonly behind: number
  readonly length: number
}

/** Among a pattern's templates the one with the most words wins. */
function endsOf(seed: Pattern, patterns: ReadonlySet<Pattern>, handful: number): Ends | undefined {
  const shared = [...patterns].map((other) => sharedBy(seed, other)).filter(isEnough)
  if (shared.length <= handful) return undefined
  const cut = shared.map((each) => withStretch(each, seed.words.length)).filter(isEnough)
  const candidates = [...new Map(cut.map((each) => [`${each.before} ${each.behind}`, each])).values()]
  const best = candidates
    .sort((a, b) => b.before + b.behind - a.before - a.behind)
    .find((ends) => shared.filter((each) => covers(ends, each)).length > handful)
  return best && { ...wordsAt(seed.words, best), causes: seed.causes }
}

function sharedBy({ words }: Pattern, other: Pattern): Shared {
  const most = Math.min(words.length, other.words.length)
  let before = 0
  while (before < most && words[before] === other.words[before]) before += 1
  let behind = 0
  while (behind < most && words.at(-1 - behind) === other.words.at(-1 - behind)) behind += 1
  return { before, behind, length: other.words.length }
}

function isEnough({ before, behind }: Shared): boolean {
  return before + behind >= FEWEST_WORDS
}

/** One word at least is left to the stretch of both. */
function withStretch({ before, behind, length }: Shared, ofSeed: number): Shared {
  const most = Math.min(length, ofSeed) - 1
  const kept = Math.min(before, most)
  return { before: kept, behind: Math.min(behind, most - kept), length }
}

/** By figures alone: words are compared once for each pair, not once for each template. */
function covers({ before, behind }: Shared, other: Shared): boolean {
  return other.before >= before && other.behind >= behind && leavesStretch(before + behind, other.length)
}

function wordsAt(words: readonly string[], { before, behind }: Shared): Pick<Ends, 'before' | 'behind'> {
  return { before: words.slice(0, before), behind: words.slice(words.length - behind) }
}

/** The longest first. */
function* withMiddle(left: ReadonlySet<Pattern>, handful: number): Iterable<Middle> {
  for (let length = LONGEST_MIDDLE; length >= SHORTEST_MIDDLE; length -= 1)
    for (const [middle, patterns] of middlesOf(left, length)) {
      const members = [...patterns].filter((pattern) => left.has(pattern))
      const [member] = members
      if (member && varyAtBothEnds(members, handful)) yield { middle: middle.split(' '), causes: member.causes }
    }
}

/** Which patterns have which words in a row; those that are too long for such a middle are not looked at. */
function middlesOf(patterns: Iterable<Pattern>, length: number): ReadonlyMap<string, ReadonlySet<Pattern>> {
  const middles = new Map<string, Set<Pattern>>()
  for (const pattern of patterns)
    if (leavesStretch(length, pattern.words.length))
      for (const text of middlesIn(pattern, length)) middles.set(text, (middles.get(text) ?? new Set()).add(pattern))
  return middles
}

function middlesIn({ words }: Pattern, length: number): readonly string[] {
  const starts = words.slice(length - 1).keys()
  return Array.from(starts, (start) => words.slice(start, start + length).join(' ')).filter((text) => SAYING.test(text))
}

/** Two services that know no song are two causes; it takes more than a handful of beginnings to be titles. */
function varyAtBothEnds(patterns: readonly Pattern[], handful: number): boolean {
  return [0, -1].every((place) => new Set(patterns.map(({ words }) => words.at(place))).size > handful)
}
