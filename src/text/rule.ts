/**
 * What hides one kind of credential. Every pattern is linear, because last_error may be a megabyte of somebody else's
 * text: what it repeats is bounded, cannot start again inside its own run, or is followed by nothing that could fail.
 */
export interface Rule {
  readonly name: string
  /** The pattern is tried only where this stands in the text. */
  readonly hint: RegExp
  readonly pattern: RegExp
  /** "$1[redacted]" unless given. */
  readonly hidden?: string | ((found: string, ...groups: string[]) => string)
}

/** What stands where a credential stood. */
export const HIDDEN = '[redacted]'
/** A part of a pattern, in which a backslash is a backslash. */
export const raw = String.raw

/** Words for a pattern in which the case of other letters counts; no classes of letters in them. */
export function anyCase(words: string): string {
  return words.replace(/(?<!\\)[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
}
