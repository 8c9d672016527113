import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, listen, through } from '../support/ports.js'
import { startProxy } from '../support/proxy.js'
import { useScene } from '../support/scene.js'

const scene = useScene()
const ADVICE = "user or password may be wrong, and Supabase's pooler wants the user to be role.project-ref"

/** What a dry run says when the server answers the log-in with these fields. */
async function refusedWith(fields: Readonly<Record<string, string>>): Promise<unknown> {
  const body = Buffer.from(
    `${Object.entries(fields)
      .map(([type, text]) => `${type}${text}\0`)
      .join('')}\0`,
  )
  const head = Buffer.from([0x45, 0, 0, 0, body.length + 4])
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(Buffer.concat([head, body])))
  })
  onTestFinished(() => void server.close())
  const DATABASE_URL = `${through(scene.database.url, await listen(server))}?sslmode=disable`
  const { code, summary } = await scene.digest(['--dry-run'], { DATABASE_URL })
  expect(code).toBe(1)
  return summary.msg
}

test('a wrong password is named by the server, and explained', async () => {
  const url = new URL(scene.database.url)
  url.password = 'wrong'
  const { code, summary } = await scene.digest(['--dry-run'], { DATABASE_URL: url.href })
  expect(code).toBe(1)
  expect(summary.msg).toMatch(/^password authentication failed for user "\w+", 28P01; user or password may be wrong/)
  expect(summary.msg).toContain(ADVICE)
})

test.each([
  { S: 'FATAL', V: 'FATAL', C: '28000', M: 'role "nobody" is not permitted to log in' },
  // PgBouncer's and Supabase's.
  { S: 'FATAL', V: 'FATAL', C: '08P01', M: 'SASL authentication failed' },
  { S: 'FATAL', V: 'FATAL', C: 'XX000', M: 'Tenant or user not found' },
])('a log-in that is refused with %j is explained', async (fields) => {
  expect(await refusedWith(fields)).toContain(`${fields.M}, ${fields.C}; ${ADVICE}`)
})

test.each([
  { S: 'FATAL', V: 'FATAL', C: '28000', M: 'no pg_hba.conf entry for host "1.2.3.4", user "a", database "b"' },
  { S: 'FATAL', V: 'FATAL', C: '53300', M: 'sorry, too many clients already' },
  { S: 'FATAL', V: 'FATAL', C: '3D000', M: 'database "nowhere" does not exist' },
])('a log-in that is refused with %j says enough', async (fields) => {
  const message = await refusedWith(fields)
  expect(message).toContain(`${fields.M}, ${fields.C}`)
  expect(message).not.toContain('user or password')
})

test('a FATAL error that ends a statement is in the log in the words of the server', async () => {
  await scene.sql.begin(async (sql) => {
    await sql`lock table research_jobs in access exclusive mode`
    const { finished } = scene.startDigest(['--dry-run'])
    await scene.database.blocked()
    await scene.database.killSessions()
    const { code, summary } = await finished
    expect(code).toBe(1)
    expect(summary.msg).toMatch(
      /^the server closed the connection: terminating connection due to administrator command, 57P01;/,
    )
  })
})

test('so is one between two statements', async () => {
  const proxy = await startProxy(scene.database.url)
  onTestFinished(() => proxy.close())
  proxy.onClientData = async (data) => {
    // The first statement after BEGIN comes when the session is gone already.
    if (data.includes('set_config')) await scene.database.killSessions()
    return true
  }
  const { code, summary } = await scene.digest(['--dry-run'], { DATABASE_URL: proxy.url })
  expect(code).toBe(1)
  expect(summary.msg).toContain('the server closed the connection: terminating connection due to administrator command')
})

test('a server that cannot be reached is named by its address, an IPv6 address in brackets', async () => {
  const port = await freePort()
  for (const host of ['127.0.0.1', '[::1]']) {
    const { code, summary } = await scene.digest(['--dry-run'], { DATABASE_URL: `postgresql://a@${host}:${port}/b` })
    expect(code).toBe(1)
    expect(summary.msg).toContain(`cannot connect to ${host}:${port} (E`)
  }
})
