import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { digestConfig } from '../../src/config.js'
import { Session } from '../../src/postgres/session.js'
import { createDatabase } from '../support/database.js'
import { type Answer, createHop, type Greeting, tlsFile } from '../support/hop.js'
import { listen } from '../support/ports.js'
import { previewHere } from '../support/run.js'

/**
 * DATABASE_URL means what psql means by it: the real psql and a dry run get the same URLs, through a hop that
 * sees how each of them connects. The row that each of them reads says in which schema it found research_jobs.
 */
const hops: Server[] = []
let words: Readonly<Record<string, string>>
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'job-alert-urls-'))
  const { sql, name, drop } = await createDatabase(inject('serverUrl'))
  for (const schema of ['public', 'music', 'Mixed', 'my schema']) {
    if (schema !== 'public') {
      await sql`create schema ${sql(schema)}`
      await sql`create table ${sql(schema)}.research_jobs (like public.research_jobs including all)`
    }
    await sql`
      insert into ${sql(schema)}.research_jobs (source, job_type, target_type, target_id, status, attempts, finished_at)
      values (${schema}, 'match', 'song', ${randomUUID()}, 'dead', 3, now())`
  }
  // The first has the database's name, which is what a URL without a database means.
  const bob = `bob@${randomUUID().slice(0, 8)}`
  await sql.unsafe(`create role "${name}" superuser login password 'pw'`)
  await sql.unsafe(`create role "${bob}" superuser login password 'a#b?c%@/:'`)
  await sql.unsafe(`alter role "${bob}" set search_path = music`)
  words = {
    ANN: name,
    BOB: encodeURIComponent(bob),
    DB: name,
    FOLDER: folder,
    AUTHORITY: tlsFile('authority.pem'),
    STRANGER: tlsFile('stranger.pem'),
  }
  return async () => {
    for (const hop of hops) hop.close()
    await sql.unsafe(`drop role "${name}"`)
    await sql.unsafe(`drop role "${bob}"`)
    await drop()
    rmSync(folder, { recursive: true })
  }
})

/** A hop with a port of its own; a URL's words in capitals are replaced by what they stand for here. */
async function startHop(answer: Answer, path?: string) {
  let greeting: Greeting | undefined
  let connections = 0
  const server = createHop(inject('serverUrl'), answer, (seen) => {
    greeting = seen
    connections += 1
  })
  hops.push(server)
  const port = path ? server.listen(path) && 5432 : await listen(server)
  const url = (template: string) =>
    Object.entries({ ...words, HOST: `127.0.0.1:${port}`, LOCAL: `localhost:${port}`, PORT: String(port) }).reduce(
      (text, [word, meaning]) => text.replaceAll(word, meaning),
      template,
    )
  const seenBy = async (client: (url: string) => Promise<string | undefined>, template: string) => {
    greeting = undefined
    const row = await client(url(template))
    return row === undefined ? 'refused' : Object.assign({ row }, greeting)
  }
  return { seenBy, url, connections: () => connections }
}

/** Debian's psql on the PATH is a script that looks for the newest client, which takes longer than the client. */
const CLIENTS = '/usr/lib/postgresql'
const versions = existsSync(CLIENTS) ? readdirSync(CLIENTS).sort((a, b) => Number(b) - Number(a)) : []
const PATH = [...versions.map((version) => join(CLIENTS, version, 'bin')), process.env.PATH].join(delimiter)

/** The row that it reads, or undefined when it does not connect or finds no table. */
async function psql(url: string): Promise<string | undefined> {
  const args = ['-X', '-w', '-At', '-c', 'select source from research_jobs', '-d', url]
  // Neither a password file nor a certificate of somebody's.
  const env = { PATH, HOME: '/nonexistent' }
  try {
    return (await promisify(execFile)('psql', args, { env })).stdout.trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return undefined
    throw new Error('psql is not installed (Debian: apt-get install postgresql-client)')
  }
}

/** The same, by the configuration and the transaction of a dry run. */
async function jobAlert(url: string): Promise<string | undefined> {
  let session: Session | undefined
  try {
    session = new Session(digestConfig({ DATABASE_URL: url }, { dryRun: true }).database)
    await session.begin('read only', { statement: 60_000, idle: 60_000 })
    const [row] = await session.sql`select source from research_jobs`
    return row?.source
  } catch {
    return undefined
  } finally {
    await session?.close()
  }
}

const ANN = 'postgresql://ANN:pw@HOST/DB'
const BOB = 'postgresql://BOB:a%23b%3fc%25%40%2f%3a@HOST/DB'

