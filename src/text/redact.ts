/*
 * Every pattern is linear, because last_error may be a megabyte of somebody else's text: what it repeats is bounded,
 * cannot start again inside its own run, or is followed by nothing that could fail.
 */

const ESCAPES =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x9c|\x1b\\)?|\x1b(?:[@-Z\\^_]|[()][0-9A-Z])?/g
// Controls but line feed, and all that takes no room: direction marks, zero-width characters. Of these, emoji keep
// their joiners and selectors.
const INVISIBLE =
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb]|\u200d(?!\p{Extended_Pictographic})|(?<!\p{Extended_Pictographic})\ufe0f(?!\u20e3)|(?![\u200d\ufe0f])\p{Default_Ignorable_Code_Point}/gu

const HIDDEN = '[redacted]'
// String.raw below: what stands there is the pattern, backslashes and all.
const raw = String.raw

const SECRET_NAME = raw`(?:pass[_-]?(?:word|wd|phrase)|pwd|secret|token|credentials?|signature|api[_-]?key|(?:access|account|auth|client|private|secret|service|shared|signing|subscription)[_-]?key(?:[_-]?id)?|sess(?:ion)?[_-]?id)`
/** Between name and value: name=, "name":, \"name\":, name%3D, form[name]=, Key (name)=, <name>. */
const IS = raw`(?:(?:\\{0,4}["']|%2[27]|[)\]])?\s{0,4}(?:=>?|:|%(?:25)?3[ad])\s{0,4}|>)`
const QUOTED = raw`"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.|'')*'?|\\{1,4}"[^"\n]*"?|\\{1,4}'[^'\n]*'?`
const LISTED = raw`\[[bru]{0,2}["'][^\]\n]*\]?|\([^)\n]*\)?`
/** A delimiter ends it only where neither the value nor the next name could go on: passwords hold delimiters too. */
const BARE = raw`(?:\[redacted\]|[^\s&"'<>;,)}\]]|["';,)}\]](?=[^\s&"'<>;,)}\]])(?![\w.-]{1,40}["']?\s{0,2}[=:]))`
/** Not a header's name: its own rule, the last one, would no longer know it. */
const NO_HEADER = raw`(?!["'{([\\]{0,4}(?:proxy-)?authorization["']?\s{0,4}[:=,])`
const VALUE = raw`${NO_HEADER}(?:(?:[bru]{0,2}(?:${QUOTED})|${LISTED})${BARE}*|${BARE}+)`
/** Where a token may begin: not within a word, but for the end of an escape such as %20 or \n. */
const START = raw`(?:(?<![\w-])|(?<=%[\da-fA-F]{2}|\\[nrt]))`

const RULES: readonly (readonly [RegExp, string])[] = [
  // PEM keys, also without their end
  [
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^-]*(?:-(?!----)[^-]*)*(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
    HIDDEN,
  ],
  // postgresql://user:password@, with whatever the password holds
  [
    /((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?)(?:\+\w{1,20})?:\/\/)[^\s:]*(?::(?!\/\/)[^\s:]*)*@/gi,
    `$1${HIDDEN}@`,
  ],
  // https://user:password@, https://token@
  [/(:\/\/)[^\s"'<>/?#]+@/g, `$1${HIDDEN}@`],
  // user:pass/word@ when what follows the colon is no port, and user:password where the text was cut before its "@"
  [
    /(:\/\/)[^\s"'<>/?#@:[\]]*:(?!\/\/|\d{1,5}(?:[^\w@%~!$&*+=-]|$))(?:[^\s:]*(?::(?!\/\/)[^\s:]*)*(?=@)|[^\s:[]+(?::(?!\/\/)[^\s:[]*)*$)/g,
    `$1${HIDDEN}`,
  ],
  // whole header lines
  [/((?:set-)?cookies?["']?\s{0,4}[:=]\s{0,4}|<cookie\s)[^\n]+/gi, `$1${HIDDEN}`],
  // Bearer and Basic wherever they stand
  [
    /(bearer(?:\s{1,4}|%20|\+))(?!(?:tokens?|authentication|authorization)(?:[^\w.~+/=-]|$))[\w.~+/=-]{8,}/gi,
    `$1${HIDDEN}`,
  ],
  [/(\bbasic\s{1,4})[\w+/-]{6,}={1,2}/gi, `$1${HIDDEN}`],
  // tokens known by their form: JWTs, then those of vendors; the second list is unmistakable even within a word
  [new RegExp(raw`${START}eyJ[\w-]{8,}(?:\.[\w-]*){1,4}`, 'g'), HIDDEN],
  [
    new RegExp(raw`${START}(?:SG\.[\w-]{8,}\.[\w-]{8,}|[rsp]k_(?:live|test)_\w{10,}|sk-[\w-]{20,}|rnd_\w{16,})`, 'g'),
    HIDDEN,
  ],
  [
    /AIza[\w-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}|gh[oprsu]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|ya29\.[\w-]{10,}|sb(?:p|_secret)_\w{16,}/g,
    HIDDEN,
  ],
  // password=…, "accessToken": "…", api_key%3D…
  // Where the first has no value of its own ("PASSWORD=" and a line below "TOKEN=x"), the last one's is meant.
  [
    new RegExp(raw`(${SECRET_NAME}${IS}(?:(?<=\s)["'{([\\]{0,4}[\w-]{0,40}?${SECRET_NAME}${IS})*)${VALUE}`, 'gi'),
    `$1${HIDDEN}`,
  ],
  // --password …, ("password", "…")
  [
    new RegExp(raw`((?:\(b?["'][\w-]{0,40}|(?<![\w-])--[\w-]{0,40})${SECRET_NAME}(?:["'],)?\s{1,4})${VALUE}`, 'gi'),
    `$1${HIDDEN}`,
  ],
  // short names only where nothing else is meant: key=…, "auth": "…", but not KeyError: 'title'
  [
    new RegExp(raw`(?:(?<![a-z])|(?<=%[\da-f]{2}))((?:key|sig|auth|pass)["')\]]?(?:=|%(?:25)?3d))${VALUE}`, 'gi'),
    `$1${HIDDEN}`,
  ],
  [new RegExp(raw`(["'](?:sig|auth|pass)["']\s{0,4}:\s{0,4})${VALUE}`, 'gi'), `$1${HIDDEN}`],
  // Authorization headers in any notation, with or without a scheme
  [
    /((?:authorization(?:\\{0,4}["']?\s{0,4}(?:=>?|:|%3a)|["']\s{0,4},)(?:\s{0,4}|%20)(?:\[(?!redacted\]))?(?:b(?=["']))?\\{0,4}["']?)+)(?:(?:digest|aws4|oauth|hawk)[^\n]+|(?:[a-z]{4,12}(?:\s{1,4}|%20|\+))?[^\s"',;]+)/gi,
    `$1${HIDDEN}`,
  ],
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
