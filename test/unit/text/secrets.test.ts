import { afterEach, expect, test } from 'vitest'
import { hideSecrets, withoutSecrets } from '../../../src/text/secrets.js'

afterEach(() => hideSecrets([]))

const PASSWORD = 'p@ss/w"ör\\d\'<&>\u0001'

test.each([
  ['as it is', PASSWORD],
  ['percent-encoded', encodeURIComponent(PASSWORD)],
  ['percent-encoded in small letters', encodeURIComponent(PASSWORD).toLowerCase()],
  ['percent-encoded in part', PASSWORD.replace('@', '%40')],
  ['in JSON', JSON.stringify(PASSWORD).slice(1, -1)],
  ['in HTML', 'p@ss/w&quot;ör\\d&#39;&lt;&amp;&gt;\u0001'],
])('a secret is hidden %s', (_, spelled) => {
  hideSecrets([PASSWORD])
  expect(withoutSecrets(`(${spelled})`)).toBe('([redacted])')
})

test('a secret that is percent-encoded is hidden where somebody has decoded it', () => {
  hideSecrets(['https://hc.example/p%40ss'])
  expect(withoutSecrets('GET https://hc.example/p@ss failed')).toBe('GET [redacted] failed')
})

test('of two secrets the longer is hidden whole', () => {
  hideSecrets(['secret', 'secret-and-more'])
  expect(withoutSecrets('secret-and-more, secret')).toBe('[redacted], [redacted]')
})

test.each([[undefined], [''], ['dummy']])('%j is too short to be hidden by its value', (value) => {
  hideSecrets([value])
  expect(withoutSecrets('a dummy, undefined')).toBe('a dummy, undefined')
})

test('a secret of digits alone is not looked for in longer numbers', () => {
  hideSecrets(['202611'])
  expect(withoutSecrets('{"id":1202611,"time":"202611"}')).toBe('{"id":1202611,"time":"[redacted]"}')
})

test('what is no regular expression, or no percent-encoding, is hidden as well', () => {
  hideSecrets(['100%(a|b)*[c'])
  expect(withoutSecrets('100%(a|b)*[c')).toBe('[redacted]')
})
