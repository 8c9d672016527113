/*
 * Every pattern is linear, because last_error may be a megabyte of somebody else's text: what it repeats is bounded,
 * cannot start again inside its own run, or is followed by nothing that could fail.
 */

/** What hides one kind of credential. */
export interface Rule {
  readonly name: string
  /** The pattern is tried only where this stands in the text. */
  readonly hint: RegExp
  readonly pattern: RegExp
  /** "$1[redacted]" unless given. */
  readonly hidden?: string | ((found: string, ...groups: string[]) => string)
}

const HIDDEN = '[redacted]'
// String.raw below: what stands there is the pattern, backslashes and all.
const raw = String.raw

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
/** Where a token may begin: not within a word, but for the end of an escape such as %20 or \n. */
const START = raw`(?:(?<![\w-])|(?<=%[\da-fA-F]{2}|\\[nrt]))`

/**
 * Tokens known by their form, from the default rules of gitleaks (github.com/gitleaks/gitleaks, MIT), where they are
 * unmistakable by how they begin; lengths are lower bounds, because an error may have cut them.
 * The last three are Google's, Render's and Supabase's, from their documentation.
 */
const VENDORS: readonly Rule[] = [
  vendor('1password', /ops_eyJ|A3-/, raw`ops_eyJ[\w+/=]{8,}|\bA3-[A-Z0-9]{6}-[A-Z0-9]{6,11}(?:-[A-Z0-9]{5}){2,4}`),
  vendor('adobe', /p8e-/, raw`${START}p8e-[\w-]{16,}`),
  vendor('age', /AGE-SECRET-KEY-1/, raw`AGE-SECRET-KEY-1\w{8,}`),
  vendor('alibaba', /LTAI/, raw`${START}LTAI[a-zA-Z0-9]{12,}`),
  vendor('anthropic-openai', /sk-/, raw`${START}sk-[\w-]{20,}`),
  vendor('artifactory', /AKCp|cmVmd/, raw`${START}(?:AKCp|cmVmd)[A-Za-z0-9]{32,}`),
  vendor('atlassian', /ATATT3/, raw`ATATT3[\w=-]{16,}`),
  vendor('aws', /A3T|AKIA|ASIA|ABIA|ACCA/, raw`(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}`),
  vendor('azure', /Q~/, raw`${START}[\w~.]{3}\dQ~[\w~.-]{16,}`),
  vendor('databricks', /dapi/, raw`${START}dapi[a-f0-9]{32}`),
  vendor('digitalocean', /_v1_/, raw`${START}do[opr]_v1_[a-f0-9]{16,}`),
  vendor('doppler', /dp\.pt\./, raw`${START}dp\.pt\.[a-zA-Z0-9]{16,}`),
  vendor('dynatrace', /dt0c01\./, raw`dt0c01\.[a-zA-Z0-9]{8,}\.\w{8,}`),
  vendor('flyio', /fo1_|fm1|fm2/, raw`${START}(?:fo1_[\w-]{16,}|fm[12][ar]?_[\w+/=]{16,})`),
  vendor('github', /gho_|ghp_|ghr_|ghs_|ghu_|github_pat_/, raw`gh[oprsu]_\w{16,}|github_pat_\w{16,}`),
  vendor(
    'gitlab',
    /gl|GR1348941/,
    raw`gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w-]{16,}|GR1348941[\w-]{16,}`,
  ),
  vendor('grafana', /glc_|glsa_/, raw`${START}gl(?:c|sa)_[\w+/=]{16,}`),
  vendor('huggingface', /hf_|api_org_/, raw`${START}(?:hf_|api_org_)[a-zA-Z0-9]{8,}`),
  vendor('jwt', /eyJ/, raw`${START}eyJ[\w-]{8,}(?:\.[\w-]*){1,4}`),
  vendor('linear', /lin_api_/, raw`lin_api_[a-zA-Z0-9]{16,}`),
  vendor('mailgun', /key-/, raw`${START}key-[a-f0-9]{32}`),
  vendor('new-relic', /NRAK-|NRJS-|NRII-|NRAL-/, raw`NR(?:AK|JS|II|AL)-[\w-]{16,}`),
  vendor('notion', /ntn_/, raw`${START}ntn_\w{16,}`),
  vendor('npm', /npm_/, raw`${START}npm_[a-zA-Z0-9]{16,}`),
  vendor('planetscale', /pscale_/, raw`pscale_(?:tkn|pw|oauth)_[\w=.-]{16,}`),
  vendor('postman', /PMAK-/, raw`PMAK-[a-f0-9]{16,}`),
  vendor('pulumi', /pul-/, raw`${START}pul-[a-f0-9]{32,}`),
  vendor('pypi', /pypi-AgEIcHlwaS5vcmc/, raw`pypi-AgEIcHlwaS5vcmc[\w-]{8,}`),
  vendor('sendgrid', /SG\./, raw`${START}SG\.[\w-]{8,}\.[\w-]{8,}|SG\.[\w-]{16,}\.[\w-]{16,}`),
  vendor('sentry', /sntrys_|sntryu_/, raw`sntry[su]_[\w+/=]{16,}`),
  vendor('shopify', /shpat_|shpca_|shppa_|shpss_/, raw`shp(?:at|ca|pa|ss)_[a-fA-F0-9]{16,}`),
  vendor('slack', /xox|xapp-/, raw`xox[a-z]-[\w-]{10,}|xapp-\d-[\w-]{10,}`),
  vendor('square', /sq0/, raw`sq0(?:atp|csp|idp)-[\w-]{16,}`),
  vendor('stripe', /k_live_|k_test_|k_prod_|whsec_/, raw`${START}(?:[rs]k_(?:live|test|prod)|whsec)_\w{10,}`),
  vendor('telegram', /:A/, raw`${START}\d{8,10}:A[\w-]{34}`),
  vendor('twilio', /SK/, raw`${START}SK[0-9a-f]{32}`),
  vendor('vault', /hvs\.|hvb\./, raw`${START}hv[sb]\.[\w-]{16,}`),
  vendor(
    'google',
    /AIza|ya29\.|GOCSPX-|1\/\/0/,
    raw`AIza[\w-]{16,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{8,}|${START}1//0[\w-]{10,}`,
  ),
  vendor('render', /rnd_/, raw`${START}rnd_\w{16,}`),
  vendor('supabase', /sbp_|sb_secret_/, raw`sb(?:p|_secret)_\w{16,}`),
]

