import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, type Variables } from './support/command.js'
import { createDatabase, type TestDatabase } from './support/database.js'
import { type PostgresServer, startPostgres } from './support/postgres.js'
import { type SendGridStandIn, startSendGrid, status } from './support/sendgrid.js'
import { Worker } from './support/worker.js'

/** A server of this file's own, to be stopped while it is in use. */
let server: PostgresServer
let database: TestDatabase
let sendGrid: SendGridStandIn
let variables: Variables

beforeAll(async () => {
  server = await startPostgres()
  database = await createDatabase(server.url)
  sendGrid = await startSendGrid()
  variables = {
    DATABASE_URL: database.url,
    SENDGRID_BASE_URL: sendGrid.url,
    SENDGRID_API_KEY: 'SG.outage.key',
    FROM_EMAIL: 'alerts@example.com',
    ALERT_EMAIL_TO: 'oncall@example.com',
  }
})
afterAll(async () => {
  await sendGrid.close()
  await database.drop()
  await server.remove()
})

const accepted = status(202, '', { 'x-message-id': 'accepted' })
const unmarked = () => database.sql`select id from research_jobs where last_alerted_at is null`

test('a wrong password is exit 1, and is not shown', async () => {
  const url = new URL(database.url)
  url.password = 'hunter2'
  const { code, summary, stderr } = await run(['digest'], { ...variables, DATABASE_URL: url.href, LOG_LEVEL: 'trace' })
  expect(code).toBe(1)
  expect(summary.msg).toContain('password authentication failed')
  expect(stderr).not.toContain('hunter2')
})

test('a server stopped and started again during the send: exit 3, and the next run repeats it', async () => {
  const id = await new Worker(database.sql).dead()
  sendGrid.answer(async (response, request) => {
    await server.stop()
    await server.start()
    await accepted(response, request)
  })
  const { code, summary } = await run(['digest'], variables)
  expect(code).toBe(3)
  expect(summary).toMatchObject({ outcome: 'sent but not marked', messageId: 'accepted', jobIds: [id] })
  expect(summary.msg).toContain('the next run repeats it')
  expect(await unmarked()).toHaveLength(1)
  expect((await run(['digest'], variables)).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(await unmarked()).toHaveLength(0)
})

test('a server that stays down after the send: exit 3, and it is said that the outcome is not known', async () => {
  const id = await new Worker(database.sql).dead()
  sendGrid.answer(async (response, request) => {
    await server.stop()
    await accepted(response, request)
  })
  const { code, summary } = await run(['digest'], variables)
  expect(code).toBe(3)
  expect(summary).toMatchObject({ outcome: 'sent but not marked', jobIds: [id] })
  expect(summary.msg).toContain('may repeat it')
  await server.start()
  expect((await run(['digest'], variables)).summary).toMatchObject({ outcome: 'sent', found: 1 })
})
