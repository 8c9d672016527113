import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FORMS } from '../../../src/text/forms.js'
import { NAMED } from '../../../src/text/named.js'
import { apply, redact } from '../../../src/text/redact.js'
import type { Rule } from '../../../src/text/rule.js'
import { VENDORS } from '../../../src/text/tokens.js'

test.each([
  // URLs: userinfo
  ['postgresql://app:hunter2@db.example.com:6543/music', 'postgresql://[redacted]@db.example.com:6543/music'],
  ['postgres://app:hunter@2#x/y?z@host/db failed', 'postgres://[redacted]@host/db failed'],
  [
    `could not connect to "postgresql://app:hunt'er2@host/db"`,
    'could not connect to "postgresql://[redacted]@host/db"',
  ],
  ['postgresql+psycopg2://app:hunter2@host/db', 'postgresql+psycopg2://[redacted]@host/db'],
  ['redis://:hunter2@cache:6379/0', 'redis://[redacted]@cache:6379/0'],
  ['https://bob:hunter2@example.com/path', 'https://[redacted]@example.com/path'],
  ['https://bob:hunt@er2@example.com/path', 'https://[redacted]@example.com/path'],
  ['https://bob:hunter/2@example.com/path', 'https://[redacted]@example.com/path'],
  ['https://ghtoken@github.com/a/b.git', 'https://[redacted]@github.com/a/b.git'],
  ['a message cut off at postgresql://app:hunter2', 'a message cut off at postgresql://[redacted]'],
  // URLs: query parameters
  [
    'Max retries exceeded with url: /youtube/v3/search?part=snippet&key=AIzaSyA-hunter2-hunter2&q=x (Caused by X)',
    'Max retries exceeded with url: /youtube/v3/search?part=snippet&key=[redacted]&q=x (Caused by X)',
  ],
  [
    '403 Client Error: Forbidden for url: https://api.example.com/v1/feed?accessToken=hunter2&Signature=hunter2%3D',
    '403 Client Error: Forbidden for url: https://api.example.com/v1/feed?accessToken=[redacted]&Signature=[redacted]',
  ],
  ['/x?api_key=hunter2&apikey=hunter2&page=2', '/x?api_key=[redacted]&apikey=[redacted]&page=2'],
  ['/x?X-Amz-Credential=hunter2&X-Amz-Signature=hunter2', '/x?X-Amz-Credential=[redacted]&X-Amz-Signature=[redacted]'],
  ['/x?sig=hunter2&auth=hunter2&client_secret=hunter2', '/x?sig=[redacted]&auth=[redacted]&client_secret=[redacted]'],
  ['next=%2Fx%3Fkey%3Dhunter2', 'next=%2Fx%3Fkey%3D[redacted]'],
  // headers
  ['Authorization: Bearer hunter2hunter2 was refused', 'Authorization: [redacted] was refused'],
  ['Authorization: Basic aHVudGVyMg== was refused', 'Authorization: [redacted] was refused'],
  ['Authorization: Token token="hunter2"', 'Authorization: [redacted]'],
  ['Authorization: Digest username="bob", response="hunter2"', 'Authorization: [redacted]'],
  [`{'Authorization': b'Basic hunter2', 'Accept': '*/*'}`, `{'Authorization': b'[redacted]', 'Accept': '*/*'}`],
  [`[(b'authorization', b'Basic hunter2')]`, `[(b'authorization', b'[redacted]')]`],
  ['sent Bearer hunter2-hunter2 to it', 'sent Bearer [redacted] to it'],
  ['X-Api-Key: hunter2', 'X-Api-Key: [redacted]'],
  ['Cookie: session=hunter2; theme=dark\nHost: example.com', 'Cookie: [redacted]\nHost: example.com'],
  ['Set-Cookie: PHPSESSID=hunter2; Path=/', 'Set-Cookie: [redacted]'],
  // tokens that are known by their form
  ['token was eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.hunter2_-', 'token was [redacted]'],
  ['Bearer%20eyJhbGciOiJIUzI1NiJ9.hunter2.hunter2', 'Bearer%20[redacted]'],
  ['x%22eyJhbGciOiJIUzI1NiJ9.hunter2.hunter2', 'x%22[redacted]'],
  [String.raw`b'\neyJhbGciOiJIUzI1NiJ9.hunter2.hunter2'`, String.raw`b'\n[redacted]'`],
  ['bad AIzaSyA-hunter2_hunter2-hunter2hunter2!', 'bad [redacted]!'],
  ['url%22AIzaSyA-hunter2_hunter2', 'url%22[redacted]'],
  [String.raw`b'\nAIzaSyA-hunter2_hunter2'`, String.raw`b'\n[redacted]'`],
  ['bad SG.hunter2hunter2.hunter2hunter2', 'bad [redacted]'],
  ['bad ghp_hunter2hunter2hunter2', 'bad [redacted]'],
  ['bad AKIAHUNTER2HUNTER2AA', 'bad [redacted]'],
  ['bad ya29.hunter2hunter2', 'bad [redacted]'],
  ['bad glpat-hunter2hunter2hunter2', 'bad [redacted]'],
  ['bad xoxb-hunter2-hunter2', 'bad [redacted]'],
  ['bad github_pat_hunter2hunter2hunter2', 'bad [redacted]'],
  ['bad sk_live_hunter2hunter2', 'bad [redacted]'],
  ['bad sk-proj-hunter2hunter2hunter2', 'bad [redacted]'],
  ['-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\nis bad', '[redacted]\nis bad'],
  ['-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\n\nhunter2\n-----END RSA PRIVATE KEY-----', '[redacted]'],
  ['-----BEGIN EC PRIVATE KEY-----\nhunter2, cut off', '[redacted]'],
  // names and values
  ['password=hunter2', 'password=[redacted]'],
  ['host=h password=hunter2 user=bob', 'host=h password=[redacted] user=bob'],
  ['host=h;Password=hunter2;User=bob', 'host=h;Password=[redacted];User=bob'],
  ['PASSWORD = "hun ter2" next', 'PASSWORD = [redacted] next'],
  [String.raw`password='it\'s hunter2' next`, 'password=[redacted] next'],
  ["password='it''s hunter2' next", 'password=[redacted] next'],
  [`password=it's-hunter2,hunter2)hunter2, next`, 'password=[redacted], next'],
  ['(password: hunter2)', '(password: [redacted])'],
  ['AWS_SECRET_ACCESS_KEY=hunter2', 'AWS_SECRET_ACCESS_KEY=[redacted]'],
  ['form[password]=hunter2&x=1', 'form[password]=[redacted]&x=1'],
  ['<password>hunter2</password>', '<password>[redacted]</password>'],
  ['{"password": "hun\\"ter2", "user": "bob"}', '{"password": [redacted], "user": "bob"}'],
  [String.raw`"{\"password\": \"hun ter2\", \"user\": 1}"`, String.raw`"{\"password\": [redacted], \"user\": 1}"`],
  ["{'password': 'hunter2', 'user': 'bob'}", "{'password': [redacted], 'user': 'bob'}"],
  ["{'access_token': b'hunter2'}", "{'access_token': [redacted]}"],
  ["{'token': ['hunter2'], 'a': 1}", "{'token': [redacted], 'a': 1}"],
  ['%22password%22%3A%22hunter2%22', '%22password%22%3A[redacted]'],
  ["Command '['x', '--password', 'hunter2']' failed", "Command '['x', '--password', [redacted]]' failed"],
  ['x --api-key hunter2 --all', 'x --api-key [redacted] --all'],
  ["auth=('bob', 'hunter2')", 'auth=[redacted]'],
  ['<add key="password" value="hunter2" />', '<add key="password" value=[redacted] />'],
  ['Key (api_token)=(hunter2) already exists', 'Key (api_token)=[redacted] already exists'],
  // hidden
  ['pass\x1b[31mword\x1b[0m=hunter2', 'password=[redacted]'],
  ['AIzaSyA\x1b[1m-hunter2_\x1b]8;;x\x07hunter2', '[redacted]'],
  ['pass\x9b31mword=hunter2', 'password=[redacted]'],
  ['pass\x00word=hun\x08ter2', 'password=[redacted]'],
  ['pa\u200bss\u200cw\u2060o\ufeffr\u00add=hunter2', 'password=[redacted]'],
  ['pa\u200dss\u034fwo\ufe0frd=hunter2', 'password=[redacted]'],
])('the secret in %j is hidden, and the rest stays', (text, expected) => {
  expect(redact(text)).toBe(expected)
})

