import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import postgres from 'postgres'
import type { DatabaseSettings } from '../config/database.js'
import { ConnectionError } from '../errors.js'
import { deadline, interruptible } from '../interruption.js'
import { openSocket } from './socket.js'

export type Sql = postgres.Sql
/** What the driver makes of a row: values by their columns. */
export type Row = postgres.Row
/** A query, or a part of one. */
export type Fragment = postgres.PendingQuery<Row[]>

/** What became of a transaction; `error` is what came instead of the answer to COMMIT. */
export type CommitResult =
  | { readonly is: 'committed' }
  | { readonly is: 'rolled back' | 'unknown'; readonly error: unknown }

/** In milliseconds: for each statement, and for a transaction that is idle, as it is during the send. */
interface Bounds {
  readonly statement: number
  readonly idle: number
}

const CLOSE_TIMEOUT = 1_000
const BEGIN = {
  'read write': 'isolation level read committed',
  'read only': 'isolation level repeatable read read only',
}
/** Lifts the bound on whole transactions that a role may have since PostgreSQL 17: ours have bounds of their own. */
export const UNBOUNDED = `
  select set_config('transaction_timeout', '0', true)
  where current_setting('transaction_timeout', true) is not null`
/** Milliseconds before each question what became of a transaction: the server may be stopping or starting. */
const PAUSES = [0, 50, 250, 500, 1_000, 2_000]

/**
 * One connection, opened by the first statement and never again: postgres.js would reconnect in silence, and a COMMIT
 * on a fresh connection succeeds without having committed anything. Once the connection is lost, every further
 * statement is rejected. At most one transaction at a time.
 */
export class Session {
  readonly sql: Sql
  private socket: Socket | undefined
  private inTransaction = false
  private isClosing = false
  /** Names the transaction when the server is asked what became of it. */
  private transactionId = ''

  constructor(private readonly settings: DatabaseSettings) {
    const { host, port, database, user, password } = settings
    const options = {
      host,
      port,
      database,
      username: user,
      password,
      // Called for every connection that the library opens, but missing in its types. openSocket() sets up TLS.
      socket: () => this.openOnce().catch(broken),
      // No pause before the library opens another connection, because that is refused.
      backoff: () => 0,
      ssl: false,
      max: 1,
      max_lifetime: 0,
      // In seconds, for the handshake that follows the connection.
      connect_timeout: 10,
      // In seconds. While an index is built nothing is sent, and only the kernel notices that the server is gone.
      keep_alive: 30,
      // Behind a transaction pooler a prepared statement may meet a backend that has never seen it.
      prepare: false,
      fetch_types: false,
      // The only startup parameter that every pooler lets through.
      connection: { application_name: 'job-alert' },
      // By default notices are printed to stdout.
      onnotice: () => {},
    }
    this.sql = new Proxy(postgres(options as postgres.Options<Record<string, never>>), {
      apply: (sql, self, args) => {
        // Interrupted work goes on: its next update would come after the rollback, and be committed by itself.
        if (this.isClosing) throw new ConnectionError('the session is being closed')
        return Reflect.apply(sql, self, args)
      },
    })
  }

  private async openOnce(): Promise<Socket> {
    if (this.socket) throw this.socket.errored ?? new ConnectionError('the server closed the connection')
    const { host, port } = this.settings
    const socket = await openSocket(this.settings)
    this.socket = socket
    // Repeats the error: the library would never answer a statement that begins between the error and the close.
    socket.once('close', () => socket.errored && socket.emit('error', socket.errored))
    // By these the library names the server when it reports an error.
    return Object.assign(socket, { host, port })
  }

