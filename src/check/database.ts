import { interruptible } from '../deadline.js'
import type { Window } from '../job.js'
import { reasonOf } from '../outcome.js'
import type { Session, Sql } from '../postgres/session.js'
import { countDue, countOlder } from '../queue/failures.js'
import { demandAllRows, INDEXES, NotPrepared, readMigrated, tryMark } from '../queue/prepared.js'
import { plural } from '../text/words.js'
import { bad, type Finding, good, said } from './finding.js'

export interface CheckOptions {
  readonly window: Window
  readonly now: Date
  readonly sendTest: boolean
  readonly stop: AbortSignal
}

export async function* ofDatabase(
  session: Session,
  timeout: number,
  { window, stop }: CheckOptions,
): AsyncGenerator<Finding> {
  const { sql } = session
  try {
    await interruptible(session.begin('read write', timeout), stop)
    const { version, encrypted, pooled } = await session.describe()
    const how = [encrypted ? 'encrypted' : 'not encrypted', pooled ? 'through a pooler' : 'without a pooler']
    yield good(`database: PostgreSQL ${version}, ${how.join(', ')}`)
  } catch (error) {
    yield bad(
      1,
      `database: ${reasonOf(error)}`,
      'check DATABASE_URL (or the DB_* variables), and that the server is up',
    )
    return
  }
  const fine = await readMigrated(sql)
  const migrate = 'run "job-alert migrate"'
  if (!fine.research_jobs) {
    yield bad(2, 'table: there is no research_jobs here', 'check the database that DATABASE_URL names')
    return
  }
  yield fine.last_alerted_at
    ? good('table: research_jobs with its column last_alerted_at')
    : bad(2, 'table: research_jobs has no column last_alerted_at', migrate)
  for (const index of INDEXES)
    yield fine[index] ? good(`index: ${index}`) : bad(2, `index: ${index} is missing or was not completed`, migrate)
  yield* tried(sql, 'row-level security: hides nothing', () => demandAllRows(sql, 'mark'))
  if (!fine.last_alerted_at) return
  yield* tried(sql, 'permission: may read the failures and mark them', () => tryMark(sql))
  yield* counted(sql, window)
}

/** A statement that fails spoils the transaction unless there is a savepoint. What it did is undone in any case. */
async function* tried(sql: Sql, text: string, work: () => Promise<void>): AsyncGenerator<Finding> {
  await sql.unsafe('savepoint check_job_alert')
  try {
    await work()
    yield good(text)
  } catch (error) {
    const exitCode = error instanceof NotPrepared ? 2 : 1
    yield bad(
      exitCode,
      `${text.replace(/:.*/, '')}: ${reasonOf(error)}`,
      'see "Deploy on Render" in the README for what the role needs',
    )
  }
  await sql.unsafe('rollback to savepoint check_job_alert')
}

async function* counted(sql: Sql, window: Window): AsyncGenerator<Finding> {
  const waiting: string[] = []
  yield* tried(sql, 'queue: can be read', async () => {
    const [due, older] = [await countDue(sql, window), await countOlder(sql, window)]
    waiting.push(`${plural(due.count, 'failure')} for the next digest`)
    waiting.push(`${plural(older.count, 'older one')} never reported`)
  })
  if (waiting.length > 0) yield said(`queue: ${waiting.join(', ')}`)
}
