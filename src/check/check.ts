import type { Environment } from '../config/reader.js'
import { type MailSettings, usableConfig } from '../config.js'
import { interruptible } from '../deadline.js'
import type { Window } from '../job.js'
import { renderMessage } from '../mail/message.js'
import type { Presentation } from '../mail/presentation.js'
import { reasonOf } from '../outcome.js'
import { openSession, type Session, type Sql } from '../postgres/session.js'
import { countDue, countOlder, demandAllRows, INDEXES, NotPrepared, readMigrated, tryMark } from '../queue.js'
import { readScopes, sendGrid } from '../sendgrid/sendgrid.js'
import { redact } from '../text/redact.js'
import { oneLine, plural } from '../text/words.js'
import { sampleDigest } from './sample.js'

/** One thing that was looked into. `fine` is undefined for what is only said. */
export interface Finding {
  readonly fine: boolean | undefined
  readonly text: string
  readonly cure?: string
  /** The exit code that a digest would end in because of it. */
  readonly exitCode?: 1 | 2
}

const good = (text: string): Finding => ({ fine: true, text })
const said = (text: string): Finding => ({ fine: undefined, text })
const bad = (exitCode: 1 | 2, text: string, cure: string): Finding => ({ fine: false, text, cure, exitCode })

/** "✓ database: …", and below a ✗ its cure. */
export function findingLine({ fine, text, cure }: Finding): string {
  const mark = fine === undefined ? '·' : fine ? '✓' : '✗'
  return `${mark} ${oneLine(redact(text))}${cure ? `\n    ${oneLine(redact(cure))}` : ''}\n`
}

export interface CheckOptions {
  readonly window: Window
  readonly now: Date
  readonly sendTest: boolean
  readonly stop: AbortSignal
}

/** Looks into everything that a digest needs, and goes on after what is wrong. Only a test mail leaves a trace. */
export async function* check(env: Environment, options: CheckOptions): AsyncGenerator<Finding> {
  const { problems, database, mail, presentation, limits, heartbeatUrl } = usableConfig(env)
  for (const problem of problems) yield bad(2, `configuration: ${problem.replace(/:.*/s, '')}`, problem)
  if (problems.length === 0) yield good('configuration: complete')
  if (database) {
    const session = openSession(database)
    try {
      yield* ofDatabase(session, limits.run, options)
    } finally {
      await session.close()
    }
  }
  if (mail) yield* ofSendGrid(mail)
  yield said(
    heartbeatUrl ? 'heartbeat: HEARTBEAT_URL is set' : 'heartbeat: not set, so nobody notices a cron that stops',
  )
  if (mail && options.sendTest) yield* ofTestMail(mail, presentation, options)
}

async function* ofDatabase(session: Session, timeout: number, { window, stop }: CheckOptions): AsyncGenerator<Finding> {
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

async function* ofSendGrid(settings: MailSettings): AsyncGenerator<Finding> {
  const scopes = await readScopes(settings)
  if ('kind' in scopes)
    yield scopes.kind === 'refused'
      ? bad(1, `SendGrid: does not accept the key (${scopes.reason})`, 'set SENDGRID_API_KEY to a key that is valid')
      : bad(1, `SendGrid: ${scopes.reason}`, 'check SENDGRID_BASE_URL, and that this machine may connect to it')
  else if (scopes.includes('mail.send')) yield good('SendGrid: accepts the key, which may send')
  else yield bad(1, 'SendGrid: accepts the key, but it may not send', 'give the key the permission Mail Send')
  yield said(`sender: ${settings.from.name} <${settings.from.email}>`)
  yield said(`${settings.to.length === 1 ? 'recipient' : 'recipients'}: ${settings.to.join(', ')}`)
}

async function* ofTestMail(
  mail: MailSettings,
  presentation: Presentation,
  options: CheckOptions,
): AsyncGenerator<Finding> {
  const marked = { ...presentation, environment: ['TEST', presentation.environment].filter(Boolean).join(' ') }
  const message = renderMessage(sampleDigest(options.now, options.window), marked, () => {})
  const answer = await sendGrid(mail, marked)(message, options.stop)
  yield answer.kind === 'accepted'
    ? good(`test mail: SendGrid accepted it (message id ${answer.messageId}); see that it arrives`)
    : bad(1, `test mail: ${answer.reason}`, 'see what SendGrid says, and send it again')
}
