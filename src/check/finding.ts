import { redact } from '../text/redact.js'
import { oneLine } from '../text/words.js'

/** One thing that was looked into, in redacted words. `fine` is undefined for what is only said. */
export interface Finding {
  readonly fine: boolean | undefined
  readonly text: string
  readonly cure?: string
  /** The exit code that a digest would end in because of it; 0 where it works all the same. */
  readonly exitCode?: 0 | 1 | 2
}

/** `good` is right, `said` is neither right nor wrong, and `bad` is wrong, with its cure. */
export const good = (text: string): Finding => ({ fine: true, text: redact(text) })
export const said = (text: string): Finding => ({ fine: undefined, text: redact(text) })
export const bad = (exitCode: 0 | 1 | 2, text: string, cure?: string): Finding => ({
  fine: false,
  text: redact(text),
  ...(cure ? { cure: redact(cure) } : {}),
  exitCode,
})

/** "✓ database: …", and below a ✗ its cure. */
export function findingLine({ fine, text, cure }: Finding): string {
  const mark = fine === undefined ? '·' : fine ? '✓' : '✗'
  return `${mark} ${oneLine(text)}${cure ? `\n    ${oneLine(cure)}` : ''}\n`
}
