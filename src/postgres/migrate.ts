import { readdir, readFile } from 'node:fs/promises'
import type { DatabaseSettings } from '../config.js'
import { explain } from '../queue.js'
import { openSession } from './session.js'

/**
 * Applies every file of sql/, in order, one statement at a time and outside a transaction, since indexes are built
 * concurrently. Each file may be applied again at any time; `onFile` is told each name before it is.
 */
export async function migrate(settings: DatabaseSettings, onFile: (name: string) => void): Promise<void> {
  const folder = new URL('../../sql/', import.meta.url)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const session = openSession(settings)
  try {
    for (const name of names) {
      onFile(name)
      // In these files a blank line after a semicolon, and nothing else, separates statements.
      const statements = (await readFile(new URL(name, folder), 'utf8')).split(/;\n\n/)
      for (const statement of statements) await session.sql.unsafe(statement).catch(explain)
    }
  } finally {
    await session.close()
  }
}
