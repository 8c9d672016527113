import { createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Finished } from '../support/command.js'
import { until } from '../support/database.js'
import { freePort, listen } from '../support/ports.js'
import { type DatabaseProxy, startProxy } from '../support/proxy.js'
import type { Ended } from '../support/run.js'
import { useScene } from '../support/scene.js'
import { acceptance, refusal } from '../support/sendgrid.js'

const scene = useScene()

/** Whatever went wrong: the truth in one line, nothing marked, and the next run reports it. */
async function expectNothingLost(
  { code, summary, log = [summary] }: Ended & Partial<Finished>,
  id: number,
  exitCode = 1,
): Promise<void> {
  expect(code).toBe(exitCode)
  expect(log).toHaveLength(1)
  expect(summary).toMatchObject({ outcome: exitCode === 1 ? 'failed' : 'not prepared', exitCode })
  // An error that is understood says all there is to know.
  expect(summary).not.toHaveProperty('stack')
  expect(await scene.marked()).toEqual([])
  const sent = scene.sendGrid.accepted.length
  expect((await scene.report()).code).toBe(0)
  expect(scene.sendGrid.accepted).toHaveLength(sent + 1)
  expect(await scene.marked()).toEqual([id])
}

async function proxied(): Promise<DatabaseProxy> {
  const proxy = await startProxy(scene.database.url)
  onTestFinished(() => proxy.close())
  return proxy
}

const isCommit = (data: Buffer): boolean => data.toString('latin1').includes('commit\0')

test('one run tells it, marks it and is done; the next one is silent', async () => {
  const ids = [await scene.worker.dead(), await scene.worker.dead()]
  expect((await scene.digest()).summary).toMatchObject({ outcome: 'sent', found: 2, reported: 2, exitCode: 0 })
  expect(await scene.marked()).toEqual(ids)
  expect((await scene.report()).summary).toMatchObject({ outcome: 'nothing to report', found: 0, exitCode: 0 })
  expect(scene.sendGrid.requests).toHaveLength(1)
})

test('a job that dies after the run has begun is mailed once', async () => {
  const id = await scene.worker.running({ maxAttempts: 1 })
  const proxy = await proxied()
  proxy.onClientData = async (data) => {
    if (data.includes('for update skip locked')) await scene.worker.failPermanently(id, 'after BEGIN, before the claim')
    return true
  }
  expect((await scene.report({ DATABASE_URL: proxy.url })).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect((await scene.report()).summary.outcome).toBe('nothing to report')
  expect(scene.sendGrid.accepted).toHaveLength(1)
})

test('a database that is down: exit 1', async () => {
  const id = await scene.worker.dead()
  const finished = await scene.digest([], { DATABASE_URL: `postgresql://u:hunter2@127.0.0.1:${await freePort()}/db` })
  expect(finished.summary.msg).toContain('ECONNREFUSED')
  expect(finished.stderr).not.toContain('hunter2')
  await expectNothingLost(finished, id)
})

test('a database that does not exist: exit 1', async () => {
  const id = await scene.worker.dead()
  const url = new URL(scene.database.url)
  url.pathname = '/nowhere'
  const finished = await scene.report({ DATABASE_URL: url.href })
  expect(finished.summary.msg).toContain('"nowhere" does not exist')
  await expectNothingLost(finished, id)
})

test.each([
  ['accepts and closes at once', (socket: Socket) => void socket.destroy(), /closed the connection|ECONNRESET/],
  ['accepts and resets', (socket: Socket) => void socket.resetAndDestroy(), /closed the connection|ECONNRESET/],
  ['accepts and is silent', () => {}, 'RUN_TIMEOUT'],
])('a server that %s does not keep the run: exit 1', async (_, behave, says) => {
  const id = await scene.worker.dead()
  const server = createServer(behave)
  onTestFinished(() => void server.close())
  const finished = await scene.digest([], {
    DATABASE_URL: `postgresql://u:hunter2@127.0.0.1:${await listen(server)}/db`,
    RUN_TIMEOUT: '3s',
    SEND_TIMEOUT: '2s',
  })
  expect(finished.summary.msg).toMatch(says)
  await expectNothingLost(finished, id)
})

test('a read-only database: exit 1', async () => {
  const id = await scene.worker.dead()
  const { sql, database } = scene
  await sql`alter database ${sql(database.name)} set default_transaction_read_only = on`
  const finished = await scene.report()
  await sql`alter database ${sql(database.name)} set default_transaction_read_only = off`
  expect(finished.summary.msg).toContain('read-only transaction')
  await expectNothingLost(finished, id)
})

test('an account without the permission to mark: exit 2, with the cure', async () => {
  const id = await scene.worker.dead()
  const role = scene.sql(`reader_${scene.database.name}`)
  await scene.sql`create role ${role} login password 'reader'`
  await scene.sql`grant select on research_jobs to ${role}`
  const url = new URL(scene.database.url)
  url.username = `reader_${scene.database.name}`
  url.password = 'reader'
  const finished = await scene.report({ DATABASE_URL: url.href })
  const preview = await scene.preview({ DATABASE_URL: url.href })
  await scene.sql`drop owned by ${role}`
  await scene.sql`drop role ${role}`
  expect(finished.summary.msg).toMatch(/permission denied.*update \(last_alerted_at\)/)
  expect(preview.code).toBe(0)
  await expectNothingLost(finished, id, 2)
})

test('a row locked by somebody else is skipped, not waited for, and comes next time', async () => {
  const [locked, free] = [await scene.worker.dead(), await scene.worker.dead()]
  await scene.sql.begin(async (sql) => {
    await sql`select from research_jobs where id = ${locked} for update`
    expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1, locked: 1 })
    expect(await scene.marked()).toEqual([free])
  })
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(await scene.marked()).toEqual([locked, free])
})

