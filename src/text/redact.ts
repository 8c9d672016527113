import { FORMS } from './forms.js'
import { NAMED } from './named.js'
import { HIDDEN, type Rule } from './rule.js'
import { VENDORS } from './tokens.js'

/** In the order in which they are applied; most texts hold no hint, and one search is cheaper than a hundred. */
const FAMILIES = [FORMS, VENDORS, NAMED].map((rules) => ({ rules, hint: anyHint(rules) }))

function anyHint(rules: readonly Rule[]): RegExp {
  const anyCase = rules.some(({ hint }) => hint.ignoreCase)
  return new RegExp([...new Set(rules.map(({ hint }) => hint.source))].join('|'), anyCase ? 'i' : '')
}

const ESCAPES =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x9c|\x1b\\)?|\x1b(?:[@-Z\\^_]|[()][0-9A-Z])?/g
// Controls but line feed, and all that takes no room: direction marks, zero-width characters. Of these, emoji keep
// their joiners and selectors.
const INVISIBLE =
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb]|\u200d(?!\p{Extended_Pictographic})|(?<!\p{Extended_Pictographic})\ufe0f(?!\u20e3)|(?![\u200d\ufe0f])\p{Default_Ignorable_Code_Point}/gu
const NOT_PLAIN = /[^\n -~]/

function visible(text: string): string {
  if (!NOT_PLAIN.test(text)) return text
  return text.replace(/\r\n?/g, '\n').replace(ESCAPES, '').replace(/\t/g, ' ').replace(INVISIBLE, '').toWellFormed()
}

/**
 * Text from outside → text fit for a mail, a log or a terminal: no credentials, no control characters, no
 * terminal escapes, no direction marks, well-formed Unicode; line feeds stay. Must run before any cut: half a
 * credential is no longer recognised.
 */
export function redact(text: string): string {
  return FAMILIES.reduce((rest, { rules, hint }) => (hint.test(rest) ? rules.reduce(apply, rest) : rest), visible(text))
}

/** The text without what this rule alone hides. */
export function apply(text: string, { hint, pattern, hidden = `$1${HIDDEN}` }: Rule): string {
  if (!hint.test(text)) return text
  return typeof hidden === 'string' ? text.replace(pattern, hidden) : text.replace(pattern, hidden)
}
