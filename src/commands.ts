import type { DatabaseSettings } from './config/database.js'
import type { Environment } from './config/reader.js'
import { digestConfig, migrateConfig, usableConfig } from './config.js'
import { stackOf } from './errors.js'
import { beat } from './heartbeat.js'
import { interruptible, listenForInterruptions } from './interruption.js'
import { JsonDigest } from './mail/json.js'
import type { Message } from './mail/message.js'
import type { Presentation } from './mail/presentation.js'
import { checkSummary, migrateSummary, outcomeSummary, previewSummary, type Summary } from './outcome.js'
import { flushed, type Log, openLog, paint, print } from './output.js'
import { type Fault, type Gathered, preview, type Run, report } from './report.js'
import type { SendMail } from './sendgrid/sendgrid.js'
import { hideSecrets, withoutSecrets } from './text/secrets.js'
import { DAY, MINUTE, type Since } from './text/time.js'

export const FORMATS = ['text', 'html', 'json'] as const
type Format = (typeof FORMATS)[number]

/** What the command line said. */
export interface DigestOptions {
  readonly dryRun?: true
  readonly since?: Since
  readonly includeAlerted?: true
  readonly format?: Format
}

export interface CheckOptions {
  readonly sendTest?: true
}

/** How far back a digest looks unless told otherwise. */
const WINDOW = 7 * DAY
/** A large index takes hours; more than a day, and somebody has to look. */
const MIGRATE_TIMEOUT = DAY

/** No output shows what the variables say that are a secret. */
function hideSecretsOf(env: Environment, database: DatabaseSettings | undefined): void {
  hideSecrets([env.SENDGRID_API_KEY, env.HEARTBEAT_URL, database?.password])
}

/** Where a fault goes that is not part of the run: a rejection that nobody handles, or an error in a callback. */
function faultLog(log: Log): (error: unknown) => void {
  return (error) => log.error('internal error', { stack: stackOf(error) })
}

/** `job-alert digest`. Rejects with whatever came before the mail; what came after it is in the summary. */
export async function digest(options: DigestOptions, env: Environment): Promise<Summary> {
  const { mail, logLevel, heartbeatUrl, ...config } = digestConfig(env, { dryRun: options.dryRun === true })
  hideSecretsOf(env, config.database)
  const log = openLog(logLevel)
  const interruptions = listenForInterruptions(config.runTimeout, EXPIRED, faultLog(log))
  interruptions.stop.addEventListener('abort', () => log.debug('asked to stop'))
  const since = options.since ?? WINDOW
  const includeAlerted = options.includeAlerted === true
  log.debug('looking for failures', { since, includeAlerted, dryRun: mail === undefined })
  const onFault = ({ error, jobIds }: Fault): void => {
    const about = jobIds.length > 0 ? 'a row could not be understood' : 'the mail could only be written plainly'
    log.error(about, { ...(jobIds.length > 0 ? { jobIds } : {}), stack: stackOf(error) })
  }
  const run: Run = {
    ...config,
    since,
    includeAlerted,
    sendTimeout: mail?.timeout ?? 0,
    interruptions,
    warn: (message) => log.warn(message),
    render: async (...all) => (await import('./late.js')).renderMessage(all[0], config.presentation, all[1]),
    onFault,
  }
  try {
    if (!mail) return previewSummary(await printed(run, config.presentation, options.format ?? 'text'))
    const send: SendMail = async (message, signal) =>
      (await import('./late.js')).sendGrid(mail, config.presentation)(fitToSend(message), signal)
    const outcome = await report(run, send)
    // A run that saw nothing of the queue is no sign of life.
    const heard = outcome.kind === 'sent' || outcome.kind === 'nothing to report'
    const unheard = heartbeatUrl && heard && (await beat(heartbeatUrl))
    if (unheard) log.warn(`the heartbeat was not delivered: ${unheard}`)
    return outcomeSummary(outcome)
  } finally {
    interruptions.dispose()
  }
}

const EXPIRED =
  'RUN_TIMEOUT has passed before the mail was ready: set it higher or, if check finds an index missing, run migrate'

function fitToSend({ subject, text, html }: Message): Message {
  return { subject: withoutSecrets(subject), text: withoutSecrets(text), html: withoutSecrets(html) }
}

async function printed(run: Run, presentation: Presentation, format: Format): Promise<Gathered> {
  let json: JsonDigest | undefined
  const gathered = await preview(run, {
    onWindow: (window) => {
      json = format === 'json' ? new JsonDigest(print, window, presentation) : undefined
    },
    onFailures: (jobs) => json?.add(jobs),
    paint: paint(),
  })
  const { message, digest: whole, older, waiting } = gathered
  void json?.end({ subject: message?.subject ?? null, overdue: whole?.overdue, older, waiting })
  if (message && format === 'html') void print(message.html)
  if (message && format === 'text') void print(`Subject: ${message.subject}\n\n${message.text}`)
  await interruptible(flushed(), run.interruptions.stop)
  return gathered
}

/** `job-alert check`: prints each finding as it is made. Rejects when it cannot go on. */
export async function checked({ sendTest }: CheckOptions, env: Environment): Promise<Summary> {
  const { check, findingLine } = await import('./late.js')
  const config = usableConfig(env)
  hideSecretsOf(env, config.database)
  const timeout = config.runTimeout + MINUTE
  const expired = `check took longer than ${timeout / 1_000} seconds`
  const interruptions = listenForInterruptions(timeout, expired, faultLog(openLog(config.logLevel)))
  const codes: (0 | 1 | 2)[] = []
  try {
    const findings = check(config, {
      ...config,
      since: WINDOW,
      includeAlerted: false,
      sendTimeout: config.mail?.timeout ?? 0,
      interruptions,
      sendTest: sendTest === true,
    })
    for await (const finding of findings) {
      void print(findingLine(finding))
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
