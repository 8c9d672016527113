import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabaseSettings } from './config/database.js'
import { isServerError, openSession, type Sql } from './postgres/session.js'
import { explain, NotPrepared, readTable, unprepared } from './queue/prepared.js'

interface Watcher {
  /** Called with the name of each file before it is applied. */
  readonly onFile: (name: string) => void
  /** Called while an index is built, with a line about its progress that replaces the one before. */
  readonly onProgress?: (line: string) => void
}

/** Beside src/ and beside dist/, from which this runs. */
const FOLDER = new URL('../sql/', import.meta.url)

const POLL = 500

/**
 * Applies every file of sql/, in order, one statement at a time and outside a transaction, since indexes are built
 * concurrently. Each file may be applied again at any time.
 */
export async function migrate(settings: DatabaseSettings, { onFile, onProgress }: Watcher): Promise<void> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort()
  const session = openSession(settings)
  try {
    const table = await readTable(session.sql)
    if (table.relkind === null) throw new NotPrepared(`${unprepared(table, 'mark')}`)
    for (const name of names) {
      onFile(name)
      // In these files a blank line after a semicolon, and nothing else, separates statements.
      const statements = (await readFile(new URL(name, FOLDER), 'utf8')).split(/;\n\n/)
      const work = async (): Promise<void> => {
        for (const statement of statements) await session.sql.unsafe(statement).catch(explainMigration)
      }
      await (onProgress ? watched(settings, name, work, onProgress) : work())
    }
  } finally {
    await session.close()
  }
}

function explainMigration(error: unknown): never {
  if (isServerError(error) && error.code === '42501')
    throw new NotPrepared(
      `${error.message}: run "node bin/job-alert.js migrate" as the owner of the table research_jobs`,
    )
  return explain(error)
}

/** Looks on from a second session, because the first one is busy. That it cannot look stops nothing. */
async function watched(
  settings: DatabaseSettings,
  name: string,
  work: () => Promise<void>,
  onProgress: (line: string) => void,
): Promise<void> {
  const done = new AbortController()
  const started = performance.now()
  const session = openSession(settings)
  const watching = look(session.sql, name, onProgress, done.signal).catch(() => {})
  try {
    await work()
    onProgress(`${name}: done in ${((performance.now() - started) / 1_000).toFixed(1)} s\n`)
  } finally {
    done.abort()
    await session.close()
    await watching
  }
}

async function look(sql: Sql, name: string, onProgress: (line: string) => void, done: AbortSignal): Promise<void> {
  while (!done.aborted) {
    await sleep(POLL, undefined, { signal: done })
    const [row] = await sql`
      select
        phase,
        case
          when blocks_total > 0 then 100 * blocks_done / blocks_total
          when tuples_total > 0 then 100 * tuples_done / tuples_total
        end::int as percent
      from pg_stat_progress_create_index
      where relid = 'research_jobs'::regclass`
    if (row && !done.aborted) onProgress(`${name}: ${row.phase}${row.percent === null ? '' : `, ${row.percent} %`}`)
  }
}
