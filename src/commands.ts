import type { DatabaseSettings } from './config/database.js'
import type { Environment } from './config/reader.js'
import { digestConfig, migrateConfig, usableConfig } from './config.js'
import { stackOf } from './errors.js'
import { beat } from './heartbeat.js'
import { interruptible, listenForInterruptions } from './interruption.js'
import type { Window } from './job.js'
import { JsonDigest } from './mail/json.js'
import type { Message } from './mail/message.js'
import { checkSummary, migrateSummary, outcomeSummary, previewSummary, type Summary } from './outcome.js'
import { flushed, hideSecrets, type Log, openLog, paint, print, withoutSecrets } from './output.js'
import { type Gathered, preview, type Run, report } from './report.js'
import type { SendMail } from './sendgrid/sendgrid.js'
import { DAY } from './text/time.js'

export const FORMATS = ['text', 'html', 'json'] as const
type Format = (typeof FORMATS)[number]

/** What the command line said. */
export interface DigestOptions {
  readonly dryRun?: true
  readonly since?: Window['since']
  readonly includeAlerted?: true
  readonly format?: Format
}

export interface CheckOptions {
  readonly sendTest?: true
}

/** How far back a digest looks unless told otherwise. */
const WINDOW = 7 * DAY
const CHECK_TIMEOUT = 60_000
/** A large index takes hours; more than a day, and somebody has to look. */
const MIGRATE_TIMEOUT = DAY

function windowFrom(now: Date): Date {
  return new Date(now.getTime() - WINDOW)
}

/** No output shows what the variables say that are a secret. */
function hideSecretsOf(env: Environment, database: DatabaseSettings | undefined): void {
  hideSecrets([env.SENDGRID_API_KEY, env.HEARTBEAT_URL, database?.password])
}

/** Where a fault goes that is not part of the run: a rejection that nobody handles, or an error in a callback. */
function faultLog(log: Log): (error: unknown) => void {
  return (error) => log.error('internal error', { stack: stackOf(error) })
}

/** `job-alert digest`. Rejects with whatever came before the mail; what came after it is in the summary. */
export async function digest(options: DigestOptions, env: Environment, now: Date): Promise<Summary> {
  const { mail, logLevel, heartbeatUrl, ...config } = digestConfig(env, { dryRun: options.dryRun === true })
  hideSecretsOf(env, config.database)
  const log = openLog(logLevel)
  const interruptions = listenForInterruptions(config.runTimeout, 'RUN_TIMEOUT expired', faultLog(log))
  interruptions.stop.addEventListener('abort', () => log.debug('asked to stop'))
  const window = { since: options.since ?? windowFrom(now), includeAlerted: options.includeAlerted === true }
  log.debug('looking for failures', { ...window, dryRun: mail === undefined })
  const run: Run = {
    ...config,
    window,
    now,
    interruptions,
    onFault: ({ error, jobIds }) =>
      log.error(`part of the mail could not be written${jobIds.length > 0 ? '; its jobs are listed by id only' : ''}`, {
        jobIds,
        stack: stackOf(error),
      }),
  }
  try {
    if (!mail) return previewSummary(await printed(run, options.format ?? 'text'))
    const send: SendMail = async (message, signal) =>
      (await import('./late.js')).sendGrid(mail, config.presentation)(fitToSend(message), signal)
    const summary = outcomeSummary(await report(run, send))
    const unheard = heartbeatUrl && summary.exitCode === 0 && (await beat(heartbeatUrl))
    if (unheard) log.warn(`the heartbeat was not delivered: ${unheard}`)
    return summary
  } finally {
    interruptions.dispose()
  }
}

function fitToSend({ subject, text, html }: Message): Message {
  return { subject: withoutSecrets(subject), text: withoutSecrets(text), html: withoutSecrets(html) }
}

async function printed(run: Run, format: Format): Promise<Gathered> {
  const json = format === 'json' ? new JsonDigest(print, run.window, run.presentation) : undefined
  const gathered = await preview(run, { onFailure: (job) => json?.add(job), paint: paint() })
  const { message, digest: whole, older } = gathered
  json?.end({ subject: message?.subject ?? null, overdue: whole?.overdue, older })
  if (message && format === 'html') print(message.html)
  if (message && format === 'text') print(`Subject: ${message.subject}\n\n${message.text}`)
  await interruptible(flushed(), run.interruptions.stop)
  return gathered
}

/** `job-alert check`: prints each finding as it is made. Rejects when it cannot go on. */
export async function checked({ sendTest }: CheckOptions, env: Environment, now: Date): Promise<Summary> {
  const { check, findingLine } = await import('./late.js')
  const { database, logLevel } = usableConfig(env)
  hideSecretsOf(env, database)
  const expired = `check took longer than ${CHECK_TIMEOUT / 1_000} seconds`
  const interruptions = listenForInterruptions(CHECK_TIMEOUT, expired, faultLog(openLog(logLevel)))
  const window = { since: windowFrom(now), includeAlerted: false }
  const codes: (0 | 1 | 2)[] = []
  try {
    const findings = check(env, { window, now, sendTest: sendTest === true, stop: interruptions.stop })
    for await (const finding of findings) {
      print(findingLine(finding))
      if (finding.exitCode !== undefined) codes.push(finding.exitCode)
    }
    await interruptible(flushed(), interruptions.stop)
  } finally {
    interruptions.dispose()
  }
  return checkSummary(codes)
}

/** `job-alert migrate`. Rejects with the error of the file that could not be applied. */
export async function applyMigrations(env: Environment): Promise<Summary> {
  const { database, logLevel } = migrateConfig(env)
  hideSecretsOf(env, database)
  const log = openLog(logLevel)
  const interruptions = listenForInterruptions(MIGRATE_TIMEOUT, 'migrate took longer than a day', faultLog(log))
  try {
    const { migrate } = await import('./late.js')
    await migrate(database, log.info, interruptions.stop)
  } finally {
    interruptions.dispose()
  }
  return migrateSummary()
}
