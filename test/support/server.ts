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
  const server = await startPostgres()
  provide('serverUrl', server.url)
  return () => server.remove()
}
