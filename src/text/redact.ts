import { unescape as decoded } from 'node:querystring'
import { REDACTIONS } from './credentials.js'

const ESCAPES =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x9c|\x1b\\)?|\x1b(?:[@-Z\\^_]|[()][0-9A-Z])?/g
// Control characters except line feeds, and characters of no width, such as direction marks. Emoji keep their joiners
// and selectors.
const INVISIBLE =
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb]|\u200d(?!\p{Extended_Pictographic})|(?<!\p{Extended_Pictographic})\ufe0f(?!\u20e3)|(?![\u200d\ufe0f])\p{Default_Ignorable_Code_Point}/gu

function visible(text: string): string {
  if (!/[^\n -~]/.test(text)) return text
  return text.replace(/\r\n?/g, '\n').replace(ESCAPES, '').replace(/\t/g, ' ').replace(INVISIBLE, '').toWellFormed()
}

/**
 * Text from outside → text fit for a mail, a log or a terminal: no credentials, no control characters, no terminal
 * escapes, no direction marks, well-formed Unicode; line feeds stay. Redact before any cut: half a credential is not
 * recognised. Only the worker and the server (queue/row.ts) cut earlier, and the mask of a group's headline, which
 * keeps only words of the redacted error (digest/group.ts). After this the mail cuts (mail/section.ts) and escapes
 * (mail/markup.ts), and all output goes through withoutSecrets().
 */
export function redact(text: string): string {
  return REDACTIONS.reduce((rest, hide) => hide(rest), withoutSecrets(visible(text)))
}

/** Shorter values stand in ordinary text by chance. */
const SHORTEST_SECRET = 6

let secrets: RegExp | undefined

/**
 * Makes `redact` and `withoutSecrets` hide these values: as they are, percent-encoded and decoded, and as JSON, Python
 * and HTML write them. All output goes through `withoutSecrets`, because not everything printed is redacted. A value of
 * fewer than six characters is not hidden.
 */
export function hideSecrets(values: readonly (string | undefined)[]): void {
  const spelled = values.flatMap((value = '') => [value.trim(), decoded(value.trim())])
  const long = [...new Set(spelled)].filter((value) => value.length >= SHORTEST_SECRET)
  // A secret may be part of another one: the longest first.
  const patterns = long.toSorted((a, b) => b.length - a.length).map(patternOf)
  secrets = patterns.length > 0 ? new RegExp(patterns.join('|'), 'g') : undefined
}

function patternOf(secret: string): string {
  const pattern = [...secret].map(anySpelling).join('')
  // Not within an id or a time.
  return /^\d+$/.test(secret) ? `(?<!\\d)${pattern}(?!\\d)` : pattern
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A pattern for one character of a secret in all its spellings, the longer first; without flags, which load ICU. */
function anySpelling(character: string): string {
  if (/[a-z0-9]/i.test(character)) return character
  const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')
  const percent = [...Buffer.from(character)].map((byte) => `%${hex(byte, 2)}`).join('')
  const units = character.split('').map((unit) => hex(unit.charCodeAt(0), 4))
  const json = [units, units.map((unit) => unit.toUpperCase())].map((all) => all.map((unit) => `\\u${unit}`).join(''))
  const spellings = [...json, percent, percent.toUpperCase(), HTML[character] ?? character, `\\${character}`, character]
  return `(?:${[...new Set(spellings)].map((text) => text.replace(/[^\w%&;]/g, '\\$&')).join('|')})`
}

/** The text without the values given to `hideSecrets`. */
export function withoutSecrets(text: string): string {
  return secrets ? text.replace(secrets, '[redacted]') : text
}
