import { FORMS } from './forms.js'
import { NAMES } from './names.js'
import { withoutSecrets } from './secrets.js'

const HIDING = [...FORMS, ...NAMES]

const ESCAPES =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x9c|\x1b\\)?|\x1b(?:[@-Z\\^_]|[()][0-9A-Z])?/g
// Controls but line feed, and all that takes no room: direction marks, zero-width characters. Of these, emoji keep
// their joiners and selectors.
const INVISIBLE =
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb]|\u200d(?!\p{Extended_Pictographic})|(?<!\p{Extended_Pictographic})\ufe0f(?!\u20e3)|(?![\u200d\ufe0f])\p{Default_Ignorable_Code_Point}/gu

function visible(text: string): string {
  if (!/[^\n -~]/.test(text)) return text
  return text.replace(/\r\n?/g, '\n').replace(ESCAPES, '').replace(/\t/g, ' ').replace(INVISIBLE, '').toWellFormed()
}

/**
 * Text from outside → text fit for a mail, a log or a terminal: no credentials, no control characters, no
 * terminal escapes, no direction marks, well-formed Unicode; line feeds stay. Must run before any cut: half a
 * credential is no longer recognised.
 */
export function redact(text: string): string {
  return HIDING.reduce((rest, hide) => hide(rest), withoutSecrets(visible(text)))
}
