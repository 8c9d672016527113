import type { Environment } from './config/reader.js'
import { digestConfig, migrateConfig, usableConfig } from './config.js'
import type { Fault } from './digest/digest.js'
import { stackOf } from './errors.js'
import { beat } from './heartbeat.js'
import { openLog } from './log.js'
import { JsonDigest } from './mail/json.js'
import type { Presentation } from './mail/presentation.js'
import { outcomeSummary, previewSummary, type Summary } from './outcome.js'
import { type Gathered, preview, type Run, report } from './report.js'
import type { SendMail } from './sendgrid/sendgrid.js'
import { exitSoon, listenForInterruptions } from './signals.js'
import { flushed, paint, print } from './stdout.js'
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

/** `job-alert digest`. Rejects with whatever came before the mail; what came after it is in the summary. */
export async function digest(options: DigestOptions, env: Environment): Promise<Summary> {
  const { mail, logLevel, heartbeatUrl, ...config } = digestConfig(env, { dryRun: options.dryRun === true })
  const interruptions = listenForInterruptions(config.runTimeout, EXPIRED)
  const log = openLog(logLevel)
  interruptions.stop.addEventListener('abort', () => log.debug('asked to stop'))
  interruptions.abort.addEventListener('abort', exitSoon)
  const since = options.since ?? WINDOW
  const includeAlerted = options.includeAlerted === true
  log.debug('looking for failures', { since, includeAlerted, dryRun: mail === undefined })
  const onFault = ({ error, jobIds }: Fault): void =>
    log.error(`part of the mail could not be written${jobIds.length > 0 ? '; its jobs are listed by id only' : ''}`, {
      jobIds,
      stack: stackOf(error),
    })
  const run: Run = {
    ...config,
    since,
    includeAlerted,
    sendTimeout: mail?.timeout ?? 0,
    interruptions,
    warn: (message) => log.warn(message),
    render: async (...all) => (await import('./late.js')).renderMessage(all[0], config.presentation, onFault, all[1]),
    onFault,
  }
  try {
    if (!mail) return previewSummary(await printed(run, config.presentation, options.format ?? 'text'))
    const send: SendMail = async (...all) => (await import('./late.js')).sendGrid(mail, config.presentation)(...all)
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
  await json?.end({ subject: message?.subject ?? null, overdue: whole?.overdue, older, waiting })
  if (message && format === 'html') await print(message.html)
  if (message && format === 'text') await print(`Subject: ${message.subject}\n\n${message.text}`)
  await flushed()
  return gathered
}

/** `job-alert check`: prints each finding as it is made. Rejects when it cannot go on. */
export async function checked({ sendTest }: CheckOptions, env: Environment): Promise<Summary> {
  const { check, findingLine } = await import('./late.js')
  const config = usableConfig(env)
  const timeout = config.runTimeout + MINUTE
  const interruptions = listenForInterruptions(timeout, `check took longer than ${timeout / 1_000} seconds`)
  interruptions.abort.addEventListener('abort', exitSoon)
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
  } finally {
    interruptions.dispose()
  }
  await flushed()
  return checkSummary(codes)
}

/** Of what is wrong, the codes that a digest would end in. */
function checkSummary(codes: readonly (0 | 1 | 2)[]): Summary {
  const exitCode = codes.includes(2) ? 2 : codes.includes(1) ? 1 : 0
  const wrong = codes.length === 1 ? 'one thing is wrong' : `${codes.length} things are wrong`
  if (exitCode !== 0) return { exitCode, outcome: 'check failed', message: `a digest would not work: ${wrong}` }
  const slowly = codes.length > 0 ? ', but slowly' : ''
  return { exitCode, outcome: 'check passed', message: `a digest would work${slowly}` }
}

/** `job-alert migrate`. Rejects with the error of the file that could not be applied. */
export async function applyMigrations(env: Environment): Promise<Summary> {
  const { database, logLevel } = migrateConfig(env)
  const log = openLog(logLevel)
  const { migrate } = await import('./late.js')
  const progress = process.stderr.isTTY ? new ProgressLine() : undefined
  try {
    await migrate(database, {
      onFile: (file) => log.info(`applying ${file}`, { file }),
      ...(progress ? { onProgress: (line: string) => progress.show(line) } : {}),
    })
  } finally {
    progress?.end()
  }
  return { exitCode: 0, outcome: 'migrated', message: 'research_jobs has everything digest needs' }
}

/** A line of the terminal that each new text replaces. */
class ProgressLine {
  private open = false

  show(text: string): void {
    this.open = !text.endsWith('\n')
    process.stderr.write(`\r\x1b[K${text}`)
  }

  /** Whatever follows begins on a line of its own. */
  end(): void {
    if (this.open) process.stderr.write('\n')
  }
}
