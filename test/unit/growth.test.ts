import { expect, test } from 'vitest'
import { digestConfig } from '../../src/config.js'
import type { Digest } from '../../src/digest/digest.js'
import { Grouping } from '../../src/digest/grouping.js'
import { mask } from '../../src/digest/shape.js'
import { redact } from '../../src/text/redact.js'
import { parseSince } from '../../src/text/time.js'
import { expectLinear } from '../support/growth.js'
import { CHAIN_START, different, digestOf, job, mailOf } from '../support/jobs.js'

test.each([
  ...[
    'a',
    ' ',
    '-',
    '"',
    "'",
    '\\',
    '://',
    '://a:',
    '://a@',
    'postgres://',
    'postgres://a:b',
    '-----BEGIN PRIVATE KEY-----',
  ],
  ...[
    'eyJ',
    '%20eyJ',
    'eyJ.',
    'SG.',
    'SG.aaaaaaaaaaaaaaaa',
    'ghp_',
    'password',
    'password=',
    'password="',
    "password='a",
  ],
  ...[
    'password=a,',
    ',a',
    'token"',
    '\x1b[',
    '\x1b]',
    '\x9b',
    '\u200d',
    'authorization: ',
    'bearer ',
    'basic a',
    'cookie:',
  ],
  ...['key=', 'auth=(', "('token", '--token', '[redacted]', ')]', '\n', '👩', '\ud800'],
  ...['A', 'A\n', `${'A'.repeat(64)}\n`, `${'A'.repeat(50)} `, '-----END PRIVATE KEY-----'],
  ...[
    'host name "',
    'host name "a',
    'HTTPBasicAuth(',
    'hooks.slack.com/a/',
    'ghp_',
    'pw=a/',
    'key=a/',
    '_pass:',
    '?code=',
    '&quot;',
    'sk-',
    ':A',
    'cookie: expired ',
    'token: Aa ',
    'token: AError',
    'token: a.b.',
    'token: EOF',
    'password=no ',
    'secret: /app/a',
    'secret: a a a ',
    'secret: a\n',
    'missing "=" after "',
    'port number: "1',
    'postgres://a:1',
    'redis://a',
    '-u a:',
    '-u a',
    '://a:[',
    'name=password value=',
    'key="a ',
    '<password ',
    "password '",
    'A_KEY',
    'A_KEY=',
    '_',
    '{ pass:',
    'tokens=1',
    '\\u0026key',
    'key=\\',
    'bot12345678:A',
    'port a ',
    "header value '",
    'a:',
    'a@b:',
    'a:b@',
    'token\n',
    "'token' ",
    'input_value=',
    '-u a -p ',
    "'-p', '",
    'token: a/',
    'token: a.',
    'token: Aa',
    'key: ',
    'password: a ',
    'password: aa aa ',
    'authorization: a ',
    'cookie: a1',
  ],
])('many %j are redacted in time that is in proportion', (piece) => {
  expectLinear((length) => redact(piece.repeat(Math.ceil(length / piece.length))), 6_000)
})

test('a text of any length for --since is refused in time that is in proportion', () => {
  expectLinear((length) => expect(() => parseSince('1'.repeat(length))).toThrow(RangeError), 250_000)
})

test('an address of any length is refused in time that is in proportion', () => {
  expectLinear((length) => {
    const env = { ALERT_EMAIL_TO: `${'a.'.repeat(length)}@${'b.'.repeat(length)}` }
    expect(() => digestConfig(env, { dryRun: false })).toThrow('ALERT_EMAIL_TO')
  }, 25_000)
})

test.each(['a', '1', "'", "'a", '"', 'a-', '://', 'aa://', 'a ', '/?', 'Key (a)=(', "''", 'a.', '`'])(
  'an error of many %j is masked in time that is in proportion',
  (piece) => {
    expectLinear((length) => {
      for (let time = 0; time < 50; time++) mask(piece.repeat(length / piece.length))
    }, 250)
  },
)

test('a mail about many job types is rendered in time that is in proportion', () => {
  const digests = new Map(
    [1_250, 10_000].map((kinds) => [
      kinds,
      digestOf(Array.from({ length: kinds }, (_, kind) => job({ jobType: `type_${kind}`, chain: CHAIN_START }))),
    ]),
  )
  expectLinear((kinds) => mailOf(digests.get(kinds) as Digest), 1_250)
})

test.each([
  ['ids alone', (index: number) => `no release ${index} (mbid=${index}): 404`],
  ['titles', (index: number) => `Song not found: Blue in Green ${index.toString(26).replace(/\d/g, 'z')}`],
])('failures whose errors differ in %s are grouped in time that is in proportion', (_, error) => {
  expectLinear((count) => grouped(Array.from({ length: count }, (_, index) => error(index))), 1_000)
})

test('errors of very many words that begin and end alike are grouped in time that is in proportion', () => {
  expectLinear((length) => grouped(Array.from({ length: 256 }, (_, index) => nested(index, length))), 60)
})

function grouped(errors: readonly string[]): unknown {
  const grouping = new Grouping()
  for (const error of errors) grouping.add(job({ error }))
  return grouping.result()
}

/** An error of so many words that shares some of the first and of the last with any other, but never enough of them. */
function nested(index: number, length: number): string {
  const shared = 1 + (index % Math.floor(length / 8))
  const [words = ''] = different(1, length)
  const letters = words.split(' ').map((word, place) => word.charAt((place + index) % word.length))
  return letters.map((letter, place) => (place < shared || place >= length - shared ? 'a' : letter)).join(' ')
}
