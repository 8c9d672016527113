import type { Environment } from './config/reader.js'
import { type DigestConfig, digestConfig, migrateConfig, type Usable, usableConfig } from './config.js'
import { beat } from './heartbeat.js'
import { type Interruptions, interruptible, withInterruptions } from './interruption.js'
import type { Window } from './job.js'
import { JsonDigest } from './mail/json.js'
import type { Presentation } from './mail/presentation.js'
import { checkSummary, MIGRATED, outcomeSummary, previewSummary, type Summary } from './outcome.js'
import { flushed, type Log, openLog, print, screen } from './output.js'
import { type Gathered, preview, type Run, report, WINDOW } from './report.js'
import type { SendMail } from './sendgrid/sendgrid.js'
import { hideSecrets, withoutSecrets } from './text/redact.js'
import { DAY, MINUTE, type Since } from './text/time.js'

export const FORMATS = ['text', 'html', 'json'] as const
type Format = (typeof FORMATS)[number]

export interface DigestOptions {
  readonly dryRun?: true
  readonly since?: Since
  readonly includeAlerted?: true
  readonly format?: Format
}

export interface CheckOptions {
  readonly sendTest?: true
}

/** Opens the log, and hides the secrets of the variables in all output from then on. */
function discreetLog(env: Environment, { database, logLevel }: Pick<Usable, 'database' | 'logLevel'>): Log {
  hideSecrets([env.SENDGRID_API_KEY, env.HEARTBEAT_URL, database?.password])
  return openLog(logLevel)
}

const EXPIRED =
  'RUN_TIMEOUT has passed before the mail was ready: set it higher or, if check finds an index missing, run migrate'

/** `job-alert digest`. Rejects if it ends before the send; the summary covers everything after. */
export async function digest(options: DigestOptions, env: Environment): Promise<Summary> {
  const config = digestConfig(env, { dryRun: options.dryRun === true })
  const { mail, presentation, heartbeatUrl } = config
  const log = discreetLog(env, config)
  return withInterruptions(config.runTimeout, EXPIRED, log, async (interruptions) => {
    const run = runOf(options, config, interruptions, log)
    if (!mail) return previewSummary(await printed(run, presentation, options.format ?? 'text'))
    const send: SendMail = async ({ subject, text, html }, signal) => {
      const message = { subject: withoutSecrets(subject), text: withoutSecrets(text), html: withoutSecrets(html) }
      return (await import('./late.js')).sendGrid(mail, presentation)(message, signal)
    }
    const outcome = await report(run, send)
    // A run that found another one at work has not seen the queue.
    const isAlive = outcome.is === 'sent' || outcome.is === 'nothing to report'
    const unheard = heartbeatUrl && isAlive && (await beat(heartbeatUrl))
    if (unheard) log.warn(`the heartbeat was not delivered: ${unheard}`)
    return outcomeSummary(outcome)
  })
}

function runOf(options: DigestOptions, config: DigestConfig, interruptions: Interruptions, log: Log): Run {
  const { since = WINDOW, includeAlerted = false, dryRun = false } = options
  log.debug('looking for failures', { since, includeAlerted, dryRun })
  return {
    ...config,
    since,
    includeAlerted,
    sendTimeout: config.mail?.timeout ?? 0,
    interruptions,
    log,
    render: async (digest) =>
      (await import('./late.js')).renderMessage(digest, config.presentation, dryRun ? screen() : undefined),
  }
}

async function printed(run: Run, presentation: Presentation, format: Format): Promise<Gathered> {
  let json: JsonDigest | undefined
  const writer = (window: Window) => (json ??= new JsonDigest(print, window, presentation))
  const gathered = await preview(run, (jobs, window) => (format === 'json' ? writer(window).add(jobs) : undefined))
  const { message, digest, window, older, waiting } = gathered
  if (format === 'json') void writer(window).end({ subject: message?.subject ?? null, digest, older, waiting })
  if (message && format === 'html') void print(message.html)
  if (message && format === 'text') void print(`Subject: ${message.subject}\n\n${message.text}`)
  await interruptible(flushed(), run.interruptions.stop)
  return gathered
}

/** `job-alert check`: prints each finding as it is made. Rejects when it cannot go on. */
export async function checked({ sendTest }: CheckOptions, env: Environment): Promise<Summary> {
  const { check, findingLine } = await import('./late.js')
  const config = usableConfig(env)
  const log = discreetLog(env, config)
  const timeout = config.runTimeout + MINUTE
  const expired = `check took longer than ${timeout / 1_000} seconds`
  return withInterruptions(timeout, expired, log, async (interruptions) => {
    const codes: (0 | 1 | 2)[] = []
    for await (const finding of check(config, interruptions, sendTest === true)) {
      void print(findingLine(finding))
      if (finding.exitCode !== undefined) codes.push(finding.exitCode)
    }
    await interruptible(flushed(), interruptions.stop)
    return checkSummary(codes)
  })
}

/** `job-alert migrate`. Rejects with a ConfigError, or as `migrate` does. */
export async function applyMigrations(env: Environment): Promise<Summary> {
  const config = migrateConfig(env)
  const log = discreetLog(env, config)
  // A large index takes hours to build, but less than a day.
  return withInterruptions(DAY, 'migrate took longer than a day', log, async ({ stop }) => {
    const { migrate } = await import('./late.js')
    await migrate(config.database, log.info, stop)
    return MIGRATED
  })
}
