import type { Environment } from './config/reader.js'
import { digestConfig, migrateConfig } from './config.js'
import { stackOf } from './errors.js'
import { beat } from './heartbeat.js'
import type { Window } from './job.js'
import { openLog } from './log.js'
import { JsonDigest } from './mail/json.js'
import { outcomeSummary, previewSummary, type Summary } from './outcome.js'
import { type Gathered, preview, type Run, report } from './report.js'
import type { SendMail } from './sendgrid/sendgrid.js'
import { exitSoon, listenForInterruptions } from './signals.js'
import { flushed, paint, print } from './stdout.js'
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

function windowFrom(now: Date): Date {
  return new Date(now.getTime() - WINDOW)
}

/** `job-alert digest`. Rejects with whatever came before the mail; what came after it is in the summary. */
export async function digest(options: DigestOptions, env: Environment, now: Date): Promise<Summary> {
  const { mail, logLevel, heartbeatUrl, ...config } = digestConfig(env, { dryRun: options.dryRun === true })
  const interruptions = listenForInterruptions(config.runTimeout, 'RUN_TIMEOUT expired')
  const log = openLog(logLevel)
  interruptions.stop.addEventListener('abort', () => log.debug('asked to stop'))
  interruptions.abort.addEventListener('abort', exitSoon)
  const window = { since: options.since ?? windowFrom(now), includeAlerted: options.includeAlerted === true }
  log.debug('looking for failures', { ...window, dryRun: mail === undefined })
  const run: Run = {
    ...config,
    window,
    now,
    interruptions,
    onFault: (fault) => log.error('the mail could only be written plainly', { stack: stackOf(fault) }),
  }
  try {
    if (!mail) return previewSummary(await printed(run, options.format ?? 'text'))
    const send: SendMail = async (...all) => (await import('./late.js')).sendGrid(mail, config.presentation)(...all)
    const summary = outcomeSummary(await report(run, send))
    const unheard = heartbeatUrl && summary.exitCode === 0 && (await beat(heartbeatUrl))
    if (unheard) log.warn(`the heartbeat was not delivered: ${unheard}`)
    return summary
  } finally {
    interruptions.dispose()
  }
}

async function printed(run: Run, format: Format): Promise<Gathered> {
  const json = format === 'json' ? new JsonDigest(print, run.window, run.presentation) : undefined
  const gathered = await preview(run, { onFailure: (job) => json?.add(job), paint: paint() })
  const { message, digest: whole, older } = gathered
  json?.end({ subject: message?.subject ?? null, overdue: whole?.overdue, older })
  if (message && format === 'html') print(message.html)
  if (message && format === 'text') print(`Subject: ${message.subject}\n\n${message.text}`)
  await flushed()
  return gathered
}

/** `job-alert check`: prints each finding as it is made. Rejects when it cannot go on. */
export async function checked({ sendTest }: CheckOptions, env: Environment, now: Date): Promise<Summary> {
  const { check, findingLine } = await import('./late.js')
  const interruptions = listenForInterruptions(CHECK_TIMEOUT, `check took longer than ${CHECK_TIMEOUT / 1_000} seconds`)
  interruptions.abort.addEventListener('abort', exitSoon)
  const window = { since: windowFrom(now), includeAlerted: false }
  const codes: (0 | 1 | 2)[] = []
  try {
    const findings = check(env, { window, now, sendTest: sendTest === true, stop: interruptions.stop })
    for await (const finding of findings) {
      print(findingLine(finding))
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
