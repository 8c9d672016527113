import { type Rule, raw } from './rule.js'

const SECRET_NAME = raw`(?:pass[_-]?(?:word|wd|phrase)|pwd|secret|token|credentials?|(?<!(?:key|time) )signature|api[ _-]?key|(?:access|account|auth|client|private|secret|service|shared|signing|subscription)[ _-]?key(?:[_-]?id)?|sess(?:ion)?[_-]?id|(?:db|pg|sql|user|smtp|ftp|redis|mongo|admin|root)[_-]?pass)`
const SECRET_HINT = /pass|pwd|secret|token|credential|signature|key|sess/i
/** Between name and value: name=, "name":, \"name\":, name%3D, form[name]=, Key (name)=, <name>, name&quot;:, name provided: */
const IS = raw`(?:(?:\\{0,4}["']|%2[27]|[)\]]|&(?:quot|apos|#0?39|#x27);)?(?:\s(?:provided|given|used|was|is))?\s{0,4}(?:=>?|:|%(?:25)?3[ad])\s{0,4}|>)`
const ENTITY = raw`&(?:quot|apos|#0?39|#x27);`
const QUOTED = raw`"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.|'')*'?|\\{1,4}"[^"\n]*"?|\\{1,4}'[^'\n]*'?|${ENTITY}[^&\n]*(?:${ENTITY})?`
const LISTED = raw`\[[bru]{0,2}["'][^\]\n]*\]?|\([^)\n]*\)?`
/** A delimiter ends it only where neither the value nor the next name could go on: passwords hold delimiters too. */
const BARE = raw`(?:\[redacted\]|[^\s&"'<>;,)}\]]|["';,)}\]](?=[^\s&"'<>;,)}\]])(?![\w.-]{1,40}["']?\s{0,2}[=:]))`
/** Not a header's name: its own rule, the last one, would no longer know it. */
const NO_HEADER = raw`(?!["'{([\\]{0,4}(?:proxy-)?authorization["']?\s{0,4}[:=,])`
/** What stands behind the colon of an ordinary message: words of a sentence, and what a parser did not expect. */
const NO_SENTENCE = raw`(?!(?:a|an|are|at|bad|been|cannot|check|could|empty|expected|expired|failed|for|has|have|in|invalid|is|it|malformed|may|mismatch|missing|must|no|none|not|null|of|only|or|please|required|should|the|this|to|too|unable|undefined|unexpected|unknown|unsupported|use|was|with|wrong|you|your)(?:[\s.,;:)\]}]|$)|(?:"[^"\w]{0,2}"|'[^'\w]{0,2}'|[^\w\s"'([{\\&]{1,3})(?:\s|$))`
const VALUE = raw`${NO_HEADER}${NO_SENTENCE}(?:(?:[bru]{0,2}(?:${QUOTED})|${LISTED})${BARE}*|${BARE}+)`

/** Values that a name gives away. */
export const NAMED: readonly Rule[] = [
  // Where the first has no value of its own ("PASSWORD=" and a line below "TOKEN=x"), the last one's is meant.
  // password=…, "accessToken": "…", api_key%3D…, API key: …
  named(
    'name-and-value',
    SECRET_HINT,
    raw`${SECRET_NAME}${IS}(?:(?<=\s)["'{([\\]{0,4}[\w-]{0,40}?${SECRET_NAME}${IS})*`,
  ),
  // --password …, ("password", "…"), [b'password', b'…']
  named(
    'flag-or-pair',
    SECRET_HINT,
    raw`(?:[([]b?["'][\w-]{0,40}|(?<![\w-])--[\w-]{0,40})${SECRET_NAME}(?:["'],)?\s{1,4}`,
  ),
  // Not KeyError: 'title', foreign_key=15, or the key of an object in a bucket.
  // only with "=": key=…, pw=…, hmac=…
  named(
    'short-name',
    /key|sig|auth|pass|pw|hmac|jwt/i,
    raw`(?:(?<![\w-])|(?<=%[\da-f]{2}))(?:key|sig|auth|pass|pw|hmac|jwt)["')\]]?(?:=|%(?:25)?3d)(?!(?:[\w.-]{1,100}\/){1,20}[\w.-]{1,100}\.(?:avro|csv|gz|html?|jpe?g|jsonl?|log|mp3|ndjson|orc|parquet|pdf|png|tar|tsv|txt|wav|xml|zip|zst)(?![\w/+=]))`,
  ),
  // "auth": "…"
  named('short-name-in-quotes', /sig|auth|pass/i, raw`["'](?:sig|auth|pass|pw)["']\s{0,4}:\s{0,4}`),
  // DB_PASS: …
  named('pass-variable', /pass/i, raw`[a-z]_pass["']?\s{0,4}[:=]\s{0,4}`),
  // in a query
  { name: 'oauth-code', hint: /code=/i, pattern: /([?&]code=)(?!\d{3}(?!\w))[^\s&"'<>]+/gi },
  // in any notation, with or without a scheme
  {
    name: 'authorization-header',
    hint: /authorization/i,
    pattern:
      /((?:authorization(?:\\{0,4}["']?\s{0,4}(?:=>?|:|%3a)|["']\s{0,4},)(?:\s{0,4}|%20)(?:\[(?!redacted\]))?(?:b(?=["']))?\\{0,4}["']?)+)(?!(?:missing|not|none|no|is|was|required|invalid|failed|header|expired|denied)(?:[^\w.~+/=-]|$))(?:(?:digest|aws4|oauth|hawk)[^\n]+|(?:[a-z]{4,12}(?:\s{1,4}|%20|\+))?[^\s"',;]+)/gi,
  },
]

function named(name: string, hint: RegExp, before: string): Rule {
  return { name, hint, pattern: new RegExp(`(${before})${VALUE}`, 'gi') }
}
