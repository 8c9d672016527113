import { redact } from '../text/redact.js'
import { oneLine } from '../text/words.js'

/** One line of a check, redacted: something is right (✓), wrong (✗), or merely said (·). */
export interface Finding {
  readonly sign: '✓' | '✗' | '·'
  readonly text: string
  readonly cure?: string | undefined
  /** Set if something is wrong: the exit code that a digest would end in; 0 if it works nevertheless. */
  readonly exitCode?: 0 | 1 | 2
}

export const good = (text: string): Finding => ({ sign: '✓', text: redact(text) })
export const said = (text: string): Finding => ({ sign: '·', text: redact(text) })
export const bad = (exitCode: 0 | 1 | 2, text: string, cure?: string): Finding => ({
  sign: '✗',
  text: redact(text),
  cure: cure && redact(cure),
  exitCode,
})

/** A bad finding from a reason of the form "what is wrong: cure". */
export function wrong(exitCode: 1 | 2, about: string, reason: string): Finding {
  const [, text = reason, cure] = /^(\S+ .*?): (.*)$/s.exec(reason) ?? []
  return bad(exitCode, `${about}: ${text}`, cure)
}

/** "✗ database: …", and below it the cure. */
export function findingLine({ sign, text, cure }: Finding): string {
  return `${sign} ${oneLine(text)}${cure ? `\n    ${oneLine(cure)}` : ''}\n`
}
