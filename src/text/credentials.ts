const raw = String.raw
/** Replaces a credential. */
const HIDDEN = '[redacted]'

/** Hides what the patterns match, except their first group. A cheap hint spares them most texts. */
function hiding(hint: RegExp, ...patterns: readonly RegExp[]) {
  return (text: string): string =>
    hint.test(text) ? patterns.reduce((rest, pattern) => rest.replace(pattern, `$1${HIDDEN}`), text) : text
}

/** Whole, without the end, without the beginning (base64 before END …), or lines of base64 alone; no PUBLIC KEY. */
const privateKeys = hiding(
  /PRIVATE KEY|\n[A-Za-z0-9+/]{64}/,
  /()-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^-]*(?:-(?!----)[^-]*)*(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
  /()(?:(?:(?<![\w+/=])|(?<=\\n))[\w+/=]{40,76}(?:\\n|\s)){0,80}(?:(?<![\w+/=])|(?<=\\n))[\w+/=]{1,76}(?:\\n|\s)-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g,
  /()(?<![\w+/=])[A-Za-z0-9+/]{64}(?:\n[A-Za-z0-9+/]{64}){1,80}(?:\n[\w+/=]{1,76})?/g,
)

const urls = hiding(
  /:\/\//,
  // redis://:hunter/2@cache, up to the last "@"; not https://example.com:443/a@b
  /((?<=\w)(?<!https?):\/\/)[^\s"'<>/?#@:]*(?::(?!\/\/)[^\s:]*)+(?=@)/gi,
  // https://bob:hunter/2@example.com, also cut off: postgresql://app:hunter2; not http://localhost:5001
  /(:\/\/)[^\s"'<>/?#@:[\]]*:(?!\/\/|\d{1,5}(?:[^\w@%~!$&*+=-]|$))(?:[^\s:]*(?::(?!\/\/)[^\s:]*)*(?=@)|(?:[^\s:[]|\[(?!redacted\]))+(?::(?!\/\/)(?:[^\s:[]|\[(?!redacted\]))*)*(?=\s|$))/g,
  // https://hunter2@github.com; not https://example.com/a@b
  /(:\/\/)[^\s"'<>/?#]+(?=@)/g,
  // postgres://app:12345 cut off; not redis://cache:6379
  /((?<=\w)(?<!https?):\/\/)(?!localhost:)[^\s"'<>/?#@:.[\]]{1,80}:(?!(?:3306|5432|5671|5672|6379|6543|27017)(?!\d))\d{1,5}(?=["']?(?:\s|$))/gi,
)

/** Quoted in an error because it could not be read. */
const unreadable = hiding(
  /port|integer|header|host name|percent|parameter|missing "/i,
  // Port could not be cast to integer value as 'hunter2'; not invalid port number: "99999"
  /((?:\bport\b(?!\W{0,3}\d)[^"'\n[]{0,60}[\s(]|integer value |percent-encoded \w{1,10}: )b?["'])(?!:?\d{1,5}[^\d"'\n]?\d{0,5}["'])[^"'\n]+/gi,
  // Invalid header value b'hunter2'; not invalid header name 'X Y'
  /(header (?:value|part)s?[^"'\n[]{0,60}[\s(]b?)(?:"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)/gi,
  // could not translate host name "hunter2@db"; not host name "db"
  /((?:host name|URI query parameter:) ")[^"\n]*(?=@)/g,
  // missing "=" after "app:hunter2" in connection info string; not missing "=" in it
  /(missing "=" after ")(?:[^"\n]|"(?! in connection))+/g,
)

const commands = hiding(
  /(?:^|["'\s])--?[apu]/i,
  // curl -u bob:hunter2; not python -u worker.py: 1
  /((?<![\w-])(?:-u|--user|--proxy-user)(?:["'],\s{0,4}["']|=["']?|\s{1,4}["']?)[^\s"':=]{1,80}:)(?!\/\/)[^\s"']+/g,
  // docker login -u bob -p hunter2, sshpass -p hunter2, redis-cli -a hunter2; not docker run -u root -p 8080:80
  /((?:(?<![\w-])-u["',\s=]{0,6}[\w.@\\-]{1,80}|sshpass|redis-cli)["',\s]{1,6}-[ap]["',\s=]{0,6})(?!\d{1,5}(?:[:"'\s]|$))[^\s"']+/g,
  // ['mysql', '-p', 'hunter2']; not ['psql', '-p', '5432'], ['mkdir', '-p', '/data'], ['unzip', '-p', 'songs.zip']
  /(["']-(?:[pP]|pw)["'],\s{0,4}["'])(?!\d{1,5}["']|[^"'\n]{0,200}\/|[\w-]{1,80}\.\w{1,4}["'])[^"'\n]+/g,
)

const headers = hiding(
  /cookie|bearer|Auth\(|(?:code|session|sk|sid)=/i,
  // Set-Cookie: id=hunter2; not cookie: expired
  /((?:set-)?cookies?["']?\s{0,4}[:=]\s{0,4}(?=[^\n]{0,300}(?:=|[a-z]\d|\d[a-z]))|<cookie\s)[^\n]+/gi,
  // Bearer%20hunter2; not the bearer token expired
  /(bearer(?:\s{1,4}|%20|\+)["']?)(?=[\w.~+/-]{0,200}?(?:[a-z]\d|\d[a-z])|[\w.~+/=-]{20})[\w.~+/=-]+/gi,
  // HTTPBasicAuth('bob', 'hunter2'); not SpotifyOAuth(None)
  /(\b(?:HTTP)?(?:Basic|Digest|Proxy)Auth\()[^)\n]*/g,
  // /callback?code=hunter2; not ?code=404, ?code=RATE_LIMITED
  /((?:[?&]|&amp;|\\u0026|\\x26)(?:code|session|sk|sid)=)(?!\d{3}(?!\w)|[A-Z_]+(?![^\s&"'<>\\]))[^\s&"'<>\\]+/gi,
)

/** Basic Ym9iOmh1bnRlcjI=, base64 of user:password; not basic information. */
const basic = (text: string): string =>
  text.replace(/(\bbasic(?:\s{1,4}|%20|\+))([\w+/-]{6,}={0,2})/gi, (found, scheme, base64) =>
    /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(base64, 'base64').toString('latin1')) ? scheme + HIDDEN : found,
  )

/** Not within a word, except after an escape such as %20 or \n. */
const TOKEN_START = raw`(?:(?<![\w-])|(?<=%[\da-fA-F]{2}|\\[nrt]))`
/**
 * Tokens known by how they begin, from the default rules of gitleaks (github.com/gitleaks/gitleaks, MIT); lengths are
 * lower bounds, because an error may have cut them. Google's, Render's and Supabase's are from their documentation.
 * Hides "xghp_hunter2hunter2hunter2", "sk-proj-hunter2hunter2hunter2"; spares "ghp_x", "disk-full-and-nothing-else".
 */
const TOKENS = [
  raw`ops_eyJ[\w+/=]{8,}|\bA3-[A-Z0-9]{6}-[A-Z0-9]{6,11}(?:-[A-Z0-9]{5}){2,4}`, // 1Password
  raw`AGE-SECRET-KEY-1\w{8,}|ATATT3[\w=-]{16,}|A(?:3T[A-Z0-9]|BIA|CCA|KIA|SIA)[A-Z0-9]{16}`, // age, Atlassian, AWS
  raw`dt0c01\.[a-zA-Z0-9]{8,}\.\w{8,}|(?:PMAK-|shp(?:at|ca|pa|ss)_)[a-fA-F0-9]{16,}`, // Dynatrace, Postman, Shopify
  raw`(?:gh[oprsu]_|github_pat_|lin_api_|sbp_|sb_secret_)\w{16,}`, // GitHub, Linear, Supabase
  raw`gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w-]{16,}|GR1348941[\w-]{16,}`, // GitLab
  raw`AIza[\w-]{16,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{8,}|${TOKEN_START}1//0[\w-]{10,}`, // Google
  raw`(?:NR(?:AK|JS|II|AL)-|sq0(?:atp|csp|idp)-)[\w-]{16,}|pypi-AgEIcHlwaS5vcmc[\w-]{8,}`, // New Relic, Square, PyPI
  raw`pscale_(?:tkn|pw|oauth)_[\w=.-]{16,}|sntry[su]_[\w+/=]{16,}`, // PlanetScale, Sentry
  raw`SG\.[\w-]{16,}\.[\w-]{16,}|${TOKEN_START}SG\.[\w-]{8,}\.[\w-]{8,}`, // SendGrid
  raw`(?:${TOKEN_START}|(?<=\bbot))\d{8,10}:A[\w-]{30,}|xox[a-z]-[\w-]{10,}|xapp-\d-[\w-]{10,}`, // Telegram, Slack
  raw`(?<=hooks\.slack\.com/\w{1,20}/|discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/)[\w/.-]+`,
  raw`(?<=(?:webhook\.office\.com/\w{1,20}|outlook\.office\.com/webhook)/)[\w/@.-]+`,
  raw`${TOKEN_START}(?:p8e-|fo1_|hv[sb]\.)[\w-]{16,}|${TOKEN_START}sk-[\w-]{20,}`, // Adobe, Fly, Vault; Anthropic and OpenAI
  raw`${TOKEN_START}(?:LTAI[a-zA-Z0-9]{12,}|(?:AKCp|cmVmd)[A-Za-z0-9]{32,})`, // Alibaba, Artifactory
  raw`${TOKEN_START}(?:[\w~.]{3}\dQ~[\w~.-]{16,}|eyJ[\w-]{8,}(?:\.[\w-]*){1,4})`, // Azure, JWT
  raw`${TOKEN_START}(?:(?:dapi|key-|SK)[a-f0-9]{32}|pul-[a-f0-9]{32,})`, // Databricks, Mailgun, Twilio, Pulumi
  raw`${TOKEN_START}(?:do[opr]_v1_[a-f0-9]{16,}|(?:dp\.pt\.|npm_)[a-zA-Z0-9]{16,})`, // DigitalOcean, Doppler, npm
  raw`${TOKEN_START}(?:(?:fm[12][ar]?_|gl(?:c|sa)_)[\w+/=]{16,}|(?:ntn_|rnd_)\w{16,})`, // Fly, Grafana, Notion, Render
  raw`${TOKEN_START}(?:(?:hf_|api_org_)[a-zA-Z0-9]{8,}|(?:[rs]k_(?:live|test|prod)|whsec)_\w{10,})`, // Hugging Face, Stripe
]
/** How TOKENS begin, for the hint: a new token needs its prefix here. */
const PREFIXES = [
  raw`A(?:3[T-]|BIA|CCA|GE-S|Iza|KCp|KIA|SIA|TATT3)|GOCSPX-|GR1348941|LTAI|NR(?:AK|AL|II|JS)-|PMAK-|Q~|S(?:G\.|K)|:A`,
  raw`1//0|_v1_|api_org_|cmVmd|d(?:api|p\.pt\.|t0c01\.)|eyJ|f(?:o1_|m[12])|g(?:h[oprsu]_|ithub_pat_|l)|h(?:f_|v[sb]\.|ook)`,
  raw`k(?:_live_|_prod_|_test_|ey-)|lin_api_|n(?:pm_|tn_)|p(?:8e-|scale_|ul-|ypi-A)|rnd_`,
  raw`s(?:bp_|b_secret_|hp(?:at|ca|pa|ss)_|k-|ntry[su]_|q0)|whsec_|x(?:app-|ox)|ya29\.`,
]
const vendors = hiding(new RegExp(PREFIXES.join('|')), new RegExp(`()(?:${TOKENS.join('|')})`, 'g'))

/** Credentials that are known by their form or by their vendor's prefix. */
const forms = [privateKeys, urls, unreadable, commands, headers, basic, vendors]

// People choose passwords, so a value after a password's name is hidden, unless NO_PASSWORD spares it. Machines make
// tokens and keys, so a value after their names is hidden only if it looks made.

/** Words in any case, for a pattern that minds case elsewhere; they hold no classes of letters. */
function anyCase(words: string): string {
  return words.replace(/(?<!\\)[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
}

/** Where a short name begins: "x%26key%3D", "user_pw=", not "bpw=". */
const NAME_START = raw`(?:(?<![A-Za-z\d])|(?<=(?:%|\\u00|\\x)[\da-fA-F]{2}))`
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
)}|${NAME_START}(?:${anyCase('auth|bearer|csrf|sig|hmac|jwt')}|${anyCase('key')}(?=["')\]]?${EQUALS})))${SUFFIX}`
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
const ASSIGNED = raw`(?:${NAME_START}(?:${anyCase('pass|pw|pin')}|${anyCase('auth')}(?==[([]))|${anyCase('secret')}${SUFFIX})(?:["')\]]{0,2}\s{0,4}${EQUALS}\s{0,4}|${QUOTE}\s{0,4}:\s{0,4}(?=${QUOTE})|:(?<=[{,]\s{0,8}[\w-]{0,40}:)\s{0,4}(?=["'])|${HELD})`
/** 'Authorization': b'Basic …', [(b'authorization', b'…')]; not Authorization: missing header. */
const AUTHORIZATION = raw`${anyCase('authorization')}(?:\\{0,4}["']?\s{0,4}(?:=>?|:|%3[aA])|["']\s{0,4},)(?:\s{0,4}|%20)(?:\[(?!redacted\]))?(?:b(?=["']))?\\{0,4}["']?`
const CREDENTIALS = raw`(?!${anyCase('authorization')}|(?<=: )(?!${anyCase('(?:basic|bearer|token|negotiate)')} )[A-Z]?[a-z']{1,19}(?: [a-z']{1,19}){0,12} {0,4}(?:[.,;:!?()\]}]|["'](?!\w)|$))(?:${anyCase('(?:digest|aws4|oauth|hawk)')}[^\n]+|(?:[a-zA-Z]{4,12}(?:\s{1,4}|%20|\+))?(?:\w+="[^"\n]*"[^\s"',;]*|[^\s"',;]+))`
/** In pydantic's errors the name is on the line above, or in 'loc'. */
const PYDANTIC = raw`(?:${CHOSEN}|${MADE})(?:(?:[.[(][\w.()[\]-]{0,60})?\n[^\n]{0,500}?\binput_value=|["'][)\],]{1,3}[^\n]{0,500}?["']input["']: )`

/** What may follow a name, for the hints: they must match wherever their patterns may. */
const GOES_ON = raw`\w{0,20}(?:["')\]]{0,2},?\s{0,8}(?:[:=>\\&%-]|["']?value)|["'],|\s{1,4}(?:e?["']|\w{1,20}[:=]|provided|given|used|was|is))|--\w`
/** Values after a name. */
const names = [
  // Authorization: Basic aHVudGVyMg; not Authorization: missing header
  hiding(/authorization/i, named(AUTHORIZATION, CREDENTIALS)),
  // password, and below it input_value='hunter2'; not below name
  hiding(/\binput/, named(PYDANTIC, raw`(?:\[redacted\]|${QUOTED}|[^\n]+?(?=, input_type=|$))`)),
  hiding(
    new RegExp(raw`(?:pass|pwd?|pin|otp|mfa|identified by|secret|auth)${GOES_ON}`, 'i'),
    // pw=hunter2; not pin: wrong
    named(ASSIGNED, `${NO_PASSWORD}${VALUE}`),
    // db_password: hunter2; not password: must be changed
    named(`${CHOSEN}${IS}`, `${NO_PASSWORD}(?:${PASSPHRASE}|${VALUE})`),
  ),
  hiding(
    new RegExp(
      raw`(?:token|secret|cred|key(?!error)|veri|assert|saml|code|sess|auth|bearer|csrf|sig|hmac|jwt)${GOES_ON}`,
      'i',
    ),
    // api_key=8f3a9c2e; not token=expired
    named(`${MADE}${IS}`, `(?=${LOOKS_MADE})${VALUE}`),
  ),
]

/** user:password@host without a scheme; a value after a name may look like it. */
const logins = hiding(
  /@/,
  // bob:hunter2@host without a scheme; not redis:7@sha256:…
  /((?<![\w.%+-]|:\/\/|\[redacted\]@\S{0,99}))[\w.%+-]{1,80}:(?!\/\/|\d{1,5}[/?#]|\[redacted\])[^\s"'<>]{1,200}(?=@(?!sha256:)[\w[])/g,
  // hunter2@cache:6379; not bob@example.com
  /((?<![\w.%+-]|:\/\/))[^\s"'<>@/:[\]]{1,200}(?=@[\w.-]{1,80}:\d{2,5}(?!\w))/g,
)

/** Each hides one kind of credential, in this order. */
export const REDACTIONS = [...forms, ...names, logins]
