import { anyCase, type Rule, raw } from './rule.js'
import { END, NO_SENTENCE, QUOTED, VALUE } from './value.js'

/** max_tokens=100 */
const COUNTED = raw`s["']?\s{0,4}[:=]\s{0,4}["']?\d{1,9}(?!\w)`
/** SECRET_KEY_BASE, password_hash, API_KEY_2, YOUTUBE_API_KEYS */
const SUFFIX = raw`s?(?:[_-]?(?:v?\d{1,3}|base|confirm(?:ation)?|current|default|dev(?:elopment)?|digest|hash|live|local|main|new|next|old|previous|primary|prod(?:uction)?|proof|secondary|stag(?:e|ing)|test|value))?`
/** By its last word, because few letters begin one: every place in a text is a trial. */
const SECRET_NAME = anyCase(
  raw`(?:pass(?:[_-]?(?:word|wd|phrase)|(?<=(?:db|pg|sql|user|smtp|ftp|redis|mongo|admin|root)[_-]?pass))|pwd|secret|token(?!${COUNTED})|credentials?|signature(?<!(?:key|time)[ _]signature)|key(?<=(?:api|access|account|auth|client|consumer|developer|discogs|encryption|genius|lastfm|master|openai|private|secret|service|shared|signing|subscription|youtube)[ _-]?key)(?:[_-]?id)?|key-pair-id|verifier(?<=(?:oauth|code)[_-]?verifier)|device[_-]?code|sess(?:ion)?[_-]?id)${SUFFIX}`,
)
const SECRET_HINT = /pass|pwd|secret|token|credential|signature|key|verifier|device|identified|sess/i
/** Between name and value: name=, "name":, \"name\":, name%3D, form[name]=, Key (name)=, <name>, name\\u003d, name&quot;:, name provided: */
const IS = raw`(?:(?:\\{0,4}["']|%2[27]|\\{1,2}(?:u00|x)2[27]|[)\]]|&(?:quot|apos|#0?39|#x27);)?(?:\s(?:${anyCase('provided|given|used|was|is')}))?\s{0,4}(?::?=>?|:|%(?:25)?3[adAD]|\\{1,2}(?:u00|x)3[adAD])\s{0,4}|>|&gt;)`
const QUOTED_NAME = anyCase('sig|auth|pass|pw')
const SHORT_NAME = anyCase('key|sig|auth|pass|pw|hmac|jwt')
/** The first half of key="password" value="…". */
const NAMES_SECRET = raw`["'][\w.:-]{1,80}["']\s{1,4}${anyCase('value')}=`
const FILE = anyCase('avro|csv|gz|html?|jpe?g|jsonl?|log|mp3|ndjson|orc|parquet|pdf|png|tar|tsv|txt|wav|xml|zip|zst')
/** Musical keys. */
const TONIC = raw`[A-G](?:b|#|♭|♯)?(?:m|min|maj)?${END}`

/** Values that a name gives away. */
export const NAMED: readonly Rule[] = [
  // name="DB_PASSWORD" value="…", {"key": "api_key", "value": "…"}, - name: DB_PASSWORD and below it value: …
  named(
    'name-then-value',
    /value/i,
    raw`${anyCase('(?:name|key|id)')}\\{0,4}["']?\s{0,4}[:=]\s{0,4}\\{0,4}["']?[\w .:-]{0,40}(?:${SECRET_NAME}|${anyCase('pass|pw')})\\{0,4}["']?,?\s{0,8}\\{0,4}["']?${anyCase('value')}\\{0,4}["']?\s{0,4}[:=]\s{0,4}`,
  ),
  // <password type="x">…
  named('element', SECRET_HINT, raw`<[\w.:-]{0,40}${SECRET_NAME}\s[^<>\n]{1,200}>`),
  // API key '…' not found, ALTER USER app WITH PASSWORD '…', IDENTIFIED BY '…'
  {
    name: 'quoted-after-name',
    hint: SECRET_HINT,
    pattern: new RegExp(
      raw`(${anyCase('(?:token(?<=(?:access|auth|refresh)[ _-]?token)|key(?<=api[ _-]?key)|identified by|pass(?:word|phrase))')}\s{1,4})(?!["'](?:[A-Z]{1,20}_[A-Z_]{1,60})?["'])[eE]?(?:${QUOTED})`,
      'g',
    ),
  },
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
    raw`(?:[([]b?["'][\w -]{0,40}|(?<![\w-])--[\w-]{0,40})${SECRET_NAME}(?:["'],)?\s{1,4}`,
  ),
  // Not KeyError: 'title', foreign_key=15, a musical key, or the key of a partition or of an object in a bucket.
  // only with "=": key=…, pw=…, hmac=…
  named(
    'short-name',
    /key|sig|auth|pass|pw|hmac|jwt/i,
    raw`(?:${SHORT_NAME})(?<=(?:(?<![\w-])|(?<=(?:%|\\(?:u00|x))[\da-fA-F]{2}))(?:${SHORT_NAME}))(?<!(?:[cC]ache|[fF]oreign|[mM]issing|[pP]artition|[pP]rimary|[sS]ort|[uU]nique|KeyError:)\s[kK][eE][yY])["')\]]?(?:=|%(?:25)?3[dD]|\\{1,2}(?:u00|x)3[dD])(?!${TONIC}|${NAMES_SECRET}|(?:[\w.-]{1,100}\/){1,20}[\w.-]{1,100}\.(?:${FILE})(?![\w/+=]))`,
  ),
  // ENCRYPTION_KEY=…, not SORT_KEY=…
  named(
    'key-variable',
    /_KEY/,
    raw`(?<![\w-])[A-Z][A-Z\d_]{0,60}(?<!BAD|CACHE|DUP|DUPLICATE|EMPTY|FOREIGN|HASH|IDEMPOTENCY|INVALID|LOOKUP|MISSING|OBJECT|PARTITION|PRIMARY|PUBLIC|RANGE|ROUTING|SORT|SUCH|UNIQUE|UNKNOWN)_KEY(?:S|_\d{1,3})?${IS}`,
  ),
  // "auth": "…", { user: 'a', pass: '…' }
  named(
    'short-name-in-quotes',
    /sig|auth|pass|pw/i,
    raw`(?:${QUOTED_NAME})(?:(?<=["'](?:${QUOTED_NAME}))["']\s{0,4}:\s{0,4}|:(?<=[{,]\s{0,8}(?:${QUOTED_NAME}):)\s{0,4}(?=["']))`,
  ),
  // DB_PASS: …
  named('pass-variable', /pass/i, raw`[a-zA-Z]_${anyCase('pass')}["']?\s{0,4}[:=]\s{0,4}`),
  // in a query
  { name: 'oauth-code', hint: /code=/i, pattern: /((?:[?&]|&amp;|\\u0026|\\x26)code=)(?!\d{3}(?!\w))[^\s&"'<>\\]+/gi },
  {
    name: 'session-in-query',
    hint: /session=|sk=|sid=/i,
    pattern: /((?:[?&]|&amp;|\\u0026|\\x26)(?:session|sk|sid)=)[^\s&"'<>\\]+/gi,
  },
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
