/*
 * Every pattern is linear: a repeated class is either bounded, or cannot start again inside its own run
 * (the look-behinds), because last_error may be a megabyte of somebody else's text.
 */

const ESCAPES = /\x1b\[[0-?]*[ -/]*[@-~]?|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[@-Z\\^_]?/g
// C0 and C1 controls but line feed; zero-width characters but the joiner that emoji need; bidirectional marks.
const INVISIBLE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

const HIDDEN = '[redacted]'
const SECRET_NAME =
  '(?:pass(?:word|wd|phrase)|pwd|secret|token|credentials?|signature|api[_-]?key|(?:access|account|auth|client|private|secret|service|shared|signing)[_-]?key(?:[_-]?id)?|session[_-]?id)'
const VALUE = `(?:"[^"\\n]*"?|'[^'\\n]*'?|[^\\s&"'<>;,)}\\]]+)`

const RULES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g, HIDDEN],
  // user:password@ of any URL; database URLs often carry a raw "/" or "#" in the password
  [/((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?):\/\/)[^\s"'<>]{0,512}@/gi, `$1${HIDDEN}@`],
  [/(:\/\/)[^\s"'<>/?#]{1,512}@/g, `$1${HIDDEN}@`],
  [/((?:set-)?cookie["']?\s{0,4}[:=]\s{0,4})[^\n]+/gi, `$1${HIDDEN}`],
  [
    /(authorization["']?\s{0,4}[:=]\s{0,4}["']?)(?:(?:digest|aws4)[^\n]+|(?:[a-z]{4,12}\s{1,4})?[^\s"',;]+)/gi,
    `$1${HIDDEN}`,
  ],
  [/\b(bearer\s{1,4})[\w.~+/=-]{8,}/gi, `$1${HIDDEN}`],
  [/(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]*){1,4}/g, HIDDEN],
  [
    /(?<![\w-])(?:AIza[\w-]{16,}|SG\.[\w-]{8,}\.[\w-]{8,}|gh[oprsu]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|[rsp]k_(?:live|test)_\w{10,}|sk-[\w-]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16}|ya29\.[\w-]{10,})/g,
    HIDDEN,
  ],
  [new RegExp(`(${SECRET_NAME}["']?\\s{0,4}(?:=>?|:|%3d)\\s{0,4})${VALUE}`, 'gi'), `$1${HIDDEN}`],
  [new RegExp(`(?<![a-z])((?:key|sig|auth|pass)["']?(?:=|%3d))${VALUE}`, 'gi'), `$1${HIDDEN}`],
]

/**
 * Text from outside → text fit for a mail, a log or a terminal: no credentials, no control characters, no
 * terminal escapes, no direction marks, well-formed Unicode; line feeds stay. Must run before any cut: half a
 * credential is no longer recognised.
 */
export function redact(text: string): string {
  const visible = text
    .replace(/\r\n?/g, '\n')
    .replace(ESCAPES, '')
    .replace(/\t/g, ' ')
    .replace(INVISIBLE, '')
    .toWellFormed()
  return RULES.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), visible)
}

/** Cuts at `length` UTF-16 units, never through a character, and says so with an ellipsis. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** All white space, line feeds included, folded to single spaces. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
