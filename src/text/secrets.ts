import { unescape as decoded } from 'node:querystring'

/** Shorter values stand in ordinary text by chance. */
const SHORTEST_SECRET = 6

let secrets: RegExp | undefined

/**
 * From then on `withoutSecrets` hides these values: as they are, percent-encoded and decoded, and as JSON and HTML
 * write them. `redact` does, too, since it comes before every cut; what is printed may never have gone through it.
 * A value of fewer than six characters cannot be hidden so.
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
  // Ids and times are digits, too.
  return /^\d+$/.test(secret) ? `(?<!\\d)${pattern}(?!\\d)` : pattern
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A pattern for one character of a secret, in whatever way it may be written; without flags, which load ICU. */
function anySpelling(character: string): string {
  if (/[a-z0-9]/i.test(character)) return character
  const percent = [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const json = JSON.stringify(character).slice(1, -1)
  const spellings = [character, percent, percent.toUpperCase(), json, HTML[character] ?? character]
  return `(?:${[...new Set(spellings)].map((text) => text.replace(/[^\w%&;]/g, '\\$&')).join('|')})`
}

/** The text without any secret that `hideSecrets` was told. */
export function withoutSecrets(text: string): string {
  return secrets ? text.replace(secrets, '[redacted]') : text
}
