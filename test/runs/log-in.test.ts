import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, listen, through } from '../support/ports.js'
import { startProxy } from '../support/proxy.js'
import { useScene } from '../support/scene.js'

const scene = useScene()
const ADVICE = "user or password may be wrong, and Supabase's pooler wants the user to be role.project-ref"

function errorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const body = Object.entries(fields).map(([type, text]) => `${type}${text}\0`)
  const bytes = Buffer.from(`${body.join('')}\0`)
  return Buffer.concat([Buffer.from([0x45, 0, 0, 0, bytes.length + 4]), bytes])
}

/** What a dry run says of a server that answers what it is sent with these messages, one after the other. */
async function answeredWith(...messages: readonly (readonly Buffer[])[]): Promise<unknown> {
  const server = createServer((socket) => {
    const left = [...messages]
    socket.setNoDelay().on('error', () => {})
    socket.on('data', async () => {
      const message = left.shift() ?? []
      const last = left.length === 0
      // A pause, or the network would put the parts together.
      for (const part of message) await new Promise((sent) => socket.write(part, () => setTimeout(sent, 50)))
      if (last) socket.end()
    })
  })
  onTestFinished(() => void server.close())
  const DATABASE_URL = `${through(scene.database.url, await listen(server))}?sslmode=disable`
  const { code, summary } = await scene.preview({ DATABASE_URL })
  expect(code).toBe(1)
  return summary.msg
}

const refusedWith = (fields: Readonly<Record<string, string>>) => answeredWith([errorResponse(fields)])

test('a wrong password is named by the server, and explained', async () => {
  const url = new URL(scene.database.url)
  url.password = 'wrong'
  const { code, summary } = await scene.preview({ DATABASE_URL: url.href })
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
    const finished = scene.preview()
    await scene.database.blocked()
    await scene.database.killSessions()
    const { code, summary } = await finished
    expect(code).toBe(1)
    expect(summary.msg).toMatch(
      /^the server closed the connection: terminating connection due to administrator command, 57P01;/,
    )
  })
})

test('so is one that comes in pieces', async () => {
  const welcome = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])
  const error = errorResponse({ S: 'FATAL', V: 'FATAL', C: '57P05', M: 'terminating connection due to idle timeout' })
  const pieces = [error.subarray(0, 3), error.subarray(3, 40), error.subarray(40)]
  expect(await answeredWith([welcome], pieces)).toMatch(
    /^the server closed the connection: terminating connection due to idle timeout, 57P05;/,
  )
})

test('so is one between two statements', async () => {
  const proxy = await startProxy(scene.database.url)
  onTestFinished(() => proxy.close())
  proxy.onClientData = async (data) => {
    // The first statement after BEGIN comes when the session is gone already.
    if (data.includes('set_config')) await scene.database.killSessions()
    return true
  }
  const { code, summary } = await scene.preview({ DATABASE_URL: proxy.url })
  expect(code).toBe(1)
  expect(summary.msg).toContain('the server closed the connection: terminating connection due to administrator command')
})

test('a server that cannot be reached is named by its address, an IPv6 address in brackets', async () => {
  const port = await freePort()
  for (const host of ['127.0.0.1', '[::1]']) {
    const { code, summary } = await scene.preview({ DATABASE_URL: `postgresql://a@${host}:${port}/b` })
    expect(code).toBe(1)
    expect(summary.msg).toContain(`cannot connect to ${host}:${port} (E`)
  }
})