  /**
   * BEGIN, with bounds that hold for this transaction alone: a pooler's backend serves others afterwards.
   * Resets what a role's settings may change about how values are written and read.
   * Turns off JIT and parallel workers: right after a storm was marked the planner still believes that the partial
   * index holds all of it, and would start both for a run that finds nothing.
   * Resolves with the server's time, in milliseconds since the epoch.
   */
  async begin(mode: keyof typeof BEGIN, { statement, idle }: Bounds): Promise<number> {
    this.inTransaction = true
    await this.sql.unsafe(`begin ${BEGIN[mode]}`)
    const [row] = await this.sql`
      select
        set_config('statement_timeout', ${`${statement}ms`}, true),
        set_config('idle_in_transaction_session_timeout', ${`${idle}ms`}, true),
        set_config('lock_timeout', '5s', true),
        (${this.sql.unsafe(UNBOUNDED)}),
        set_config('jit', 'off', true),
        set_config('max_parallel_workers_per_gather', '0', true),
        set_config('extra_float_digits', '1', true),
        set_config('standard_conforming_strings', 'on', true),
        set_config('search_path', coalesce(${this.settings.searchPath ?? null}, current_setting('search_path')), true),
        case when ${mode === 'read write'} then pg_current_xact_id()::text end as id,
        date_part('epoch', clock_timestamp()) * 1000 as now`
    this.transactionId = row?.id
    return row?.now
  }

  /** What the session is connected to; `encrypted` is our connection: a pooler's own may not be. */
  async describe(): Promise<Row> {
    const query = this.sql`
      select
        current_setting('server_version') as version,
        current_user as user,
        current_database() as database,
        pg_backend_pid() as pid`
    const [row] = await query
    // A pooler greets its client with an invented process.
    const { pid } = (query as unknown as { readonly state: { readonly pid: number } }).state
    return { ...row, encrypted: this.socket instanceof TLSSocket, pooled: row?.pid !== pid }
  }

  /** COMMIT. Without a good answer within `timeout` milliseconds, asks other sessions. Never rejects. */
  async commit(timeout: number, abort: AbortSignal): Promise<CommitResult> {
    const bound = deadline(timeout, abort)
    try {
      const { command } = await interruptible(this.sql.unsafe('commit'), bound.signal)
      this.inTransaction = false
      if (command !== 'COMMIT') throw new Error(`the server answered COMMIT with ${command}`)
      return { is: 'committed' }
    } catch (error) {
      // Even after an error of the server's the transaction may be committed.
      const status = await this.transactionStatus(abort)
      if (status === 'committed') return { is: 'committed' }
      return { is: status === 'aborted' ? 'rolled back' : 'unknown', error }
    } finally {
      bound.clear()
    }
  }

  /** Asks by other sessions, because this one may be lost. Undefined if the end of the transaction is not known. */
  private async transactionStatus(abort: AbortSignal): Promise<'committed' | 'aborted' | undefined> {
    for (const pause of PAUSES) {
      const other = new Session(this.settings)
      try {
        await sleep(pause, undefined, { signal: abort })
        const query = other.sql`select pg_xact_status(${this.transactionId}::xid8) as status`
        const [row] = await interruptible(query, abort)
        if (row?.status === 'committed' || row?.status === 'aborted') return row.status
      } catch {
        if (abort.aborted) return undefined
      } finally {
        await other.close()
      }
    }
    return undefined
  }

  /** Rolls back what was not committed and leaves nothing open; never rejects. */
  async close(): Promise<void> {
    this.isClosing = true
    // Without ROLLBACK a pooler would free the rows only some time after the close: the next run would skip them.
    if (this.inTransaction) {
      const bound = deadline(CLOSE_TIMEOUT)
      await interruptible(this.sql.unsafe('rollback'), bound.signal).catch(() => {})
      bound.clear()
    }
    await this.sql.end({ timeout: CLOSE_TIMEOUT / 1_000 }).catch(() => {})
    this.socket?.destroy()
  }
}

/** A socket that breaks: where no socket comes, the library answers one statement, and none of those that follow. */
function broken(error: Error): Socket {
  const socket = new Socket()
  // The library listens once it has the socket.
  setImmediate(() => socket.destroy(error))
  return socket
}

/** True if the server refused the statement; a broken connection is another error. */
export function isServerError(error: unknown): error is postgres.PostgresError {
  return error instanceof postgres.PostgresError
}
