import { beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { createHop, tlsFile } from '../support/hop.js'
import { listen, through } from '../support/ports.js'
import { useScene } from '../support/scene.js'

const scene = useScene()
const AUTHORITY = tlsFile('authority.pem')
const STRANGER = tlsFile('stranger.pem')

let hop: number
let encrypted = 0
beforeAll(async () => {
  const server = createHop(inject('serverUrl'), 'S', (greeting) => {
    encrypted += Number(greeting.encrypted)
  })
  hop = await listen(server)
  return () => void server.close()
})

/** Exit code of a dry run with that host and query, and whether the connection was encrypted. */
async function dryRun(host: string, query: string): Promise<{ code: number; tls: boolean; says: unknown }> {
  const url = new URL(through(scene.database.url, hop))
  url.hostname = host
  encrypted = 0
  const { code, summary } = await scene.preview({ DATABASE_URL: `${url.href}?${query}` })
  return { code, tls: encrypted > 0, says: summary.msg }
}

test.each([
  ['127.0.0.1', 'sslmode=prefer'],
  ['127.0.0.1', 'sslmode=require'],
  ['127.0.0.1', 'sslmode=no-verify'],
  ['127.0.0.1', `sslmode=verify-ca&sslrootcert=${AUTHORITY}`],
  ['127.0.0.1', `sslmode=require&sslrootcert=${AUTHORITY}`],
  ['localhost', `sslmode=verify-full&sslrootcert=${AUTHORITY}`],
])('%s with %s connects, encrypted', async (host, query) => {
  expect(await dryRun(host, query)).toMatchObject({ code: 0, tls: true })
})

test.each([
  ['localhost', 'sslmode=verify-full', 'an authority that nobody knows'],
  ['localhost', 'sslmode=verify-ca', 'an authority that nobody knows'],
  ['localhost', `sslmode=verify-full&sslrootcert=${STRANGER}`, 'another authority'],
  ['localhost', `sslmode=require&sslrootcert=${STRANGER}`, 'another authority, which libpq checks once it is named'],
  ['127.0.0.1', `sslmode=verify-full&sslrootcert=${AUTHORITY}`, 'another host name'],
])('%s with %s does not connect: %s', async (host, query) => {
  const { code, says } = await dryRun(host, query)
  expect({ code, says }).toEqual({
    code: 1,
    says: expect.stringMatching(/^cannot connect to .* \((?:SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|ERR_TLS_CERT)\w+\)/),
  })
})

test('a server without TLS is refused by sslmode=require, and taken by prefer', async () => {
  const plain = createHop(inject('serverUrl'), 'N', () => {})
  onTestFinished(() => void plain.close())
  const url = through(scene.database.url, await listen(plain))
  const code = async (mode: string) => (await scene.preview({ DATABASE_URL: `${url}?sslmode=${mode}` })).code
  expect(await code('prefer')).toBe(0)
  expect(await code('disable')).toBe(0)
  const refused = await scene.preview({ DATABASE_URL: `${url}?sslmode=require` })
  expect(refused.code).toBe(1)
  expect(refused.summary.msg).toMatch(
    /does not support TLS, but sslmode=require requires it .* set it to "prefer" or "disable"/,
  )
  const { hostname, port, username, password, pathname } = new URL(url)
  const parts = {
    DB_HOST: hostname,
    DB_PORT: port,
    DB_NAME: pathname.slice(1),
    DB_USER: username,
    DB_PASSWORD: password,
  }
  const byDefault = await scene.preview({ DATABASE_URL: undefined, ...parts })
  expect(byDefault.code).toBe(1)
  expect(byDefault.summary.msg).toContain('DB_SSLMODE is "require" unless set')
})

test('a root certificate that cannot be read is named', async () => {
  const { code, says } = await dryRun('localhost', 'sslmode=verify-full&sslrootcert=/nonexistent/ca.pem')
  expect(code).toBe(2)
  expect(says).toContain('cannot read /nonexistent/ca.pem, which sslrootcert names (ENOENT)')
})