test('a table locked by somebody else: exit 1 within seconds', async () => {
  const id = await scene.worker.dead()
  const finished = await scene.sql.begin(async (sql) => {
    await sql`lock table research_jobs in access exclusive mode`
    // Well before RUN_TIMEOUT, which would be named instead.
    return scene.report({ RUN_TIMEOUT: '20s' })
  })
  expect(finished.summary.msg).toContain('lock timeout')
  await expectNothingLost(finished, id)
})

test('RUN_TIMEOUT ends a claim whose answer never comes: exit 1', async () => {
  const id = await scene.worker.dead()
  const proxy = await proxied()
  // The server never hears of it, and none of its own timeouts can fire.
  proxy.onClientData = (data) => !data.includes('for update skip locked')
  const finished = await scene.digest([], { DATABASE_URL: proxy.url, RUN_TIMEOUT: '2s', SEND_TIMEOUT: '1s' })
  expect(finished.summary.msg).toMatch(/RUN_TIMEOUT has passed before the mail was ready: set it higher/)
  await expectNothingLost(finished, id)
})

test('a statement that takes too long is ended by the server, for a client that is gone cannot: exit 1', async () => {
  const id = await scene.worker.dead()
  await scene.sql.unsafe(`
    create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(20); return new; end $$;
    create trigger dawdle before update on research_jobs for each row execute function dawdle()`)
  const { finished, child } = scene.startDigest([], { RUN_TIMEOUT: '4s', SEND_TIMEOUT: '1s' })
  await until(async () => {
    const dawdling = await scene.sql`
      select
      from pg_stat_activity
      where query like '%update research_jobs%' and wait_event = 'PgSleep'`
    return dawdling.length > 0
  })
  child.kill('SIGKILL')
  await finished
  await scene.database.left()
  await scene.sql.unsafe('drop trigger dawdle on research_jobs; drop function dawdle()')
  expect(await scene.marked()).toEqual([])
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(await scene.marked()).toEqual([id])
})