function vendor(name: string, hint: RegExp, pattern: string): Rule {
  return { name, hint, pattern: new RegExp(pattern, 'g'), hidden: HIDDEN }
}

/** Credentials that stand in a form of their own. */
const FORMS: readonly Rule[] = [
  // also without its end
  {
    name: 'pem',
    hint: /PRIVATE KEY/,
    pattern:
      /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^-]*(?:-(?!----)[^-]*)*(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
    hidden: HIDDEN,
  },
  // without its beginning: full lines of base64, then what is left of the last one
  {
    name: 'pem-body',
    hint: /PRIVATE KEY/,
    pattern:
      /(?:(?:(?<![\w+/=])|(?<=\\n))[\w+/=]{40,76}(?:\\n|\s)){0,80}(?:(?<![\w+/=])|(?<=\\n))[\w+/=]{1,76}(?:\\n|\s)-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g,
    hidden: HIDDEN,
  },
  // as of a key without its first and last line
  {
    name: 'base64-block',
    hint: /\n/,
    pattern: /(?<![\w+/=])(?:[A-Za-z0-9+/]{64}\n){2,80}[\w+/=]{0,76}/g,
    hidden: `${HIDDEN}\n`,
  },
  // with whatever it holds
  {
    name: 'database-url-password',
    hint: /:\/\//i,
    pattern:
      /((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?)(?:\+\w{1,20})?:\/\/)[^\s:]*(?::(?!\/\/)[^\s:]*)*@/gi,
    hidden: `$1${HIDDEN}@`,
  },
  // user:password@, token@
  { name: 'url-userinfo', hint: /:\/\//, pattern: /(:\/\/)[^\s"'<>/?#]+@/g, hidden: `$1${HIDDEN}@` },
  // what follows the colon is no port, and the "@" may be cut off
  {
    name: 'url-userinfo-cut',
    hint: /:\/\//,
    pattern:
      /(:\/\/)[^\s"'<>/?#@:[\]]*:(?!\/\/|\d{1,5}(?:[^\w@%~!$&*+=-]|$))(?:[^\s:]*(?::(?!\/\/)[^\s:]*)*(?=@)|[^\s:[]+(?::(?!\/\/)[^\s:[]*)*(?=\s|$))/g,
  },
  // of a password that was not percent-encoded: host name "…@host", integer value "…@host"
  {
    name: 'libpq-spill',
    hint: /host name "|integer value "/,
    pattern: /((?:host name|integer value) ")[^"\n]*@/g,
    hidden: `$1${HIDDEN}@`,
  },
  { name: 'cookie-header', hint: /cookie/i, pattern: /((?:set-)?cookies?["']?\s{0,4}[:=]\s{0,4}|<cookie\s)[^\n]+/gi },
  // wherever it stands
  {
    name: 'bearer',
    hint: /bearer/i,
    pattern:
      /(bearer(?:(?:\s{1,4}|%20|\+)(?:["'])?|["']?\s{0,4}[:=]\s{0,4}["']?))(?!(?:tokens?|authentication|authorization|missing|not|is|was|required|invalid|expired|error)(?:[^\w.~+/=-]|$))([\w.~+/=-]+)/gi,
    hidden: (found, before, token) => (token.length >= 8 || /["':=]\s*$/.test(before) ? before + HIDDEN : found),
  },
  // wherever it stands: base64 of user:password
  {
    name: 'basic',
    hint: /basic/i,
    pattern: /(\bbasic(?:\s{1,4}|%20|\+))([\w+/-]{6,}={0,2})/gi,
    hidden: (found, before, token) => (holdsColon(token) ? before + HIDDEN : found),
  },
  // of requests: HTTPBasicAuth('user', '…')
  { name: 'http-auth-object', hint: /Auth\(/, pattern: /(HTTP(?:Basic|Digest|Proxy)Auth\()[^)\n]*/g },
  // of Slack, Discord and Teams
  {
    name: 'webhook',
    hint: /hooks\.slack\.com|\/api\/webhooks\/|webhook\.office\.com/,
    pattern:
      /((?:hooks\.slack\.com\/\w{1,20}|discord(?:app)?\.com\/api\/webhooks|webhook\.office\.com\/\w{1,20})\/)[\w/@.-]+/g,
  },
]

/** Values that a name gives away. */
const NAMED: readonly Rule[] = [
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

/** In the order in which they are applied. */
export const RULES: readonly (readonly Rule[])[] = [FORMS, VENDORS, NAMED]

/** Whether base64 decodes to text with a colon in it. */
function holdsColon(base64: string): boolean {
  return /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(base64, 'base64').toString('latin1'))
}

const ESCAPES =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x9c|\x1b\\)?|\x1b(?:[@-Z\\^_]|[()][0-9A-Z])?/g
// Controls but line feed, and all that takes no room: direction marks, zero-width characters. Of these, emoji keep
// their joiners and selectors.
const INVISIBLE =
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb]|\u200d(?!\p{Extended_Pictographic})|(?<!\p{Extended_Pictographic})\ufe0f(?!\u20e3)|(?![\u200d\ufe0f])\p{Default_Ignorable_Code_Point}/gu
const NOT_PLAIN = /[^\n -~]/

function visible(text: string): string {
  if (!NOT_PLAIN.test(text)) return text
  return text.replace(/\r\n?/g, '\n').replace(ESCAPES, '').replace(/\t/g, ' ').replace(INVISIBLE, '').toWellFormed()
}

/**
 * Text from outside → text fit for a mail, a log or a terminal: no credentials, no control characters, no
 * terminal escapes, no direction marks, well-formed Unicode; line feeds stay. Must run before any cut: half a
 * credential is no longer recognised.
 */
export function redact(text: string): string {
  return redactWith(RULES, text)
}

export function redactWith(families: readonly (readonly Rule[])[], text: string): string {
  return families.reduce((rest, rules) => (hintOf(rules).test(rest) ? rules.reduce(apply, rest) : rest), visible(text))
}

function apply(text: string, { hint, pattern, hidden = `$1${HIDDEN}` }: Rule): string {
  if (!hint.test(text)) return text
  return typeof hidden === 'string' ? text.replace(pattern, hidden) : text.replace(pattern, hidden)
}

const familyHints = new Map<readonly Rule[], RegExp>()

/** Any hint of any of the rules: most texts hold none, and one search is cheaper than a hundred. */
function hintOf(rules: readonly Rule[]): RegExp {
  const known = familyHints.get(rules)
  if (known) return known
  const anyCase = rules.some(({ hint }) => hint.ignoreCase)
  const found = new RegExp(rules.map(({ hint }) => hint.source).join('|'), anyCase ? 'i' : '')
  familyHints.set(rules, found)
  return found
}
