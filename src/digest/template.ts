/** The words of an error's pattern; its numbers (HTTP statuses, errno) must agree before anything is merged. */
export interface Pattern {
  readonly words: readonly string[]
  readonly numbers: string
}

/** What patterns have in common that differ in one stretch: so many words before it, so many behind it. */
export interface Template {
  readonly before: readonly string[]
  readonly behind: readonly string[]
  readonly numbers: string
}

/** Of a longer stretch the patterns would have too little in common. */
const STRETCH_PER_WORD = 3
const FEWEST_WORDS = 2

export function patternOf(text: string): Pattern {
  return { words: text.split(' '), numbers: (text.match(/(?<!\d)\d{3}(?!\d)/g) ?? []).join(' ') }
}

/** What the pattern has where the template leaves a stretch open; undefined when it does not fit. */
export function stretchOf({ before, behind, numbers }: Template, pattern: Pattern): string | undefined {
  const { words } = pattern
  const fits =
    pattern.numbers === numbers &&
    words.length > before.length + behind.length &&
    before.every((word, index) => words[index] === word) &&
    behind.every((word, index) => words[words.length - behind.length + index] === word)
  return fits ? words.slice(before.length, words.length - behind.length).join(' ') : undefined
}

/**
 * The first template that more than `handful` of the patterns fit: like Drain's, but the open stretch may be of any
 * length, since a title is. Among a pattern's templates the one with the most words wins. Undefined when there is none.
 */
export function commonTemplate(patterns: readonly Pattern[], handful: number): Template | undefined {
  for (const seed of patterns) {
    const ends = patterns.filter((other) => other !== seed).flatMap((other) => commonEnds(seed, other) ?? [])
    const candidates = [...new Map(ends.map((end) => [`${end.before} ${end.behind}`, end])).values()]
      .filter(({ before, behind }) => before + behind >= FEWEST_WORDS)
      .toSorted((a, b) => b.before + b.behind - a.before - a.behind)
    for (const { before, behind } of candidates) {
      const template = {
        before: seed.words.slice(0, before),
        behind: behind === 0 ? [] : seed.words.slice(-behind),
        numbers: seed.numbers,
      }
      if (patterns.filter((pattern) => isMember(template, pattern)).length > handful) return template
    }
  }
  return undefined
}

export function isMember(template: Template, pattern: Pattern): boolean {
  const fixed = template.before.length + template.behind.length
  return stretchOf(template, pattern) !== undefined && pattern.words.length - fixed <= STRETCH_PER_WORD * fixed
}

function commonEnds(a: Pattern, b: Pattern): { readonly before: number; readonly behind: number } | undefined {
  if (a.numbers !== b.numbers) return undefined
  // One word at least is left to the stretch.
  const most = Math.min(a.words.length, b.words.length) - 1
  let before = 0
  while (before < most && a.words[before] === b.words[before]) before += 1
  let behind = 0
  while (before + behind < most && a.words.at(-1 - behind) === b.words.at(-1 - behind)) behind += 1
  return { before, behind }
}
