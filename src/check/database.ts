import type { DatabaseSettings } from '../config/database.js'
import { ConfigError } from '../config/reader.js'
import type { DigestConfig } from '../config.js'
import { isExpected, reasonOf, TlsError } from '../errors.js'
import { interruptible } from '../interruption.js'
import type { Window } from '../job.js'
import { isServerError, openSession, type Session, type Sql } from '../postgres/session.js'
import { claimLapse, readChainJobs, readLastSuccess, readLatestJobs } from '../queue/chain.js'
import { claimFailures, countDue, countOlder } from '../queue/failures.js'
import { demandAllRows, INDEXES, NotPrepared, readMigrated } from '../queue/prepared.js'
import { plural } from '../text/words.js'
import { bad, type Finding, good, said } from './finding.js'

type Bounds = Pick<DigestConfig, 'runTimeout' | 'overdueAfter'>

/** What a check is told, and what may cut it short. */
export interface CheckContext {
  readonly window: Window
  readonly now: Date
  readonly sendTest: boolean
  readonly stop: AbortSignal
}

/** What can be said of the database until it is all said, the connection is lost, or `stop` is aborted. */
export async function* ofDatabase(
  settings: DatabaseSettings,
  bounds: Bounds,
  { window, stop }: CheckContext,
): AsyncGenerator<Finding> {
  const session = openSession(settings)
  const findings = inTransaction(session, bounds, window)
  try {
    for (;;) {
      const { value, done } = await interruptible(findings.next(), stop)
      if (done) return
      yield value
    }
  } catch (error) {
    yield lost(error)
  } finally {
    await session.close()
  }
}

/** Throws what is a fault of this program, or an interruption. */
function lost(error: unknown): Finding {
  if (error instanceof ConfigError) return bad(2, `database: ${error.message}`)
  if (!isExpected(error)) throw error
  const cure = 'check DATABASE_URL (or the DB_* variables), and that the server is up'
  return bad(1, `database: ${reasonOf(error)}`, error instanceof TlsError ? undefined : cure)
}

async function* inTransaction(session: Session, bounds: Bounds, window: Window): AsyncGenerator<Finding> {
  const { sql } = session
  await session.begin('read write', bounds.runTimeout)
  const { version, encrypted, pooled } = await session.describe()
  const how = [encrypted ? 'encrypted' : 'not encrypted', pooled ? 'through a pooler' : 'without a pooler']
  yield good(`database: PostgreSQL ${version}, ${how.join(', ')}`)
  const fine = await readMigrated(sql)
  if (!fine.research_jobs) {
    const cure = 'check the database that DATABASE_URL names, and that the role may use its schema'
    yield bad(2, 'table: research_jobs was not found', cure)
    return
  }
  yield* migrated(fine)
  yield await tried(sql, 'row-level security: hides nothing', () => demandAllRows(sql, 'mark'))
  if (!fine.last_alerted_at) return
  yield await tried(sql, 'permission: may read the failures and mark them', () => rehearse(sql, bounds, window))
  yield* counted(sql, window)
}

/** A digest without an index is slow, and does all it should. */
function* migrated(fine: Readonly<Record<string, boolean>>): Generator<Finding> {
  const cure = 'run "node bin/job-alert.js migrate" as the owner of the table'
  yield fine.last_alerted_at
    ? good('table: research_jobs with its column last_alerted_at')
    : bad(2, 'table: research_jobs has no column last_alerted_at', cure)
  for (const index of INDEXES)
    yield fine[index]
      ? good(`index: ${index}`)
      : bad(0, `index: ${index} is missing or was not completed; a digest works, but reads the whole table`, cure)
}

/** The statements of a digest, whatever is due: only they show which columns and rights it needs. */
async function rehearse(sql: Sql, { overdueAfter }: Bounds, window: Window): Promise<void> {
  await claimFailures(sql, window, () => {})
  if (overdueAfter) await claimLapse(sql, overdueAfter, window)
  await readChainJobs(sql, [''])
  await readLatestJobs(sql)
  await readLastSuccess(sql)
}

/** A statement that fails spoils the transaction unless there is a savepoint. What it did is undone in any case. */
async function tried(sql: Sql, text: string, work: () => Promise<void>): Promise<Finding> {
  await sql.unsafe('savepoint check_job_alert')
  const finding = await work().then(
    () => good(text),
    (error) => refused(text.replace(/:.*/, ''), error),
  )
  await sql.unsafe('rollback to savepoint check_job_alert')
  return finding
}

/** Throws what the server did not say. */
function refused(what: string, error: unknown): Finding {
  if (error instanceof NotPrepared)
    return bad(2, `${what}: ${error.message}`, 'see "Deploy on Render" in the README for what the role needs')
  if (!isServerError(error)) throw error
  return bad(1, `${what}: ${reasonOf(error)}`)
}

async function* counted(sql: Sql, window: Window): AsyncGenerator<Finding> {
  let waiting = ''
  yield await tried(sql, 'queue: can be read', async () => {
    const [due, older] = [await countDue(sql, window), await countOlder(sql, window)]
    waiting = `${plural(due.count, 'failure')} for the next digest, ${plural(older.count, 'older one')} never reported`
  })
  if (waiting) yield said(`queue: ${waiting}`)
}
