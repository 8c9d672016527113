import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { hideSecrets, redact, withoutSecrets } from '../../../src/text/redact.js'
import table from './redact.json' with { type: 'json' }

// Each row of what is hidden: the text, what of it is secret, and all that is shown.
test.each(table.hidden)('of %j the secret %j is hidden, and the rest stays', (text, secret, shown) => {
  expect(redact(text as string)).toBe(shown)
  expect(shown).not.toContain(secret)
  expect(redact(shown as string)).toBe(shown)
})

test.each(table.hidden)('the secret of %j is hidden too where more text follows', (text) => {
  expect(redact(`${text} and more`)).toMatch(/and more$|\[redacted\]$/)
})

test.each(table.spared)('%j is left as it is', (text) => {
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

afterEach(() => hideSecrets([]))

const PASSWORD = 'p@ss/w"ör\\d\'<&>\u0001'

test.each([
  ['as it is', PASSWORD],
  ['percent-encoded', encodeURIComponent(PASSWORD)],
  ['percent-encoded in small letters', encodeURIComponent(PASSWORD).toLowerCase()],
  ['percent-encoded in part', PASSWORD.replace('@', '%40')],
  ['in JSON', JSON.stringify(PASSWORD).slice(1, -1)],
  ['in JSON of ASCII alone', String.raw`p@ss/w\"\u00f6r\\d'<&>\u0001`],
  ['in JSON that is safe in HTML', String.raw`p@ss/w\"ör\\d\u0027\u003C\u0026\u003e\u0001`],
  ['in JSON with its slashes escaped', String.raw`p@ss\/w\"ör\\d'<&>\u0001`],
  ['in a Python repr', String.raw`p@ss/w"ör\\d\'<&>${'\u0001'}`],
  ['in HTML', 'p@ss/w&quot;ör\\d&#39;&lt;&amp;&gt;\u0001'],
])('a secret is hidden %s', (_, spelled) => {
  hideSecrets([PASSWORD])
  expect(withoutSecrets(`(${spelled})`)).toBe('([redacted])')
})

test.each([
  [
    'a secret that is percent-encoded is hidden where somebody has decoded it',
    ['https://hc.example/p%40ss'],
    'GET https://hc.example/p@ss failed',
    'GET [redacted] failed',
  ],
  [
    'of two secrets the longer is hidden whole',
    ['secret', 'secret-and-more'],
    'secret-and-more, secret',
    '[redacted], [redacted]',
  ],
  [
    'a secret of digits alone is not looked for in longer numbers',
    ['202611'],
    '{"id":1202611,"time":"202611"}',
    '{"id":1202611,"time":"[redacted]"}',
  ],
  [
    'a secret that ends, or begins, in digits is hidden before further digits',
    [' hunter2026 ', '2026hunter'],
    'hunter20261 12026hunter',
    '[redacted]1 1[redacted]',
  ],
  [
    'what is no regular expression, or no percent-encoding, is hidden as well',
    ['100%(a|b)*[c'],
    '100%(a|b)*[c',
    '[redacted]',
  ],
])('%s', (_, secrets, text, shown) => {
  hideSecrets(secrets)
  expect(withoutSecrets(text)).toBe(shown)
})

test.each([[undefined], [''], ['dummy']])('%j is too short to be hidden by its value', (value) => {
  hideSecrets([value])
  expect(withoutSecrets('a dummy, undefined')).toBe('a dummy, undefined')
})
