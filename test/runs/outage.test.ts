import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../support/postgres.js'
import { useScene } from '../support/scene.js'
import { acceptance } from '../support/sendgrid.js'

/** A server of this file's own, to be stopped while it is in use. */
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())
const scene = useScene(() => server.url)

test('a wrong password is exit 1, and is not shown', async () => {
  const url = new URL(scene.database.url)
  url.password = 'hunter2'
  const { code, summary, stderr } = await scene.digest([], { DATABASE_URL: url.href, LOG_LEVEL: 'trace' })
  expect(code).toBe(1)
  expect(summary.msg).toContain('password authentication failed')
  expect(stderr).not.toContain('hunter2')
})

test('a server stopped and started again during the send: exit 3, and the next run repeats it', async () => {
  const id = await scene.worker.dead()
  scene.sendGrid.answer(async (response, request) => {
    await server.stop()
    await server.start()
    await acceptance(response, request)
  })
  const { code, summary } = await scene.digest()
  expect(code).toBe(3)
  expect(summary).toMatchObject({ outcome: 'sent but not marked', messageId: 'accepted', jobIds: [id] })
  expect(summary.msg).toContain('the next run with the same options repeats it')
  expect(await scene.marked()).toEqual([])
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(await scene.marked()).toEqual([id])
})

test('a server that stays down after the send: exit 3, and it is said that the outcome is not known', async () => {
  const id = await scene.worker.dead()
  scene.sendGrid.answer(async (response, request) => {
    await server.stop()
    await acceptance(response, request)
  })
  const { code, summary } = await scene.digest()
  expect(code).toBe(3)
  expect(summary).toMatchObject({ outcome: 'sent, perhaps not marked', jobIds: [id] })
  expect(summary.msg).toContain('may repeat it')
  await server.start()
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
})