describe.concurrent('the same as for psql', () => {
  test.each([
    ANN,
    'postgres://ANN:pw@HOST/DB',
    'POSTGRESQL://ANN:pw@HOST/DB',
    'mysql://ANN:pw@HOST/DB',
    'ANN:pw@HOST/DB',
    // user, password, database
    BOB,
    'postgresql://ANN:pw@HOST',
    'postgresql://ANN:pw@LOCAL/DB',
    'postgresql://ANN:p%77@HOST/%44DB',
    'postgresql://ANN:wrong@HOST/DB',
    'postgresql://ANN@HOST/DB',
    'postgresql://nobody:pw@HOST/DB',
    'postgresql://:pw@HOST/DB',
    'postgresql://HOST/DB',
    'postgresql://ANN:pw@HOST/nowhere',
    'postgresql://ANN:pw@HOST/DB/more',
    'postgresql://BOB:a#b?c%25%40%2f%3a@HOST/DB',
    'postgresql://BOB:a#b?c%25%40%2f:@HOST/DB',
    'postgresql://BOB:a#b?c%25@%2f%3a@HOST/DB',
    'postgresql://BOB:a#b?c%25%40/%3a@HOST/DB',
    'postgresql://BOB:a#b?c%%40%2f%3a@HOST/DB',
    'postgresql://ANN:pw%00@HOST/DB',
    'postgresql://ANN:pw%zz@HOST/DB',
    // the same as parameters
    'postgresql://HOST/DB?user=ANN&password=pw',
    'postgresql://nobody:no@HOST/nowhere?user=ANN&password=pw&dbname=DB',
    'postgresql:///DB?host=127.0.0.1&port=PORT&user=ANN&password=pw',
    'postgresql://?host=127.0.0.1&port=PORT&user=ANN&password=pw',
    'postgresql://ANN:pw@127.0.0.1:1/DB?port=PORT',
    'postgresql://ANN:pw@HOST/DB?user=nobody',
    'postgresql://ANN:pw@HOST/DB?user=',
    'postgresql://ANN:pw@HOST/DB?password=wrong&password=pw',
    // host and port
    'postgresql://ANN:pw@127.0.0.1:0/DB',
    'postgresql://ANN:pw@127.0.0.1:99999/DB',
    'postgresql://ANN:pw@127.0.0.1:port/DB',
    'postgresql://ANN:pw@[::1/DB',
    'postgresql://ANN:pw@[]/DB',
    'postgresql://ANN:pw@[127.0.0.1]:PORT/DB',
    'postgresql://ANN:pw@%31%32%37.0.0.1:PORT/DB',
    'postgresql:///DB?host=[127.0.0.1]&port=PORT&user=ANN&password=pw',
    // the grammar of parameters
    `${ANN}?&`,
    `${ANN}?sslmode`,
    `${ANN}?sslmode=require&`,
    `${ANN}?sslmode=disable=`,
    `${ANN}?sslmode=require&sslmode=disable`,
    `${ANN}?ssl%6dode=disable`,
    `${ANN}?SSLMODE=disable`,
    `${ANN}?flavour=vanilla`,
    `${ANN}?=vanilla`,
    `${ANN}#fragment`,
    // encryption
    `${ANN}?sslmode=disable`,
    `${ANN}?sslmode=prefer`,
    `${ANN}?sslmode=require`,
    `${ANN}?sslmode=verify-ca`,
    `${ANN}?sslmode=verify-full`,
    `${ANN}?sslmode=REQUIRE`,
    `${ANN}?sslmode=sure`,
    `${ANN}?sslmode=`,
    `${ANN}?sslmode=require&sslrootcert=AUTHORITY`,
    `${ANN}?sslmode=require&sslrootcert=STRANGER`,
    `${ANN}?sslmode=verify-ca&sslrootcert=AUTHORITY`,
    `${ANN}?sslmode=verify-ca&sslrootcert=/nonexistent/ca.pem`,
    `${ANN}?sslmode=verify-full&sslrootcert=AUTHORITY`,
    `${ANN}?sslrootcert=AUTHORITY`,
    'postgresql://ANN:pw@LOCAL/DB?sslmode=require',
    'postgresql://ANN:pw@LOCAL/DB?sslmode=verify-full&sslrootcert=AUTHORITY',
    'postgresql://ANN:pw@LOCAL/DB?sslmode=verify-full&sslrootcert=STRANGER',
    `${ANN}?ssl=true`,
    `${ANN}?ssl=false`,
    `${ANN}?ssl=require`,
    `${ANN}?sslmode=disable&ssl=true`,
    `${ANN}?ssl=true&sslmode=disable`,
    `${ANN}?requiressl=1`,
    `${ANN}?requiressl=0`,
    `${ANN}?channel_binding=require`,
    `${ANN}?channel_binding=perhaps`,
    `${ANN}?gssencmode=perhaps`,
    // schemas
    `${BOB}?options=-csearch_path%3Dpublic`,
    `${ANN}?options=-csearch_path%3Dmusic`,
    `${ANN}?options=-c%20search_path%3Dmusic`,
    `${ANN}?options=--search-path%3DMusic`,
    `${ANN}?options=-csearch_path%3Dnowhere`,
    `${ANN}?options=-csearch_path%3Dnowhere%2Cmusic%2Cpublic`,
    `${ANN}?options=-csearch_path%3D%22my%5C%20schema%22`,
    `${ANN}?options=-csearch_path%3D%22my%20schema%22`,
    `${ANN}?options=-csearch_path%3DMixed`,
    `${ANN}?options=-csearch_path%3D%22Mixed%22`,
    `${ANN}?options=-csearch_path%3Dmusic%2C%2C`,
    `${ANN}?options=-csearch_path=music`,
    `${ANN}?options=`,
    `${ANN}?options=vanilla`,
    // the rest
    `${ANN}?application_name=x&connect_timeout=5&keepalives=1&keepalives_idle=30&tcp_user_timeout=9000&client_encoding=UTF8`,
    `${ANN}?channel_binding=prefer&gssencmode=disable&target_session_attrs=any&ssl_min_protocol_version=TLSv1.2`,
    `${ANN}?connect_timeout=soon`,
    `${ANN}?client_encoding=klingon`,
    `${ANN}?target_session_attrs=perhaps`,
    `${ANN}?service=nowhere`,
  ])('%s', async (template) => {
    const hop = await startHop('S')
    expect(await hop.seenBy(jobAlert, template)).toEqual(await hop.seenBy(psql, template))
  })

  test.each([
    ANN,
    `${ANN}?sslmode=disable`,
    `${ANN}?sslmode=allow`,
    `${ANN}?sslmode=prefer`,
    `${ANN}?sslmode=require`,
    `${ANN}?sslmode=verify-ca&sslrootcert=AUTHORITY`,
    `${ANN}?sslrootcert=AUTHORITY`,
    `${ANN}?ssl=true`,
    `${ANN}?requiressl=1`,
    `${ANN}?channel_binding=require`,
    `${ANN}?sslmode=require&channel_binding=require`,
    `${ANN}?sslnegotiation=direct`,
    `${ANN}?sslmode=require&sslnegotiation=direct`,
  ])('%s of a server without TLS', async (template) => {
    const hop = await startHop('N')
    expect(await hop.seenBy(jobAlert, template)).toEqual(await hop.seenBy(psql, template))
  })

  test.each([
    'postgresql://ANN:pw@FOLDER/DB',
    'postgresql://ANN:pw@%2Fnonexistent/DB',
    'postgresql:///DB?host=FOLDER&user=ANN&password=pw',
    'postgresql://ANN:pw@nowhere.example/DB?host=FOLDER&sslmode=require',
    'postgresql:///DB?host=FOLDER&port=5433&user=ANN&password=pw',
  ])('%s, a folder with a socket in it', async (template) => {
    const folder = mkdtempSync(join(tmpdir(), 'job-alert-socket-'))
    const hop = await startHop('S', join(folder, '.s.PGSQL.5432'))
    const inHost = template.replace('@FOLDER', `@${encodeURIComponent(folder)}`).replace('FOLDER', folder)
    expect(await hop.seenBy(jobAlert, inHost)).toEqual(await hop.seenBy(psql, inHost))
    rmSync(folder, { recursive: true })
  })

  test.each<Answer>(['H', 'S, and hangs up'])('an answer to SSLRequest of %j, with sslmode=require', async (answer) => {
    const hop = await startHop(answer)
    const template = `${ANN}?sslmode=require`
    expect(await hop.seenBy(jobAlert, template)).toEqual(await hop.seenBy(psql, template))
  })
})