test('rows that are marked without coming back stop the run: nothing may be marked that is not in the mail', async () => {
  await scene.sql`alter sequence research_jobs_id_seq restart with 424242`
  const id = await scene.worker.dead()
  const lossy = `const push = Array.prototype.push
    Array.prototype.push = function (...all) { return all[0] === 424242n ? this.length : push.apply(this, all) }`
  const finished = await scene.digest([], {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(lossy)}`,
  })
  expect(finished.code).toBe(1)
  expect(finished.summary.msg).toContain('1 rows were marked but 0 came back')
  expect(await scene.marked()).toEqual([])
  expect((await scene.report()).code).toBe(0)
  expect(await scene.marked()).toEqual([id])
})

test('a backend killed before the claim: exit 1', async () => {
  const id = await scene.worker.dead()
  const finished = await scene.sql.begin(async (sql) => {
    await sql`lock table research_jobs in access exclusive mode`
    const finished = scene.report()
    await scene.database.blocked()
    await scene.database.killSessions()
    return finished
  })
  await expectNothingLost(finished, id)
})

test('a backend killed during the send, and the mail accepted: exit 3, with the ids and the message id', async () => {
  const ids = [await scene.worker.dead(), await scene.worker.dead()]
  scene.sendGrid.answer(async (response, request) => {
    await scene.database.killSessions()
    await acceptance(response, request)
  })
  const { code, summary, log } = await scene.digest()
  expect(code).toBe(3)
  expect(log).toHaveLength(1)
  expect(summary).toMatchObject({ outcome: 'sent but not marked', messageId: 'accepted', found: 2, reported: 0 })
  expect((summary.jobIds as number[]).toSorted()).toEqual(ids)
  expect(summary.msg).toContain('the next run with the same options repeats it')
  expect(await scene.marked()).toEqual([])
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 2 })
})

test('a backend killed during the send, and the mail refused: exit 1', async () => {
  const id = await scene.worker.dead()
  scene.sendGrid.answer(async (response, request) => {
    await scene.database.killSessions()
    await refusal(401, 'revoked')(response, request)
  })
  const { code, summary } = await scene.report()
  expect({ code, outcome: summary.outcome }).toEqual({ code: 1, outcome: 'not sent' })
  expect(await scene.marked()).toEqual([])
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(await scene.marked()).toEqual([id])
})

test('a connection cut before COMMIT arrived: exit 3', async () => {
  const id = await scene.worker.dead()
  const proxy = await proxied()
  proxy.onClientData = (data, cut) => {
    if (!isCommit(data)) return true
    cut()
    return false
  }
  const { code, summary } = await scene.report({ DATABASE_URL: proxy.url })
  expect(code).toBe(3)
  expect(summary).toMatchObject({ outcome: 'sent but not marked', jobIds: [BigInt(id)] })
  expect(await scene.marked()).toEqual([])
})

test('a connection cut after COMMIT arrived: the server is asked what became of it, exit 0', async () => {
  const id = await scene.worker.dead()
  const proxy = await proxied()
  proxy.onClientData = (data, cut) => {
    if (isCommit(data)) {
      proxy.muted = true
      // Once the mark is there for everybody to see.
      void until(async () => (await scene.marked()).includes(id)).then(() => {
        cut()
        proxy.muted = false
      })
    }
    return true
  }
  const { code, summary } = await scene.report({ DATABASE_URL: proxy.url })
  expect({ code, outcome: summary.outcome }).toEqual({ code: 0, outcome: 'sent' })
  expect(await scene.marked()).toEqual([id])
  expect(scene.sendGrid.accepted).toHaveLength(1)
})

test('a COMMIT that is never answered has four times SEND_TIMEOUT: exit 3, and says that it may or may not be marked', async () => {
  const id = await scene.worker.dead()
  const proxy = await proxied()
  proxy.onClientData = (data) => !isCommit(data)
  const { code, summary } = await scene.digest([], { DATABASE_URL: proxy.url, RUN_TIMEOUT: '20s', SEND_TIMEOUT: '1s' })
  expect(code).toBe(3)
  expect(summary).toMatchObject({ outcome: 'sent, perhaps not marked', jobIds: [id] })
  expect(summary.msg).toContain('may repeat')
})

test('a trigger that would fail only at COMMIT fails before the mail: exit 1', async () => {
  await scene.worker.dead()
  await scene.sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin raise 'no marks today'; end $$;
    create constraint trigger refuse after update on research_jobs
      deferrable initially deferred for each row execute function refuse();`)
  const { code, summary } = await scene.report()
  await scene.sql.unsafe('drop trigger refuse on research_jobs; drop function refuse()')
  expect(code).toBe(1)
  expect(summary.msg).toContain('no marks today')
  expect(scene.sendGrid.requests).toEqual([])
  expect(await scene.marked()).toEqual([])
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
})
