import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import type { DatabaseSettings } from './config.js'
import { deadline } from './interruptions.js'

export type Sql = postgres.Sql

/** One connection and at most one transaction at a time. */
export interface Session {
  readonly sql: Sql
  /**
   * BEGIN, with bounds that hold for this transaction alone: a pooler's backend serves others afterwards.
   * `timeout` (milliseconds) is how long a statement may run, or an abandoned transaction keep its locks.
   */
  begin(mode: 'read write' | 'read only', timeout: number): Promise<void>
  /** Rejects as well when the server answers by rolling back. */
  commit(): Promise<void>
  /** Rolls back what was not committed and leaves nothing open; never rejects. */
  close(): Promise<void>
}

const CONNECT_TIMEOUT = 10_000
const CLOSE_TIMEOUT = 1_000

const BEGIN = {
  'read write': 'begin isolation level read committed',
  'read only': 'begin isolation level repeatable read read only',
} as const

/**
 * Opens one connection, on the first statement, and never a second: postgres.js would reconnect in silence, and
 * a COMMIT on a fresh connection succeeds without having committed anything. Once the connection is lost, every
 * further statement is rejected.
 */
export function openSession(settings: DatabaseSettings): Session {
  let socket: net.Socket | undefined
  const options = {
    host: settings.host,
    port: settings.port,
    database: settings.database,
    username: settings.user,
    password: settings.password,
    ssl: tls(settings),
    // Not in the library's types; called for every connection it wants to open.
    socket: async () => {
      if (socket) throw new Error('the server closed the connection')
      socket = net.connect(socketAddress(settings))
      await connected(socket, settings)
      return Object.assign(socket, { host: settings.host })
    },
    max: 1,
    connect_timeout: CONNECT_TIMEOUT / 1_000,
    idle_timeout: 0,
    max_lifetime: 0,
    // Behind a transaction pooler a prepared statement may meet a backend that has never seen it.
    prepare: false,
    fetch_types: false,
    // The only startup parameter that every pooler lets through.
    connection: { application_name: 'job-alert' },
    // By default notices are printed to stdout.
    onnotice: () => {},
  }
  const sql = postgres(options as postgres.Options<Record<string, never>>)
  let inTransaction = false
  return {
    sql,
    async begin(mode, timeout) {
      inTransaction = true
      await sql.unsafe(BEGIN[mode])
      await sql`
        select
          set_config('statement_timeout', ${`${timeout}ms`}, true),
          set_config('idle_in_transaction_session_timeout', ${`${timeout}ms`}, true),
          set_config('lock_timeout', '5s', true)`
    },
    async commit() {
      const { command } = await sql.unsafe('commit')
      inTransaction = false
      if (command !== 'COMMIT') throw new Error(`the server answered COMMIT with ${command}`)
    },
    async close() {
      // A pooler would free the rows only some time after we have gone, and the next run would skip them.
      if (inTransaction)
        await Promise.race([sql.unsafe('rollback').catch(() => {}), sleep(CLOSE_TIMEOUT, undefined, { ref: false })])
      await sql.end({ timeout: CLOSE_TIMEOUT / 1_000 }).catch(() => {})
      socket?.destroy()
    },
  }
}

function socketAddress({ host, port }: DatabaseSettings): net.NetConnectOpts {
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
}

async function connected(socket: net.Socket, { host, port }: DatabaseSettings): Promise<void> {
  const bound = deadline(CONNECT_TIMEOUT)
  try {
    await once(socket, 'connect', { signal: bound.signal })
  } catch (error) {
    socket.destroy()
    // A host with several addresses fails with an AggregateError whose message is empty; its code is not.
    const reason = bound.passed ? 'no answer' : (error as NodeJS.ErrnoException).code
    throw new Error(`cannot connect to ${host}:${port} (${reason})`)
  } finally {
    bound.clear()
  }
}

/** sslmode as libpq defines it; "no-verify" as node-postgres does. */
function tls({ host, sslMode, sslRootCert }: DatabaseSettings): boolean | 'prefer' | object {
  if (sslMode === 'disable' || host.startsWith('/')) return false
  if (sslMode === 'allow' || sslMode === 'prefer') return 'prefer'
  if (sslMode === 'no-verify' || (sslMode === 'require' && sslRootCert === undefined))
    return { rejectUnauthorized: false }
  const authority = sslRootCert === undefined || sslRootCert === 'system' ? {} : { ca: certificate(sslRootCert) }
  const anyName = sslMode === 'verify-full' || sslRootCert === 'system' ? {} : { checkServerIdentity: () => undefined }
  return { host, ...authority, ...anyName }
}

function certificate(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`cannot read the file that sslrootcert names (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** What became of a transaction whose COMMIT was never answered; asked on a session of its own. */
export async function transactionStatus(
  settings: DatabaseSettings,
  transactionId: string,
): Promise<'committed' | 'aborted' | 'in progress' | null> {
  const session = openSession(settings)
  try {
    const [row] = await session.sql`select pg_xact_status(${transactionId}::xid8) as status`
    return row?.status ?? null
  } finally {
    await session.close()
  }
}

/** Whether the server itself refused the statement, as opposed to a connection that broke. */
export function isServerError(error: unknown): error is postgres.PostgresError {
  return error instanceof postgres.PostgresError
}

/**
 * Applies every file of sql/, in order, one statement at a time and outside a transaction, since indexes are built
 * concurrently. Each file may be applied again at any time; `onFile` is told each name before it is.
 */
export async function migrate(settings: DatabaseSettings, onFile: (name: string) => void): Promise<void> {
  const folder = new URL('../sql/', import.meta.url)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const session = openSession(settings)
  try {
    for (const name of names) {
      onFile(name)
      // In these files a blank line after a semicolon, and nothing else, separates statements.
      const statements = (await readFile(new URL(name, folder), 'utf8')).split(/;\n\n/)
      for (const statement of statements) await session.sql.unsafe(statement)
    }
  } finally {
    await session.close()
  }
}
