import { HIDDEN, type Rule } from './rule.js'

const LIBPQ = /[er:] "/

/** Credentials that stand in a form of their own. */
export const FORMS: readonly Rule[] = [
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
    hint: /:\/\//,
    pattern:
      /((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?)(?:\+\w{1,20})?:\/\/)[^\s:]*(?::(?!\/\/)[^\s:]*)*@/gi,
    hidden: `$1${HIDDEN}@`,
  },
  // user:password@, token@
  { name: 'url-userinfo', hint: /:\/\//, pattern: /(:\/\/)[^\s"'<>/?#]+@/g, hidden: `$1${HIDDEN}@` },
  // the text after the colon is not a port, and the "@" may be cut off
  {
    name: 'url-userinfo-cut',
    hint: /:\/\//,
    pattern:
      /(:\/\/)[^\s"'<>/?#@:[\]]*:(?!\/\/|\d{1,5}(?:[^\w@%~!$&*+=-]|$))(?:[^\s:]*(?::(?!\/\/)[^\s:]*)*(?=@)|(?:[^\s:[]|\[(?!redacted\]))+(?::(?!\/\/)(?:[^\s:[]|\[(?!redacted\]))*)*(?=\s|$))/g,
  },
  // nor is one of digits alone a port, cut off where the host of a database seems to be a plain name
  {
    name: 'database-url-digits',
    hint: /:\/\//,
    pattern:
      /((?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?)(?:\+\w{1,20})?:\/\/)(?!localhost:)[^\s"'<>/?#@:.[\]]{1,80}:(?!(?:3306|5432|5671|5672|6379|6543|27017)(?!\d))\d{1,5}(?=["']?(?:\s|$))/gi,
  },
  // of a password that was not percent-encoded: host name "…@host", integer value "…@host"
  {
    name: 'libpq-spill',
    hint: LIBPQ,
    pattern: /((?:host name|integer value|URI query parameter:) ")[^"\n]*@/g,
    hidden: `$1${HIDDEN}@`,
  },
  // of the same: what stood behind a password's delimiters
  {
    name: 'libpq-dsn',
    hint: LIBPQ,
    pattern: /(missing "=" after ")(?:[^"\n]|"(?! in connection))+/g,
  },
  // not of a number with a slip
  {
    name: 'libpq-port',
    hint: LIBPQ,
    pattern: /((?:port number:|integer value) ")(?!\d{1,5}[^\d"\n]?\d{0,5}")[^"\n]+/g,
  },
  // curl -u user:…
  {
    name: 'curl-user',
    hint: /-u/,
    pattern:
      /((?<![\w-])(?:-u|--user|--proxy-user)(?:["'],\s{0,4}["']|=["']?|\s{1,4}["']?)[^\s"':=]{1,80}:)(?!\/\/)[^\s"']+/g,
  },
  {
    name: 'cookie-header',
    hint: /cookie/i,
    pattern:
      /((?:set-)?cookies?["']?\s{0,4}[:=](?!\s{0,4}(?:expired|invalid|missing|no|none|not|rejected|required)(?:[\s.,;][^\n=]{0,200})?(?:\n|$))\s{0,4}|<cookie\s)[^\n]+/gi,
  },
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
  // of requests, aiohttp and httpx: HTTPBasicAuth('user', '…')
  { name: 'http-auth-object', hint: /Auth\(/, pattern: /(\b(?:HTTP)?(?:Basic|Digest|Proxy)Auth\()[^)\n]*/g },
  // of Slack, Discord and Teams
  {
    name: 'webhook',
    hint: /hook/,
    pattern:
      /((?:hooks\.slack\.com\/\w{1,20}|discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks|webhook\.office\.com\/\w{1,20}|outlook\.office\.com\/webhook)\/)[\w/@.-]+/g,
  },
]

/** Whether base64 decodes to text with a colon in it. */
function holdsColon(base64: string): boolean {
  return /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(base64, 'base64').toString('latin1'))
}