describe.concurrent('what psql refuses means the same as', () => {
  test.each([
    ['postgresql+psycopg2://ANN:pw@HOST/DB', ANN, "SQLAlchemy's driver is not the server's business"],
    ['postgresql+asyncpg://BOB:a%23b%3fc%25%40%2f%3a@HOST/DB', BOB, 'the same'],
    ['postgres+psycopg://ANN:pw@HOST/DB?sslmode=require', `${ANN}?sslmode=require`, 'the same'],
    [`${ANN}?schema=music`, `${ANN}?options=-csearch_path%3Dmusic`, "Prisma's"],
    [`${ANN}?schema=Mixed`, `${ANN}?options=-csearch_path%3D%22Mixed%22`, 'the same, in capitals'],
    [`${ANN}?schema=my%20schema`, `${ANN}?options=-csearch_path%3D%22my%5C%20schema%22`, 'the same, with a blank'],
    [`${ANN}?schema=nowhere`, `${ANN}?options=-csearch_path%3Dnowhere`, 'the same, a schema that is not there'],
    [`${ANN}?schema=`, `${ANN}?options=-csearch_path%3D`, 'the same, none'],
    [`${BOB}?schema=public`, `${BOB}?options=-csearch_path%3Dpublic`, "the same, against the role's own"],
    [`${ANN}?search_path=music`, `${ANN}?options=-csearch_path%3Dmusic`, "pgx's and others'"],
    [`${ANN}?currentSchema=nowhere,music`, `${ANN}?options=-csearch_path%3Dnowhere,music`, "JDBC's"],
    [`${ANN}?pgbouncer=true&connection_limit=1&pool_timeout=0&supa=base-pooler.x`, ANN, "hints to Prisma's pool"],
    [`${ANN}?pool_size=5&max_overflow=2&prepareThreshold=0&statement_cache_size=0`, ANN, "SQLAlchemy's and others'"],
    [`${ANN}?options=endpoint%3Dep-cool-darkness-123456`, ANN, 'Neon wants it from clients without SNI'],
    [`${ANN}?sslmode=no-verify`, `${ANN}?sslmode=require`, "node-postgres's"],
  ])('%s: %s (%s)', async (template, same) => {
    const hop = await startHop('S')
    expect(await hop.seenBy(psql, template)).toBe('refused')
    expect(await hop.seenBy(jobAlert, template)).toEqual(await hop.seenBy(psql, same))
  })
})

