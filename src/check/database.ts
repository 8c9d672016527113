import type { DatabaseSettings } from '../config/database.js'
import { ConfigError } from '../config/reader.js'
import { isExpected, reasonOf, TlsError } from '../errors.js'
import { deadline, interruptible } from '../interruption.js'
import { LEFT } from '../outcome.js'
import { isServerError, Session, type Sql } from '../postgres/session.js'
import { addressOf } from '../postgres/socket.js'
import { readAnchor } from '../queue/chain.js'
import { NotMarked } from '../queue/failures.js'
import {
  explainMissingRight,
  INDEXES,
  MIGRATE,
  NotPrepared,
  readTable,
  type Table,
  unprepared,
} from '../queue/prepared.js'
import { type Busy, type Gathered, type Run, rehearse } from '../report.js'
import { redact } from '../text/redact.js'
import { plural } from '../text/words.js'
import { bad, type Finding, good, said, wrong } from './finding.js'

/** Findings of the database; a lost connection is the last one. Throws the reason of an interruption. */
export async function* ofDatabase(run: Run): AsyncGenerator<Finding> {
  const session = new Session(run.database)
  const findings = inSession(session, run)
  try {
    for (;;) {
      const { value, done } = await interruptible(findings.next(), run.interruptions.stop)
      if (done) return
      yield value
    }
  } catch (error) {
    yield lost(error)
  } finally {
    await session.close()
  }
}

/** The last finding. Throws a fault of this program, or an interruption. */
function lost(error: unknown): Finding {
  if (error instanceof ConfigError) return bad(2, `database: ${error.message}`)
  if (!isExpected(error)) throw error
  const cure = 'check DATABASE_URL (or the DB_* variables), and that the server is up'
  return bad(1, `database: ${reasonOf(error)}`, error instanceof TlsError ? undefined : cure)
}

async function* inSession(session: Session, run: Run): AsyncGenerator<Finding> {
  yield await ofServer(session, run.database)
  await session.begin('read only', { statement: run.runTimeout, idle: run.runTimeout })
  const table = await readTable(session.sql)
  await session.sql.unsafe('rollback')
  yield* ofTable(table)
  if (!unprepared(table, 'mark')) yield* ofRehearsal(session, run)
}

async function ofServer(session: Session, settings: DatabaseSettings): Promise<Finding> {
  const { version, user, database, encrypted, pooled } = await session.describe()
  // Redacted apart: together they look like a credential.
  const where = `${redact(user)}@${redact(`${addressOf(settings)}/${database}`)}`
  const how = `${encrypted ? 'encrypted' : 'not encrypted'}, ${pooled ? 'through a pooler' : 'without a pooler'}`
  return { ...good(''), text: `database: ${where}, PostgreSQL ${redact(version)}, ${how}` }
}

/** A missing index is exit code 0: a digest is slow without it. */
function* ofTable(table: Table): Generator<Finding> {
  const reason = unprepared(table, 'mark')
  if (reason) yield wrong(2, 'table', reason)
  else yield good(`table: ${table.schema}.research_jobs with its column last_alerted_at, and no hidden rows`)
  if (table.relkind === null) return
  for (const index of INDEXES)
    yield table.indexes.includes(index)
      ? good(`index: ${index}`)
      : bad(0, `index: ${index} is missing or was not completed; a digest works, but reads the whole table`, MIGRATE)
}

/** The digest itself, up to the send. Closing the session undoes its marks. */
async function* ofRehearsal(session: Session, run: Run): AsyncGenerator<Finding> {
  const bound = deadline(run.runTimeout, run.interruptions.stop)
  try {
    yield* outcomeOf(await interruptible(rehearse(session, run).catch(explainMissingRight), bound.signal))
    if (run.overdueAfter !== undefined) yield await ofAnchor(session.sql, run.overdueAfter)
  } catch (error) {
    if (bound.passed) yield bad(1, 'digest: it takes longer than RUN_TIMEOUT', 'set RUN_TIMEOUT higher')
    else if (error instanceof NotPrepared) yield wrong(2, 'digest', error.message)
    else if (error instanceof NotMarked || isServerError(error)) yield bad(1, `digest: ${reasonOf(error)}`)
    else throw error
  } finally {
    bound.clear()
  }
}

function* outcomeOf(claimed: Gathered | Busy): Generator<Finding> {
  if ('is' in claimed) {
    yield claimed.is === 'another run hangs'
      ? bad(1, 'digest: another run has held its lock for longer than a run may take')
      : said('digest: not tried, because another run is at work; run check again in a minute')
    return
  }
  const { found, overdue, older, waiting, locked } = claimed
  yield good(
    `digest: would report ${plural(found + waiting, 'failure')}${overdue ? ' and an overdue refresh' : ''}; works up to the send`,
  )
  if (locked > 0) yield said(`queue: ${plural(locked, 'failure')} ${LEFT}`)
  yield said(`queue: ${plural(older.count, 'older failure')} never reported`)
}

async function ofAnchor(sql: Sql, after: number): Promise<Finding> {
  const found = await readAnchor(sql, after, { since: 'all', includeAlerted: false })
  if (!found) return said('overdue: no refresh is on record, so nothing can be overdue')
  const { anchor, succeeded } = found
  const what = succeeded ? 'the last success' : 'the oldest refresh job on record, as no success is'
  const [since, until] = [anchor, anchor + after].map((time) => new Date(time).toISOString())
  return said(`overdue: counts from ${what}, ${since}; overdue from ${until}`)
}
