import { HIDDEN, type Rule } from './rule.js'

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
    hint: /:\/\//i,
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
      /(:\/\/)[^\s"'<>/?#@:[\]]*:(?!\/\/|\d{1,5}(?:[^\w@%~!$&*+=-]|$))(?:[^\s:]*(?::(?!\/\/)[^\s:]*)*(?=@)|[^\s:[]+(?::(?!\/\/)[^\s:[]*)*(?=\s|$))/g,
  },
  // of a password that was not percent-encoded: host name "…@host", integer value "…@host"
  {
    name: 'libpq-spill',
    hint: /host name "|integer value "/,
    pattern: /((?:host name|integer value) ")[^"\n]*@/g,
    hidden: `$1${HIDDEN}@`,
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

/** Whether base64 decodes to text with a colon in it. */
function holdsColon(base64: string): boolean {
  return /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(base64, 'base64').toString('latin1'))
}
