import { causesOf } from './causes.js'

/** The words of an error's pattern, and what must agree before anything is merged. */
export interface Pattern {
  readonly words: readonly string[]
  readonly causes: string
}

/** What patterns have in common that differ in one stretch: so many words before it, so many behind it. */
export interface Ends {
  readonly before: readonly string[]
  readonly behind: readonly string[]
  readonly causes: string
}

/** What patterns have in common that differ in a stretch on either side. */
export interface Middle {
  readonly middle: readonly string[]
  readonly causes: string
}

export type Template = Ends | Middle

/** Of a longer stretch the patterns would have too little in common. */
const STRETCH_PER_WORD = 3

/** Of a traceback, which has two lines, the exception alone may vary. */
export function patternOf(text: string): Pattern {
  const [line = '', ...frames] = text.split('\n')
  let causes: string | undefined
  return {
    words: line.split(' '),
    // Costly, and most patterns of a storm are never compared.
    get causes() {
      causes ??= [causesOf(line), ...frames].join('\n')
      return causes
    },
  }
}

/** What the pattern has where the template leaves a stretch open; undefined when it does not fit. */
export function stretchOf(template: Template, pattern: Pattern): string | undefined {
  const { words } = pattern
  const stretch = 'middle' in template ? aroundMiddle(template, words) : betweenEnds(template, words)
  return stretch !== undefined && pattern.causes === template.causes ? stretch : undefined
}

export function isMember(template: Template, pattern: Pattern): boolean {
  return stretchOf(template, pattern) !== undefined
}

/** Whether so many fixed words leave a stretch, and not too long a one. */
export function leavesStretch(fixed: number, words: number): boolean {
  return words > fixed && words <= (STRETCH_PER_WORD + 1) * fixed
}

/** Lengths are compared first: they cost nothing, and most patterns differ in them. */
function betweenEnds({ before, behind }: Ends, words: readonly string[]): string | undefined {
  if (!leavesStretch(before.length + behind.length, words.length)) return undefined
  const end = words.length - behind.length
  const fits = standsAt(words, before, 0) && standsAt(words, behind, end)
  return fits ? words.slice(before.length, end).join(' ') : undefined
}

function aroundMiddle({ middle }: Middle, words: readonly string[]): string | undefined {
  if (!leavesStretch(middle.length, words.length)) return undefined
  const start = words.findIndex((_, index) => standsAt(words, middle, index))
  return start < 0 ? undefined : [...words.slice(0, start), '…', ...words.slice(start + middle.length)].join(' ')
}

function standsAt(words: readonly string[], part: readonly string[], start: number): boolean {
  return part.every((word, index) => words[start + index] === word)
}
