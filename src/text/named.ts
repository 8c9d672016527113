import { anyCase, type Rule, raw } from './rule.js'
import { END, NO_SENTENCE, VALUE } from './value.js'

const SECRET_NAME = anyCase(
  raw`(?:pass[_-]?(?:word|wd|phrase)|pwd|secret|token|credentials?|(?<!(?:key|time) )signature|api[ _-]?key|(?:access|account|auth|client|private|secret|service|shared|signing|subscription)[ _-]?key(?:[_-]?id)?|sess(?:ion)?[_-]?id|(?:db|pg|sql|user|smtp|ftp|redis|mongo|admin|root)[_-]?pass)`,
)
const SECRET_HINT = /pass|pwd|secret|token|credential|signature|key|sess/i
/** Between name and value: name=, "name":, \"name\":, name%3D, form[name]=, Key (name)=, <name>, name&quot;:, name provided: */
const IS = raw`(?:(?:\\{0,4}["']|%2[27]|[)\]]|&(?:quot|apos|#0?39|#x27);)?(?:\s(?:${anyCase('provided|given|used|was|is')}))?\s{0,4}(?:=>?|:|%(?:25)?3[adAD])\s{0,4}|>)`
const FILE = anyCase('avro|csv|gz|html?|jpe?g|jsonl?|log|mp3|ndjson|orc|parquet|pdf|png|tar|tsv|txt|wav|xml|zip|zst')
/** Musical keys. */
const TONIC = raw`[A-G](?:b|#|♭|♯)?(?:m|min|maj)?${END}`

/** Values that a name gives away. */
export const NAMED: readonly Rule[] = [
  // A password may be words of a sentence, and a message may follow its name: it is taken for a password where name
  // and words are all that stands in the line, and the words do not begin as messages do.
  {
    name: 'passphrase',
    hint: /pass|secret/i,
    pattern: new RegExp(
      raw`^( {0,8}[\w.-]{0,40}${anyCase('(?:pass[_-]?(?:word|wd|phrase)|secret)')}: {1,4})${NO_SENTENCE}[A-Za-z]{1,20}(?: [A-Za-z]{1,20}){1,11}$`,
      'gm',
    ),
  },
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
  // Not KeyError: 'title', foreign_key=15, a musical key, or the key of a partition or of an object in a bucket.
  // only with "=": key=…, pw=…, hmac=…
  named(
    'short-name',
    /key|sig|auth|pass|pw|hmac|jwt/i,
    raw`(?:(?<![\w-])|(?<=%[\da-fA-F]{2}))(?:(?<!(?:[cC]ache|[fF]oreign|[mM]issing|[pP]artition|[pP]rimary|[sS]ort|[uU]nique|KeyError:)\s)${anyCase('key')}|${anyCase('sig|auth|pass|pw|hmac|jwt')})["')\]]?(?:=|%(?:25)?3[dD])(?!${TONIC}|(?:[\w.-]{1,100}\/){1,20}[\w.-]{1,100}\.(?:${FILE})(?![\w/+=]))`,
  ),
  // "auth": "…"
  named('short-name-in-quotes', /sig|auth|pass/i, raw`["'](?:${anyCase('sig|auth|pass|pw')})["']\s{0,4}:\s{0,4}`),
  // DB_PASS: …
  named('pass-variable', /pass/i, raw`[a-zA-Z]_${anyCase('pass')}["']?\s{0,4}[:=]\s{0,4}`),
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
  return { name, hint, pattern: new RegExp(`(${before})${VALUE}`, 'g') }
}