/** Refused by name where the alternative would be to ignore what psql obeys; test/unit/config.test.ts has more of them. */
describe.concurrent('what psql obeys, and job-alert cannot, is refused before anything connects', () => {
  test.each([
    [`${ANN}?hostaddr=127.0.0.1`, 'hostaddr', 'a server has one name'],
    [`${ANN}?target_session_attrs=read-write`, 'target_session_attrs', 'there is one server'],
    ['postgresql://ANN:pw@HOST,HOST/DB', 'several hosts', 'the same'],
    [`${ANN}?options=-csearch_path%3Dmusic%20-cwork_mem%3D64MB`, 'options', 'of all settings, the search_path alone'],
    [`${ANN}?passfile=/nonexistent/pgpass`, 'passfile', 'password files are not read'],
    [`${ANN}?ssl_max_protocol_version=TLSv1.2`, 'ssl_max_protocol_version', 'Node decides'],
    [`${ANN}?sslsni=0`, 'sslsni', 'SNI is always sent'],
    [`${ANN}?client_encoding=LATIN1`, 'client_encoding', 'the driver speaks UTF-8'],
    [`${ANN}?sslrootcert=`, 'sslrootcert', 'there is no default file'],
  ])('%s: %s (%s)', async (template, name) => {
    const hop = await startHop('S')
    expect(await hop.seenBy(psql, template)).toMatchObject({ row: expect.any(String) })
    const connections = hop.connections()
    const { code, summary } = await previewHere({ DATABASE_URL: hop.url(template) })
    expect({ code, outcome: summary.outcome }).toEqual({ code: 2, outcome: 'wrong configuration' })
    expect(summary.msg).toMatch(/^DATABASE_URL/)
    expect(summary.msg).toContain(name)
    expect(summary.msg).not.toMatch(/pw|nonexistent|read-write|LATIN1|work_mem|music/)
    expect(hop.connections()).toBe(connections)
  })
})

describe.concurrent('never less safe than psql', () => {
  test('sslmode=allow encrypts where the server can', async () => {
    const hop = await startHop('S')
    const inTheClear = await hop.seenBy(psql, `${ANN}?sslmode=allow`)
    expect(inTheClear).toMatchObject({ encrypted: false })
    const encrypted = await hop.seenBy(psql, `${ANN}?sslmode=require`)
    expect(await hop.seenBy(jobAlert, `${ANN}?sslmode=allow`)).toEqual(encrypted)
  })

  test.each<[string, Answer]>([
    ['a TLS that breaks', 'S, and hangs up'],
    ['a certificate of another authority', 'S'],
  ])('sslmode=prefer does not fall back to plain text after %s', async (_, answer) => {
    const hop = await startHop(answer)
    const template = `${ANN}?sslmode=prefer&sslrootcert=STRANGER`
    expect(await hop.seenBy(psql, template)).toMatchObject({ encrypted: false })
    const connections = hop.connections()
    expect(await hop.seenBy(jobAlert, template)).toBe('refused')
    expect(hop.connections()).toBe(connections)
  })

  test('sslmode=prefer sends nothing to what does not answer as PostgreSQL does', async () => {
    const hop = await startHop('H')
    const { code, summary } = await previewHere({ DATABASE_URL: hop.url(ANN) })
    expect(summary.msg).toMatch(/^127\.0\.0\.1:\d+ does not answer as PostgreSQL does: check host and port/)
    expect(code).toBe(1)
    expect(hop.connections()).toBe(0)
  })
})