test.each([
  "KeyError: 'title'",
  'FATAL: password authentication failed for user "app"',
  'MB has no release 5f0e8a52-91fb-4f63-a85e-0f1c6d0d7a11 (mbid=5f0e8a52): 404 deleted/merged',
  "download_feed(songs) failed: HTTPSConnectionPool(host='api.media.apple.com', port=443): Read timed out.",
  '503 Server Error for url: https://api.example.com:8443/v1/songs?page=2#top',
  'connection to server at "10.0.0.1", port 5432 failed: Connection refused',
  'cannot reach http://[::1]:5432/x, http://localhost:5001, http://example.com:80.',
  'https://example.com:443: refused, write to admin@example.com',
  'Unexpected token < in JSON at position 0',
  'Bearer authentication failed; the bearer token expired',
  'Basic authentication is off',
  'duplicate key value violates unique constraint "songs_key"',
  'Key (id)=(5) already exists.',
  'monkey=banana, turkey: 1',
  "{'key': 'C major', 'tempo': 120}",
  'max_tokens: 512',
  'José — 東京 ✗ 😀',
  'family 👩‍👩‍👧, flag 🏳️‍🌈, heart ❤️, key 1️⃣, thumb 👍🏽',
  '',
])('%j is left as it is', (text) => {
  expect(redact(text)).toBe(text)
})

test.each([
  ['\x1b[31mred\x1b[0m', 'red'],
  ['\x1b]0;title\x07text', 'text'],
  ['\x1b]8;;http://x\x1b\\link', 'link'],
  ['\x1b(Btext\x1bM', 'text'],
  ['\x9b1mbold', 'bold'],
  ['a\x00b\x07c\x08d\x7fe\x85f', 'abcdef'],
  ['a\tb', 'a b'],
  ['a\r\nb\rc\nd', 'a\nb\nc\nd'],
  ['\u202eevil\u2066\u200f\u061c', 'evil'],
  ['a\u2028b\u2029c', 'abc'],
  ['a\u{e0041}b\u3164c', 'abc'],
  ['a\ud800b\udc00c', 'a\ufffdb\ufffdc'],
])('the control characters of %j are removed', (text, expected) => {
  expect(redact(text)).toBe(expected)
})

