import { statfsSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { startPostgres } from './postgres.js'

declare module 'vitest' {
  interface ProvidedContext {
    serverUrl: string
  }
}

/** One server for all test files, each of which has databases of its own. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL
  if (given) {
    provide('serverUrl', given)
    return async () => {}
  }
  const server = await startPostgres(memory(), SPARING)
  provide('serverUrl', server.url)
  return () => server.remove()
}

/** Settings that spare the processor: the suite makes thousands of connections, and many databases of few rows. */
const SPARING = {
  scram_iterations: '1',
  autovacuum: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '128MB',
}

/** A file system in memory with more than enough room, if there is one: making and dropping databases takes half the time. */
function memory(): string | undefined {
  const folder = '/dev/shm'
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > 1e9 ? folder : undefined
  } catch {
    return undefined
  }
}
