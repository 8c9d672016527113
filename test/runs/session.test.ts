import { Socket } from 'node:net'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { migrateConfig } from '../../src/config.js'
import { ConnectionError } from '../../src/errors.js'
import { Session } from '../../src/postgres/session.js'
import { freePort } from '../support/ports.js'

const SETTINGS = [
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'transaction_timeout',
  'jit',
  'max_parallel_workers_per_gather',
]

async function settings(sql: Session['sql']): Promise<Record<string, string>> {
  const rows = await sql`select name, setting from pg_settings where name in ${sql(SETTINGS)}`
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
}

test('a transaction has bounds of its own, without JIT and parallel workers; the session keeps those of the server', async () => {
  const session = new Session(migrateConfig({ DATABASE_URL: inject('serverUrl') }).database)
  await session.sql`select set_config(name, '60000', false) from pg_settings where name = 'transaction_timeout'`
  const before = await settings(session.sql)
  await session.begin('read write', { statement: 7_000, idle: 9_000 })
  expect(await settings(session.sql)).toEqual({
    statement_timeout: '7000',
    idle_in_transaction_session_timeout: '9000',
    lock_timeout: '5000',
    ...('transaction_timeout' in before ? { transaction_timeout: '0' } : {}),
    jit: 'off',
    max_parallel_workers_per_gather: '0',
  })
  await session.sql.unsafe('rollback')
  expect(await settings(session.sql)).toEqual(before)
  await session.close()
})

test('a COMMIT that begins while the connection breaks is decided at once, not at the end of its time', async () => {
  const keepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive')
  onTestFinished(() => keepAlive.mockRestore())
  const session = new Session(migrateConfig({ DATABASE_URL: inject('serverUrl') }).database)
  await session.begin('read write', { statement: 60_000, idle: 60_000 })
  const socket = keepAlive.mock.contexts.at(-1) as Socket
  // Node tells the error at once, and the close only after what else has arrived.
  const committed = new Promise((resolve) => {
    socket.once('error', () => resolve(session.commit(60_000, new AbortController().signal)))
  })
  socket.destroy(new Error('broken'))
  expect(await committed).toMatchObject({ is: 'rolled back', error: { message: 'broken' } })
  await session.close()
})

test('once a connection is lost, or could not be made, every statement is rejected, not the first alone', async () => {
  const { database } = migrateConfig({ DATABASE_URL: inject('serverUrl') })
  const lost = new Session(database)
  await expect(lost.sql`select pg_terminate_backend(pg_backend_pid())`).rejects.toThrow('57P01')
  const unmade = new Session({ ...database, port: await freePort() })
  for (const { sql } of [lost, unmade]) {
    for (let times = 0; times < 3; times++) await expect(sql`select`).rejects.toThrow(ConnectionError)
    const atOnce = await Promise.allSettled([sql`select`, sql`select`, sql`select`])
    expect(atOnce.map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
  }
  await lost.close()
  await unmade.close()
})

test('a peer that died without a word is noticed while a long statement runs: the kernel asks for it', async () => {
  // Only looked on at: to see it at work a machine would have to vanish from the network for minutes.
  const keepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive')
  onTestFinished(() => keepAlive.mockRestore())
  const session = new Session(migrateConfig({ DATABASE_URL: inject('serverUrl') }).database)
  await session.sql`select`
  await session.close()
  expect(keepAlive.mock.lastCall).toEqual([true, 30_000])
})