const alphanumeric = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789']
const token = (length: number) =>
  fc.array(fc.constantFrom(...alphanumeric), { minLength: length, maxLength: length + 20 }).map((all) => all.join(''))
const password = fc
  .array(fc.constantFrom(...alphanumeric, ...'!#$%*+-./:?@^_~'), { minLength: 6, maxLength: 40 })
  .map((all) => `hunter2${all.join('')}x`)
  .filter((text) => !text.includes('://'))

/** A text with a secret in it, and what of it must not be seen. */
const planted: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  password.map((secret) => [`postgresql://app:${secret}@db.example.com/music`, secret] as const),
  password.map((secret) => [`https://app:${secret}@example.com/`, secret] as const),
  fc
    .tuple(password, fc.constantFrom('password=', 'token: ', '"secret": "', "'api_key': '", 'accessToken=', '&key='))
    .map(([secret, name]) => [name + secret, secret] as const),
  token(20).map((secret) => [`Authorization: Basic ${secret}`, secret] as const),
  token(20).map((secret) => [`Bearer ${secret}`, secret] as const),
  token(35).map((secret) => [`AIza${secret}`, secret] as const),
  token(22).map((secret) => [`SG.${secret}.${secret}`, secret] as const),
  token(36).map((secret) => [`ghp_${secret}`, secret] as const),
  token(20).map((secret) => [`eyJ${secret}.eyJ${secret}.${secret}`, secret] as const),
)
const noise = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 10 }).map((text) => text.replace(/[\x1b\x90-\x9f]/g, '')),
      fc.constantFrom('\x1b[31m', '\x1b]0;x\x07', '\u200b', '\u200d', '"', "'", '{', '(', '=', '://', '@', '\\', '\n'),
      fc.constantFrom('[redacted]', 'http://a:1/b'),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(''))

test('a secret planted anywhere never survives', () => {
  fc.assert(
    fc.property(noise, planted, noise, (before, [text, secret], after) => {
      expect(redact(`${before} ${text} ${after}`)).not.toContain(secret)
    }),
    { numRuns: 3_000 },
  )
})

test('a secret with something invisible in its name or its middle never survives', () => {
  const invisible = fc.constantFrom('\x1b[31m', '\x1b[0m', '\x9b1m', '\u200b', '\u200d', '\ufe0f', '\u202e', '\x00')
  fc.assert(
    fc.property(planted, invisible, fc.nat(), ([text, secret], character, place) => {
      const index = place % text.length
      expect(redact(text.slice(0, index) + character + text.slice(index))).not.toContain(secret)
    }),
    { numRuns: 3_000 },
  )
})

const labels = fc.constantFrom('password=', 'key=', '"token": ', 'Authorization: ', 'Bearer ', 'cookie: ', '://a:', '')

test('what is redacted is not changed by redacting it again, and is clean and well-formed', () => {
  fc.assert(
    fc.property(noise, labels, planted, noise, labels, noise, (before, label, [text], after, name, rest) => {
      const once = redact(before + label + text + after + name + rest)
      expect(redact(once)).toBe(once)
      expect(once.isWellFormed()).toBe(true)
      expect(once).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/)
    }),
    { numRuns: 3_000 },
  )
})

/** For each rule what it hides all by itself, with the secret, and what it must leave alone. */
const RULE_CASES: Readonly<
  Record<string, { hides: readonly (readonly [text: string, secret: string])[]; keeps: readonly string[] }>
