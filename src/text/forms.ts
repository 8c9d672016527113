export const raw = String.raw
/** Replaces a credential. */
const HIDDEN = '[redacted]'

/** Hides what the patterns match, except their first group. A cheap hint spares them most texts. */
export function hiding(hint: RegExp, ...patterns: readonly RegExp[]) {
  return (text: string): string =>
    hint.test(text) ? patterns.reduce((rest, pattern) => rest.replace(pattern, `$1${HIDDEN}`), text) : text
}

/** Whole, without the end, without the beginning (base64 before END …), or as lines of base64 alone. */
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
const START = raw`(?:(?<![\w-])|(?<=%[\da-fA-F]{2}|\\[nrt]))`
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
  raw`AIza[\w-]{16,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{8,}|${START}1//0[\w-]{10,}`, // Google
  raw`(?:NR(?:AK|JS|II|AL)-|sq0(?:atp|csp|idp)-)[\w-]{16,}|pypi-AgEIcHlwaS5vcmc[\w-]{8,}`, // New Relic, Square, PyPI
  raw`pscale_(?:tkn|pw|oauth)_[\w=.-]{16,}|sntry[su]_[\w+/=]{16,}`, // PlanetScale, Sentry
  raw`SG\.[\w-]{16,}\.[\w-]{16,}|${START}SG\.[\w-]{8,}\.[\w-]{8,}`, // SendGrid
  raw`(?:${START}|(?<=\bbot))\d{8,10}:A[\w-]{30,}|xox[a-z]-[\w-]{10,}|xapp-\d-[\w-]{10,}`, // Telegram, Slack
  raw`(?<=hooks\.slack\.com/\w{1,20}/|discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/)[\w/.-]+`,
  raw`(?<=(?:webhook\.office\.com/\w{1,20}|outlook\.office\.com/webhook)/)[\w/@.-]+`,
  raw`${START}(?:p8e-|fo1_|hv[sb]\.)[\w-]{16,}|${START}sk-[\w-]{20,}`, // Adobe, Fly, Vault; Anthropic and OpenAI
  raw`${START}(?:LTAI[a-zA-Z0-9]{12,}|(?:AKCp|cmVmd)[A-Za-z0-9]{32,})`, // Alibaba, Artifactory
  raw`${START}(?:[\w~.]{3}\dQ~[\w~.-]{16,}|eyJ[\w-]{8,}(?:\.[\w-]*){1,4})`, // Azure, JWT
  raw`${START}(?:(?:dapi|key-|SK)[a-f0-9]{32}|pul-[a-f0-9]{32,})`, // Databricks, Mailgun, Twilio, Pulumi
  raw`${START}(?:do[opr]_v1_[a-f0-9]{16,}|(?:dp\.pt\.|npm_)[a-zA-Z0-9]{16,})`, // DigitalOcean, Doppler, npm
  raw`${START}(?:(?:fm[12][ar]?_|gl(?:c|sa)_)[\w+/=]{16,}|(?:ntn_|rnd_)\w{16,})`, // Fly, Grafana, Notion, Render
  raw`${START}(?:(?:hf_|api_org_)[a-zA-Z0-9]{8,}|(?:[rs]k_(?:live|test|prod)|whsec)_\w{10,})`, // Hugging Face, Stripe
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
export const FORMS = [privateKeys, urls, unreadable, commands, headers, basic, vendors]
