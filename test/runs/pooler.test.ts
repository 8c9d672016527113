import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeAll, expect, inject, test } from 'vitest'
import { until } from '../support/database.js'
import { temporaryFolder } from '../support/folder.js'
import { freePort, through } from '../support/ports.js'
import { giveToServer, SERVER_ACCOUNT } from '../support/postgres.js'
import { migrateHere } from '../support/run.js'
import { useScene } from '../support/scene.js'
import { acceptance, refusal } from '../support/sendgrid.js'

/** Production's PostgreSQL stands behind a pooler in transaction mode; these are the core cases through one. */
const PATH = [process.env.PATH, '/usr/sbin', '/usr/local/sbin'].join(delimiter)
const available = spawnSync('pgbouncer', ['--version'], { env: { PATH } }).status === 0
const MISSING = 'pgbouncer is not on the PATH: install the package pgbouncer (Debian, Homebrew) to run this file'

const scene = useScene()
let url: string

beforeAll(async () => {
  if (!available && process.env.CI) throw new Error(MISSING)
  if (!available) return
  const server = new URL(inject('serverUrl'))
  const port = await freePort()
  const folder = temporaryFolder('pgbouncer')
  const configuration = join(folder, 'pgbouncer.ini')
  const target = {
    host: server.hostname,
    port: server.port || '5432',
    user: decodeURIComponent(server.username),
    password: decodeURIComponent(server.password),
  }
  const connection = Object.entries(target).flatMap(([key, value]) =>
    value ? [`${key}='${value.replaceAll("'", "''")}'`] : [],
  )
  writeFileSync(
    configuration,
    `[databases]
* = ${connection.join(' ')}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
server_round_robin = 1
`,
  )
  giveToServer(folder, configuration)
  const child = spawn('pgbouncer', [configuration], {
    ...SERVER_ACCOUNT,
    env: { PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  for await (const line of createInterface({ input: child.stderr })) if (line.includes('process up')) break
  child.stderr.resume()
  url = `${through(scene.database.url, port)}?pgbouncer=true&connection_limit=1`
  return async () => {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
})

/** The same names as elsewhere, through the pooler. */
const throughPooler = (name: string, check: () => Promise<void>): void =>
  test(`through a pooler in transaction mode: ${name}`, async (context) => {
    if (!available) context.skip(MISSING)
    await check()
  })

const report = () => scene.report({ DATABASE_URL: url })

throughPooler('one run tells it, marks it and is done; the next one is silent', async () => {
  const ids = [await scene.worker.dead(), await scene.worker.dead()]
  const digest = await scene.digest([], { DATABASE_URL: url })
  expect(digest.summary).toMatchObject({ outcome: 'sent', found: 2 })
  expect(await scene.marked()).toEqual(ids)
  for (let run = 0; run < 5; run++) expect((await report()).summary.outcome).toBe('nothing to report')
  expect(scene.sendGrid.requests).toHaveLength(1)
})

throughPooler('a dry run makes the mail and changes nothing', async () => {
  await scene.worker.dead()
  const { message } = await scene.preview({ DATABASE_URL: url })
  expect(message?.text).toContain('1 spotify/match_song job: ')
  expect(await scene.marked()).toEqual([])
})

throughPooler('a refresh that died at songs has its ladder', async () => {
  const [, songs] = await scene.worker.refresh('songs')
  await scene.worker.failPermanently(songs as number, 'timed out')
  expect((await report()).code).toBe(0)
  expect(scene.mail.text).toContain('rebuild_index  not started')
})

throughPooler('a refused mail leaves nothing marked and no lock', async () => {
  const id = await scene.worker.dead()
  scene.sendGrid.answer(refusal(401, 'revoked'))
  expect((await report()).code).toBe(1)
  expect(await scene.sql`select id from research_jobs for update nowait`).toHaveLength(1)
  expect((await report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(await scene.marked()).toEqual([id])
})

throughPooler('two runs at once are one mail', async () => {
  await scene.worker.dead()
  scene.sendGrid.answer(async (response, request) => {
    expect((await report()).summary.outcome).toBe('another run is at work')
    await acceptance(response, request)
  })
  expect((await report()).summary.outcome).toBe('sent')
  expect(scene.sendGrid.requests).toHaveLength(1)
})

throughPooler('a backend killed during the send, and the mail accepted: exit 3', async () => {
  const id = await scene.worker.dead()
  scene.sendGrid.answer(async (response, request) => {
    await scene.sql`
      select pg_terminate_backend(pid, 5000)
      from pg_stat_activity
      where datname = ${scene.database.name} and state = 'idle in transaction'`
    await acceptance(response, request)
  })
  const { code, summary } = await report()
  expect(code).toBe(3)
  expect(summary).toMatchObject({ outcome: 'sent but not marked', jobIds: [BigInt(id)], messageId: 'accepted' })
  expect((await report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
})

throughPooler('kill -9 during the send leaves nothing marked and no lock', async () => {
  await scene.worker.dead()
  scene.sendGrid.answer(() => {})
  const arrival = scene.sendGrid.arrival()
  const { child, finished } = scene.startDigest([], { DATABASE_URL: url })
  await arrival
  child.kill('SIGKILL')
  await finished
  // The pooler ends the abandoned transaction when it notices.
  await until(async () => (await scene.sql`select id from research_jobs for update skip locked`).length === 1)
  expect((await report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
})

throughPooler('the migrations can be applied', async () => {
  expect((await migrateHere({ DATABASE_URL: url })).code).toBe(0)
})