> = {
  pem: {
    hides: [
      ['-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----', 'hunter2'],
      ['-----BEGIN PRIVATE KEY-----\nhunter2 (cut', 'hunter2'],
    ],
    keeps: ['no PRIVATE KEY given'],
  },
  'pem-body': {
    hides: [
      [`${'hunter2A'.repeat(8)}\n${'hunter2B'.repeat(8)}\nhunter2C==\n-----END PRIVATE KEY-----`, 'hunter2'],
      [`${'hunter2A'.repeat(8)}\\nhunter2C==\\n-----END RSA PRIVATE KEY-----`, 'hunter2'],
    ],
    keeps: ['could not find the line before -----END CERTIFICATE-----'],
  },
  'base64-block': {
    hides: [[`${`${'hunter2A'.repeat(8)}\n`.repeat(3)}hunter2C`, 'hunter2']],
    keeps: [`${'a word or two '.repeat(5)}\n`.repeat(5), `${'x'.repeat(70)}\n${'x'.repeat(70)}\n`],
  },
  'database-url-password': {
    hides: [['postgresql+psycopg2://app:hunter@2#x/y?z@host/db', 'hunter']],
    keeps: ['postgresql://db.example.com:5432/music failed'],
  },
  'url-userinfo': {
    hides: [
      ['https://bob:hunter2@example.com/', 'hunter2'],
      ['https://hunter2@github.com/a.git', 'hunter2'],
    ],
    keeps: ['https://example.com/a@b', 'http://[::1]:5432/x'],
  },
  'url-userinfo-cut': {
    hides: [
      ['cut at postgresql://app:hunter2', 'hunter2'],
      ['postgresql://app:hunter2 | reaped: stuck in running', 'hunter2'],
      ['https://bob:hunter/2@example.com', 'hunter'],
      ['postgresql://app:hun[ter2', 'ter2'],
    ],
    keeps: ['http://localhost:5001 | reaped', 'https://example.com:443: refused'],
  },
  'libpq-spill': {
    hides: [
      ['could not translate host name "hunter2@db.example.com" to address', 'hunter2'],
      ['invalid integer value "hunter2@host" for connection option "port"', 'hunter2'],
      ['invalid URI query parameter: "hunter2@host/x"', 'hunter2'],
    ],
    keeps: [
      'could not translate host name "db.example.com" to address: Name or service not known',
      'invalid integer value "54x2" for connection option "port"',
    ],
  },
  'libpq-dsn': {
    hides: [
      ['invalid dsn: missing "=" after "app:hunter2@db.example.com/x" in connection info string', 'hunter2'],
      ['missing "=" after "a"hunter2" in connection info string', 'hunter2'],
    ],
    keeps: ['missing "=" in it'],
  },
  'libpq-port': {
    hides: [
      ['invalid port number: "hunter2@db"', 'hunter2'],
      ['invalid port number: "S3cr3t"', 'S3cr3t'],
      ['invalid integer value "hunter2" for connection option "port"', 'hunter2'],
      ['invalid integer value "4711hunter2" for connection option "port"', 'hunter2'],
    ],
    keeps: ['invalid port number: "99999"', 'invalid integer value "543 2" for connection option "port"'],
  },
  'database-url-digits': {
    hides: [
      ['postgres://app:12345', '12345'],
      ['postgres://app:12345 | reaped: stuck in running', '12345'],
      ["dsn 'mysql+pymysql://app:777'", '777'],
    ],
    keeps: [
      'postgres://db.example.com:7000 failed',
      'redis://cache:6379 failed',
      'postgres://localhost:7000',
      'http://app:12345',
      'postgres://app:7000/x',
    ],
  },
  'curl-user': {
    hides: [
      ['curl -u user:hunter2 https://x', 'hunter2'],
      ["Command '['curl', '-u', 'user:hunter2']' failed", 'hunter2'],
      ['exec("curl", "--user", "user:hunter2")', 'hunter2'],
      ['curl --user user:hunter2', 'hunter2'],
      ['curl --proxy-user=user:hunter2', 'hunter2'],
    ],
    keeps: ['python -u worker.py: 1', 'see --user: it names', 'x -u http://localhost:5001/x'],
  },
  'cookie-header': {
    hides: [
      ['Set-Cookie: PHPSESSID=hunter2; Path=/', 'hunter2'],
      ['cookie: expired; session=hunter2', 'hunter2'],
    ],
    keeps: ['cookies are off', 'cookie: expired', 'Cookies: required by the server\n503'],
  },
  bearer: {
    hides: [
      ['Bearer hunter2hunter2', 'hunter2'],
      ["Bearer: 'hunter2'", 'hunter2'],
      ['Bearer: hunter2', 'hunter2'],
      ["bearer 'hunter2'", 'hunter2'],
      ['Bearer%20hunter2hunter2', 'hunter2'],
    ],
    keeps: ['Bearer authentication failed; the bearer token expired', 'Bearer: missing', 'bearer of news'],
  },
  basic: {
    hides: [
      ['Basic Ym9iOmh1bnRlcjI= refused', 'Ym9iOmh1bnRlcjI'],
      ['Basic Ym9iOmh1bnRlcjJ4', 'Ym9iOmh1bnRlcjJ4'],
    ],
    keeps: ['Basic authentication is off', 'BASIC programming', 'basic information'],
  },
  'http-auth-object': {
    hides: [
      ["HTTPBasicAuth('bob', 'hunter2') failed", 'hunter2'],
      ["HTTPDigestAuth('bob', 'hunter2'", 'hunter2'],
      ["aiohttp.BasicAuth('bob', 'hunter2')", 'hunter2'],
    ],
    keeps: ['HTTPBasicAuth failed', 'SpotifyOAuth(None)'],
  },
  webhook: {
    hides: [
      ['https://hooks.slack.com/services/T0HUNTER2/B0HUNTER2/hunter2', 'HUNTER2'],
      ['https://discord.com/api/webhooks/123/hunter2-x_y', 'hunter2'],
      ['https://discord.com/api/v10/webhooks/123/hunter2-x_y', 'hunter2'],
      ['https://outlook.office.com/webhook/hunter2@x/IncomingWebhook/y', 'hunter2'],
      ['https://x.webhook.office.com/webhookb2/hunter2@x/IncomingWebhook/y', 'hunter2'],
    ],
    keeps: ['https://hooks.slack.com/ is down', 'https://discord.com/api/v9/channels'],
  },
  '1password': {
    hides: [
      ['ops_eyJhunter2hunter2', 'hunter2'],
      ['A3-HUNTER-2HUNTE-RHUNT-ERHUN-TERHU', 'HUNTER'],
    ],
    keeps: ['A3-sized paper'],
  },
  adobe: { hides: [['p8e-hunter2hunter2hunter2', 'hunter2']], keeps: ['p8e-1'] },
  age: { hides: [['AGE-SECRET-KEY-1HUNTER2HUNTER2', 'HUNTER2']], keeps: ['AGE-OF-INNOCENCE'] },
  alibaba: { hides: [['LTAIhunter2hunter2', 'hunter2']], keeps: ['VOLTAIRE'] },
  'anthropic-openai': {
    hides: [
      ['sk-ant-api03-hunter2hunter2hunter2', 'hunter2'],
      ['sk-proj-hunter2hunter2hunter2', 'hunter2'],
    ],
    keeps: ['task-force, disk-full-and-nothing-else-to-say'],
  },
  artifactory: { hides: [[`AKCp${'hunter2'.repeat(5)}`, 'hunter2']], keeps: ['AKCp is a prefix'] },
  atlassian: { hides: [['ATATT3hunter2hunter2hunter2', 'hunter2']], keeps: ['ATATT3'] },
  aws: { hides: [['AKIAHUNTER2HUNTER2AA', 'HUNTER2']], keeps: ['EURASIA IS A CONTINENT'] },
  azure: { hides: [['abc1Q~hunter2hunter2hunter2', 'hunter2']], keeps: ['Q~A'] },
  databricks: { hides: [['dapi0123456789abcdef0123456789abcdef', '0123456789abcdef']], keeps: ['dapi-call failed'] },
  digitalocean: { hides: [['dop_v1_0123456789abcdef0123', '0123456789abcdef']], keeps: ['song_v1_final'] },
  doppler: { hides: [['dp.pt.hunter2hunter2hunter2', 'hunter2']], keeps: ['dp.pt.x'] },
  dynatrace: { hides: [['dt0c01.HUNTER2HUNTER2.hunter2hunter2', 'HUNTER2']], keeps: ['dt0c01.x'] },
  flyio: {
    hides: [
      ['fo1_hunter2hunter2hunter2', 'hunter2'],
      ['fm2_hunter2hunter2hunter2', 'hunter2'],
    ],
    keeps: ['info1_x'],
  },
  github: {
    hides: [
      ['ghp_hunter2hunter2hunter2', 'hunter2'],
      ['github_pat_hunter2hunter2hunter2', 'hunter2'],
    ],
    keeps: ['high_priority'],
  },
  gitlab: {
    hides: [
      ['glpat-hunter2hunter2hunter2', 'hunter2'],
      ['GR1348941hunter2hunter2hunter2', 'hunter2'],
    ],
    keeps: ['single-threaded', 'google'],
  },
  grafana: { hides: [['glsa_hunter2hunter2hunter2', 'hunter2']], keeps: ['single_value'] },
  huggingface: {
    hides: [
      ['hf_hunterhunter', 'hunter'],
      ['api_org_hunterhunter', 'hunter'],
    ],
    keeps: ['half_note'],
  },
  jwt: { hides: [['eyJhbGciOiJIUzI1NiJ9.hunter2.hunter2', 'hunter2']], keeps: ['eyJ is how they begin'] },
  linear: { hides: [['lin_api_hunter2hunter2hunter2', 'hunter2']], keeps: ['lin_api_x'] },
  mailgun: { hides: [['key-0123456789abcdef0123456789abcdef', '0123456789abcdef']], keeps: ['key-value pairs'] },
  'new-relic': { hides: [['NRAK-HUNTER2HUNTER2HUNTER2', 'HUNTER2']], keeps: ['NRAK-1'] },
  notion: { hides: [['ntn_hunter2hunter2hunter2', 'hunter2']], keeps: ['count_ntn_'] },
  npm: { hides: [['npm_hunter2hunter2hunter2', 'hunter2']], keeps: ['npm_install'] },
  planetscale: { hides: [['pscale_pw_hunter2hunter2hunter2', 'hunter2']], keeps: ['pscale_x'] },
  postman: { hides: [['PMAK-0123456789abcdef0123', '0123456789abcdef']], keeps: ['PMAK-x'] },
  pulumi: { hides: [['pul-0123456789abcdef0123456789abcdef', '0123456789abcdef']], keeps: ['pul-down'] },
  pypi: { hides: [['pypi-AgEIcHlwaS5vcmchunter2hunter2', 'hunter2']], keeps: ['pypi-server'] },
  sendgrid: {
    hides: [
      ['SG.hunter2hunter2.hunter2hunter2', 'hunter2'],
      ['xSG.hunter2hunter2hunter2.hunter2hunter2hunter2', 'hunter2'],
    ],
    keeps: ['SG.1', 'MSG. was sent'],
  },
  sentry: { hides: [['sntrys_hunter2hunter2hunter2', 'hunter2']], keeps: ['sntrys_'] },
  shopify: { hides: [['shpat_0123456789abcdef0123', '0123456789abcdef']], keeps: ['shpat_x'] },
  slack: {
    hides: [
      ['xoxb-hunter2-hunter2', 'hunter2'],
      ['xapp-1-hunter2hunter2', 'hunter2'],
    ],
    keeps: ['xoxo, love'],
  },
  square: { hides: [['sq0atp-hunter2hunter2hunter2', 'hunter2']], keeps: ['sq0 is a square'] },
  stripe: {
    hides: [
      ['sk_live_hunter2hunter2', 'hunter2'],
      ['whsec_hunter2hunter2', 'hunter2'],
    ],
    keeps: ['task_test_hunter', 'sk_live_x'],
  },
  telegram: {
    hides: [
      [`110201543:A${'hunter2'.repeat(5).slice(0, 34)}`, 'hunter2'],
      [`https://api.telegram.org/bot110201543:AAH${'hunter2'.repeat(5)}/sendMessage`, 'hunter2'],
    ],
    keeps: ['12345678:AM', 'bot 110201543 answered'],
  },
  twilio: { hides: [['SK0123456789abcdef0123456789abcdef', '0123456789abcdef']], keeps: ['SKIPPED'] },
  vault: { hides: [['hvs.hunter2hunter2hunter2', 'hunter2']], keeps: ['hvs.x'] },
  google: {
    hides: [
      ['AIzaSyA-hunter2_hunter2', 'hunter2'],
      ['ya29.hunter2hunter2', 'hunter2'],
      ['GOCSPX-hunter2-x', 'hunter2'],
      ['1//0ghunter2hunter2', 'hunter2'],
    ],
    keeps: ['AIza', '1//0', 'ya29.'],
  },
  render: { hides: [['rnd_hunter2hunter2hunter2', 'hunter2']], keeps: ['rnd_x', 'brnd_hunter2hunter2hunter2'] },
  supabase: {
    hides: [
      ['sb_secret_hunter2hunter2hunter2', 'hunter2'],
      ['sbp_hunter2hunter2hunter2', 'hunter2'],
    ],
    keeps: ['sbp_x'],
  },
  'name-and-value': {
    hides: [
      ['API key: hunter2', 'hunter2'],
      ['Invalid API key provided: hunter2', 'hunter2'],
      ['Incorrect API key provided: sk-hu**********er2.', 'sk-hu'],
      ['token was: hunter2', 'hunter2'],
      ['access key: hunter2', 'hunter2'],
      ['dbpass=hunter2', 'hunter2'],
      ['PGPASSWORD=hunter2', 'hunter2'],
      ['password&quot;:&quot;hunter2&quot;', 'hunter2'],
      ['{&quot;password&quot;: &quot;hun ter2&quot;}', 'ter2'],
      ['signature=hunter2', 'hunter2'],
      ['password: hunter2', 'hunter2'],
      ['token: 9f8a7b6c', '9f8a7b6c'],
      ['password=is-hunter2', 'hunter2'],
      ['password=no.hunter2', 'hunter2'],
      ['password=is,hunter2', 'hunter2'],
      ['password=a:hunter2x', 'hunter2'],
      ['DB_PASSWORD=the;hunter2', 'hunter2'],
      ['token=in.hunter2.hunter2', 'hunter2'],
      ['secret=at.hunter2', 'hunter2'],
      ['password: or)hunter2', 'hunter2'],
      ['password=no', 'no'],
      ['password%3Dnone%26x', 'none'],
      ['password%3Dyour', 'your'],
      ['host=h password=your user=bob', 'your'],
      ['password: server', 'server'],
      ['password: 404hunter2', 'hunter2'],
      ['wrong password: Swordfish was refused', 'Swordfish'],
      ['token: 503.hunter2', 'hunter2'],
      ['token: Connection.hunter2', 'hunter2'],
      ['token: HTTP/hunter2', 'hunter2'],
      ['token: [Errno:hunter2', 'hunter2'],
      ['secret: Hunter2Error', 'Hunter2'],
      ['token: EOFhunter2', 'hunter2'],
      ['UID=app;PWD=/app/hunter2', 'hunter2'],
      ['pwd=/hunter2', 'hunter2'],
      ['API KEY PROVIDED: hunter2', 'hunter2'],
      ['SECRET_KEY_BASE=hunter2', 'hunter2'],
      ["{'password_hash': 'hunter2'}", 'hunter2'],
      ['API_KEY_2=hunter2', 'hunter2'],
      ['token2=hunter2', 'hunter2'],
      ['password1=hunter2', 'hunter2'],
      ['PASSWORD_PROD=hunter2', 'hunter2'],
      ['SPOTIFY_TOKEN_V2=hunter2', 'hunter2'],
      ['YOUTUBE_API_KEYS=hunter2,hunter2', 'hunter2'],
      ["'passwords': ['hunter2']", 'hunter2'],
      ['tokens=hunter2', 'hunter2'],
      ...['consumer', 'discogs', 'encryption', 'genius', 'lastfm', 'master', 'openai', 'youtube'].map(
        (whose) => [`${whose}_key=hunter2`, 'hunter2'] as const,
      ),
      ['appsecret_proof=hunter2', 'hunter2'],
      ['password_confirmation=hunter2', 'hunter2'],
      ["build('youtube', 'v3', developerKey='hunter2')", 'hunter2'],
      ['?oauth_verifier=hunter2', 'hunter2'],
      ['code_verifier=hunter2', 'hunter2'],
      ['device_code=hunter2', 'hunter2'],
      ['?Policy=x&Key-Pair-Id=hunter2', 'hunter2'],
      ['password := "hunter2"', 'hunter2'],
      [String.raw`\u0026access_token\u003dhunter2`, 'hunter2'],
      [String.raw`"password\u0022: \u0022hunter2"`, 'hunter2'],
      ['&lt;password&gt;hunter2&lt;/password&gt;', 'hunter2'],
    ],
    keeps: [
      'max_tokens=100',
      '{"total_tokens": 812}',
      'key_signature=3',
      "Unexpected token: '<' at position 0",
      'Bad credentials: check the client',
      'token: unexpected end of input',
      "Invalid token: expected ','",
      'Credentials: not found',
      'password: required field',
      'SyntaxError: Unexpected token } in JSON at position 4',
      'key signature = Bb',
      'time signature: 4/4',
      'max_tokens: 512',
      'API key not valid. Please pass a valid API key.',
      'secret: missing',
      'POST https://accounts.spotify.com/api/token: 401',
      'Apple Music developer token: 503',
      'Failed to get access token: 503 Server Error: Service Unavailable for url: https://accounts.spotify.com/api/token',
      "failed to refresh token: HTTPSConnectionPool(host='accounts.spotify.com', port=443): Read timed out.",
      'cannot fetch token: Connection refused',
      'Error decoding token: Signature has expired',
      "could not read private key: [Errno 2] No such file or directory: '/app/AuthKey.p8'",
      'token: HTTP 503',
      'token: HTTPError 503',
      'token: requests.exceptions.ConnectionError: refused',
      'token: ReadTimeout',
      'Failed to refresh token: HTTP Error 400: Bad Request',
      "Failed to refresh token: {'error': 'invalid_grant', 'error_description': 'Refresh token revoked'}",
      "Failed to get token: ('Connection aborted.', RemoteDisconnected('closed'))",
      'Failed to get token: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed',
      'Failed to get token: connect ECONNREFUSED 10.0.0.1:443',
      'Failed to get token: ETIMEDOUT',
      'Failed to get token: socket hang up',
      'Failed to get token: invalid_grant',
      'Failed to get token: status code 401',
      'Failed to get token: Service Unavailable',
      ...[
        ...['denied', 'forbidden', 'rejected', 'revoked', 'timeout of 5000ms', 'unauthorized', 'does not match'],
        ...['access denied', 'error 401', 'fetch failed', 'file not found', 'network unreachable'],
        ...['permission denied', 'rate limited', 'read timed out', 'remote end closed', 'request failed'],
        ...['response was empty', 'server error', 'service unavailable'],
      ].map((words) => `token: ${words}`),
      'access_token: timed out',
      'access_token: value is not a valid string',
      'api_key: quota exceeded',
      'api_key: limit of 100 reached',
      'api key: environment variable YOUTUBE_API_KEY is empty',
      'client_secret: Field required',
      'password: incorrect',
      'Password: authentication failed',
      'password=not set',
      'auth_token=None',
      "{'error': 'token: expired'}",
      'Unexpected token: EOF',
      'Expected token: string, got number',
      'not well-formed (invalid token): line 1, column 0',
      'signing key: /app/AuthKey.p8 not found',
      'PWD=/app',
    ],
  },
  'name-then-value': {
    hides: [
      ['<add key="password" value="hunter2"/>', 'hunter2'],
      ["<add name='ApiKey' value='hunter2'/>", 'hunter2'],
      ['<input type="password" name="pw" value="hunter2">', 'hunter2'],
      ['{"name":"DB_PASSWORD","value":"hunter2"}', 'hunter2'],
      [String.raw`"{\"key\": \"api_key\", \"value\": \"hunter2\"}"`, 'hunter2'],
      ['- name: DB_PASSWORD\n  value: hunter2', 'hunter2'],
    ],
    keeps: ['{"name": "DB_HOST", "value": "x"}', 'name: api_key, value: missing', 'no value=1'],
  },
  element: {
    hides: [['<password type="x">hunter2</password>', 'hunter2']],
    keeps: ['<password type="x"/>', '<tokens count="2">'],
  },
  'quoted-after-name': {
    hides: [
      ["API key 'hunter2' not found", 'hunter2'],
      ['the access token "hunter2" expired', 'hunter2'],
      ["ALTER USER app WITH PASSWORD 'hunter2'", 'hunter2'],
      ["CREATE ROLE app LOGIN PASSWORD E'hunter2'", 'hunter2'],
      ["IDENTIFIED BY 'hunter2'", 'hunter2'],
    ],
    keeps: [
      'API key "YOUTUBE_API_KEY" is not set',
      'password "" given',
      'column "password" does not exist',
      "Unexpected token 'export'",
      'secret "db" not found',
    ],
  },
  passphrase: {
    hides: [
      ['password: Correct horse battery', 'horse'],
      ['failed with\n  DB_PASSWORD: correct horse battery staple', 'battery'],
    ],
    keeps: ['password: must be changed', 'secret garden: The song', 'client_secret: Connection refused'],
  },
  'flag-or-pair': {
    hides: [
      ['x --password hunter2', 'hunter2'],
      ["[b'password', b'hunter2']", 'hunter2'],
      ['("token", "hunter2")', 'hunter2'],
    ],
    keeps: ['--password is required', '("title", "artist")'],
  },
  'short-name': {
    hides: [
      ['?key=hunter2', 'hunter2'],
      ['pw=hunter2', 'hunter2'],
      ['hmac=hunter2', 'hunter2'],
      ['jwt=hunter2', 'hunter2'],
      ['x%26key%3Dhunter2', 'hunter2'],
      ['key=ab/cd+hunter2==', 'hunter2'],
      ['key=Bhunter2', 'hunter2'],
      ['auth=no.hunter2', 'hunter2'],
      [String.raw`{"url":"/x?part=snippet\u0026key=hunter2"}`, 'hunter2'],
      [String.raw`/x?a=1\u0026sig=hunter2`, 'hunter2'],
      [String.raw`/x?a=1\x26key=hunter2`, 'hunter2'],
      [String.raw`key\u003dhunter2`, 'hunter2'],
    ],
    keeps: [
      'NoSuchKey: key=feeds/albums/part-0001.parquet',
      'foreign_key=15',
      'primary_key=7',
      'sort_key=name',
      'monkey=1',
      'bypass=true',
      'KeyError: key',
      'key=Bb',
      'tempo=120, key=F#m, mode=0',
      'partition key=2026-11-23',
      "KeyError: key='title'",
      'missing key=title in payload',
    ],
  },
  'key-variable': {
    hides: [
      ['ENCRYPTION_KEY=hunter2', 'hunter2'],
      ['RAILS_MASTER_KEY: hunter2', 'hunter2'],
      ['DISCOGS_KEY=hunter2', 'hunter2'],
      ['OPENAI_KEY=hunter2', 'hunter2'],
      ['WEBHOOK_KEY_2=hunter2', 'hunter2'],
    ],
    keeps: [
      'FOREIGN_KEY=song',
      'PRIMARY_KEY: id',
      'SORT_KEY=name',
      'CACHE_KEY=song:12',
      'PARTITION_KEY=2026',
      'BAD_KEY: title',
      'LASTFM_KEY: not set',
      'spotify_id_key=7',
    ],
  },
  'short-name-in-quotes': {
    hides: [
      ["{ user: 'a', pass: 'hunter2' }", 'hunter2'],
      ["{\n    user: 'a',\n    pass: 'hunter2'\n}", 'hunter2'],
      ['{"auth": "hunter2"}', 'hunter2'],
      ["{'pass': 'hunter2'}", 'hunter2'],
    ],
    keeps: ["{'key': 'C major'}", '{"bpw": 12}', "pass: 'x'", '{ pass: 2 }'],
  },
  'pass-variable': {
    hides: [
      ['DB_PASS: hunter2', 'hunter2'],
      ['MAIL_PASS=hunter2', 'hunter2'],
    ],
    keeps: ['first pass: 3 songs', 'BY_PASS'],
  },
  'oauth-code': {
    hides: [
      ['/callback?code=hunter2&state=x', 'hunter2'],
      ['/callback?state=x&code=4/0hunter2', 'hunter2'],
      [String.raw`/callback?state=x\u0026code=hunter2`, 'hunter2'],
    ],
    keeps: ['/x?code=404', 'status code=503', 'error code=quotaExceeded'],
  },
  'session-in-query': {
    hides: [
      ['/x?session=hunter2', 'hunter2'],
      ['/2.0/?method=track.love&sk=hunter2', 'hunter2'],
    ],
    keeps: ['session=12', 'task=1', 'risk=high'],
  },
  'authorization-header': {
    hides: [
      ['Authorization: Token hunter2', 'hunter2'],
      ["[(b'authorization', b'Basic hunter2')]", 'hunter2'],
    ],
    keeps: ['Authorization: missing header', 'Authorization: none', 'Authorization failed'],
  },
}

const RULES = [...FORMS, ...VENDORS, ...NAMED]
const ruleOf = (name: string) => RULES.find((rule) => rule.name === name)

test('every rule has what it hides and what it keeps, and every case has its rule', () => {
  expect(Object.keys(RULE_CASES).filter((name) => !ruleOf(name))).toEqual([])
  expect(RULES.filter((rule) => !Object.keys(RULE_CASES).some((name) => ruleOf(name) === rule))).toEqual([])
})

const cases = Object.entries(RULE_CASES)

test.each(cases.flatMap(([name, { hides }]) => hides.map(([text, secret]) => [name, text, secret] as const)))(
  'the rule %s hides by itself what is secret in %j',
  (name, text, secret) => {
    expect(apply(text, ruleOf(name) as Rule)).not.toContain(secret)
    expect(redact(text)).not.toContain(secret)
    expect(redact(`${text} and more`)).toMatch(/and more$|\[redacted\]$/)
  },
)

test.each(cases.flatMap(([name, { keeps }]) => keeps.map((text) => [name, text] as const)))(
  'the rule %s, like all others, leaves %j as it is',
  (_, text) => {
    expect(redact(text)).toBe(text)
  },
)
