import { hiding, raw } from './forms.js'

// People choose passwords, so any value after a password's name is hidden. Machines make tokens and keys, so a value
// after their names is hidden only if it looks made. Exceptions go by the structure of a value, not by its words.

/** Words in any case, for a pattern that minds case elsewhere; they hold no classes of letters. */
function anyCase(words: string): string {
  return words.replace(/(?<!\\)[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
}

/** Where a short name begins: "x%26key%3D", "user_pw=", not "bpw=". */
const START = raw`(?:(?<![A-Za-z\d])|(?<=(?:%|\\u00|\\x)[\da-fA-F]{2}))`
/** SECRET_KEY_BASE, password_hash, API_KEY_2, YOUTUBE_API_KEYS */
const SUFFIX = anyCase(
  raw`s?(?:[_-]?(?:v?\d{1,3}|base|code|confirm(?:ation)?|current|default|dev(?:elopment)?|digest|hash|live|local|main|new|next|old|previous|primary|prod(?:uction)?|proof|secondary|stag(?:e|ing)|test|value))?`,
)
const ENTITY = raw`&(?:quot|apos|#0?39|#x27);`
const QUOTE = raw`(?:\\{0,4}["']|%2[27]|\\{1,2}(?:u00|x)2[27]|${ENTITY})`
const EQUALS = raw`(?:=|%(?:25)?3[dD]|\\{1,2}(?:u00|x)3[dD])`
/** Names of chosen secrets. */
const CHOSEN = `${anyCase(
  raw`(?:pass(?:[_-]?(?:word|wd|phrase|code)|(?<=(?:[_-]|db|pg|sql|user|smtp|ftp|redis|mongo|admin|root)pass))|pwd|identified by|(?:\b|(?<=_))(?:t?otp|mfa))`,
)}${SUFFIX}`
/** Names of made secrets, by their last word. */
const MADE = raw`(?:${anyCase(
  raw`token|secret|credential|signature|verifier|assertion|saml(?:request|response)|(?:device|auth)[_-]?code|sess(?:ion)?[_-]?id|key[_-]?pair[_-]?id|key(?<=(?:[\w-]|(?:access|account|api|auth|client|consumer|encryption|license|master|private|secret|service|shared|signing|subscription) )key)(?:[_-]?id)?`,
)}|${START}(?:${anyCase('auth|bearer|csrf|sig|hmac|jwt')}|${anyCase('key')}(?=["')\]]?${EQUALS})))${SUFFIX}`
/** name="NAME" value=, {"key": "NAME", "value":, - name: NAME and below it value: */
const HELD = raw`\\{0,4}["']?,?\s{0,8}\\{0,4}["']?${anyCase('value')}\\{0,4}["']?\s{0,4}[:=]\s{0,4}`
/** Between a name and its value. */
const IS = `(?:${[
  // name=, "name":, \"name\":, name%3D, form[name]=, Key (name)=, name\u003d, name&quot;:, name provided:
  raw`(?:${QUOTE}|[)\]])?(?:\s(?:${anyCase('provided|given|used|was|is')}))?\s{0,4}(?::?=>?|:|%(?:25)?3[adAD]|\\{1,2}(?:u00|x)3[adAD])\s{0,4}`,
  // <name>, &lt;name&gt;, <name type="x">
  raw`>|&gt;|(?<=<[\w.:-]{1,80})\s[^<>\n]{1,200}(?<!/)>`,
  HELD,
  // --name …, '--name', '…', ("name", "…"), [b'name', b'…']
  raw`(?<=--[\w-]{1,80})(?:["'],)?\s{1,4}|(?<=[([]b?["'][\w -]{1,80})["'],\s{1,4}`,
  // name '…'
  raw`\s{1,4}(?:${anyCase('is')}\s)?[eE]?(?=["'])`,
].join('|')})`
const QUOTED = raw`"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.|'')*'?|\\{1,4}"[^"\n]*"?|\\{1,4}'[^'\n]*'?|${ENTITY}[^&\n]*(?:${ENTITY})?`
const LISTED = raw`\[[bBeErRuU]{0,2}["'][^\]\n]*\]?|\([^)\n]*\)?`
/** Not quoted, and no URL. Passwords hold delimiters: one ends it before a blank, another, or the next name. */
const BARE = raw`(?:\[redacted\]|(?!https?://)[^\s&"'<>;,)}\]\\]|\\(?!u0026|x26)|["';,)}\]](?=[^\s&"'<>;,)}\]])(?![\w.-]{1,40}["']?\s{0,2}[=:]))`
const VALUE = raw`(?:(?:[bBeErRuU]{0,2}(?:${QUOTED})|${LISTED})${BARE}*|${BARE}+)`
/** Only punctuation up to the next blank. */
const END = raw`(?=["'.,;:)\]}]{0,4}(?:\s|$))`
/** After a chosen secret's name, but no secret. */
const NO_PASSWORD = `(?!${[
  raw`(?:["']{2}|${anyCase('none|null|nil|undefined|true|false')})${END}`,
  // password: must be changed, ValueError: password: str expected; but wrong password: swordfish was refused
  raw`(?<=(?:^ {0,8}|: )[\w.-]{0,60}[a-z]:? )[a-z][a-z']{0,20} [a-z']{2,20}(?![\w=:])`,
  // password: 503, HTTP 503, [Errno 2] No such file, OSError: …
  raw`(?<=:\s{1,4})(?:[1-5]\d\d${END}|HTTP(?:/| )?\d[\d.]{0,3}${END}|HTTP [A-Z]|\[\w{1,20}:?\s|[\w.]{0,80}(?:Error|Exception|Timeout|Pool)[\s:(])`,
].join('|')})`
/** Several words, to the end of their line. */
const PASSPHRASE = raw`(?<=^\s{0,8}[\w.-]{1,60}:\s{1,4})[A-Za-z]{1,20}(?: [A-Za-z]{1,20}){1,11}$`
const CHARACTER = raw`(?:[^\s&,;%\\<>]|%[\da-fA-F]{2})`
const WORD = raw`(?:[A-Z]?[a-z]{1,15}|[A-Z]{1,15})`
const OPENING = raw`(?:[[({]{0,2}[bBeErRuU]{0,2}${QUOTE})?`
/** Digits among letters, or 20 characters without a blank; no words, number, time, path to a file, URL or status. */
const LOOKS_MADE = raw`(?!${OPENING}(?:${[
  raw`${WORD}(?:[._/:-]{1,3}${WORD}|[A-Z][a-z]{2,15}){0,20}(?![\w+/=~$%@*#!-]|[^\s\w,;&(<]{1,3}\w)`,
  raw`\d{1,5}[a-zA-Z]{0,2}${END}|\d{4}-\d\d-\d\d[T\d:.+Z-]{0,26}${END}`,
  raw`(?:/[a-z]{2,20}/[\w./-]{0,200}|(?=[\w.-]{1,100}/)(?:(?!\d[A-Za-z]|[A-Za-z]\d)[\w./-]){1,200})\.[a-z]{1,8}\d{0,2}(?![\w+/=])`,
  raw`https?://|HTTP\d{3}(?!\w)|\[\w{1,20}:\s|(?<=[sS]ignature: )\(|[\w-]{0,40}${MADE}=`,
].join('|')}))${OPENING}(?:${CHARACTER}{0,200}?(?:[A-Za-z]\d|\d[A-Za-z])|${CHARACTER}{20})`

const named = (before: string, value: string) => new RegExp(`(${before})${value}`, 'gm')

/** Names too short or too common unless a value is assigned: pw=…, "secret": "…", { pass: '…' } */
const ASSIGNED = raw`(?:${START}(?:${anyCase('pass|pw|pin')}|${anyCase('auth')}(?==[([]))|${anyCase('secret')}${SUFFIX})(?:["')\]]{0,2}\s{0,4}${EQUALS}\s{0,4}|${QUOTE}\s{0,4}:\s{0,4}(?=${QUOTE})|:(?<=[{,]\s{0,8}[\w-]{0,40}:)\s{0,4}(?=["'])|${HELD})`
/** 'Authorization': b'Basic …', [(b'authorization', b'…')]; not Authorization: missing header. */
const AUTHORIZATION = raw`${anyCase('authorization')}(?:\\{0,4}["']?\s{0,4}(?:=>?|:|%3[aA])|["']\s{0,4},)(?:\s{0,4}|%20)(?:\[(?!redacted\]))?(?:b(?=["']))?\\{0,4}["']?`
const CREDENTIALS = raw`(?!${anyCase('authorization')}|(?<=: )(?!${anyCase('(?:basic|bearer|token|negotiate)')} )[A-Z]?[a-z']{1,19}(?: [a-z']{1,19}){0,12} {0,4}(?:[.,;:!?()\]}]|["'](?!\w)|$))(?:${anyCase('(?:digest|aws4|oauth|hawk)')}[^\n]+|(?:[a-zA-Z]{4,12}(?:\s{1,4}|%20|\+))?(?:\w+="[^"\n]*"[^\s"',;]*|[^\s"',;]+))`
/** In pydantic's errors the name is on the line above, or in 'loc'. */
const PYDANTIC = raw`(?:${CHOSEN}|${MADE})(?:(?:[.[(][\w.()[\]-]{0,60})?\n[^\n]{0,500}?\binput_value=|["'][)\],]{1,3}[^\n]{0,500}?["']input["']: )`

/** What may follow a name, for the hints: they must match wherever their patterns may. */
const GOES_ON = raw`\w{0,20}(?:["')\]]{0,2},?\s{0,8}(?:[:=>\\&%-]|["']?value)|["'],|\s{1,4}(?:e?["']|\w{1,20}[:=]|provided|given|used|was|is))|--\w`
/** Values after a name. user:password@host comes last: a value may look like it. */
export const NAMES = [
  hiding(/authorization/i, named(AUTHORIZATION, CREDENTIALS)),
  hiding(/\binput/, named(PYDANTIC, raw`(?:\[redacted\]|${QUOTED}|[^\n]+?(?=, input_type=|$))`)),
  hiding(
    new RegExp(raw`(?:pass|pwd?|pin|otp|mfa|identified by|secret|auth)${GOES_ON}`, 'i'),
    named(ASSIGNED, `${NO_PASSWORD}${VALUE}`),
    named(`${CHOSEN}${IS}`, `${NO_PASSWORD}(?:${PASSPHRASE}|${VALUE})`),
  ),
  hiding(
    new RegExp(
      raw`(?:token|secret|cred|key(?!error)|veri|assert|saml|code|sess|auth|bearer|csrf|sig|hmac|jwt)${GOES_ON}`,
      'i',
    ),
    named(`${MADE}${IS}`, `(?=${LOOKS_MADE})${VALUE}`),
  ),
  hiding(
    /@/,
    // bob:hunter2@host without a scheme; not redis:7@sha256:…
    /((?<![\w.%+-]|:\/\/|\[redacted\]@\S{0,99}))[\w.%+-]{1,80}:(?!\/\/|\d{1,5}[/?#]|\[redacted\])[^\s"'<>]{1,200}(?=@(?!sha256:)[\w[])/g,
    // hunter2@cache:6379; not bob@example.com
    /((?<![\w.%+-]|:\/\/))[^\s"'<>@/:[\]]{1,200}(?=@[\w.-]{1,80}:\d{2,5}(?!\w))/g,
  ),
]
