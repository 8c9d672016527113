import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { parse } from 'dotenv'
import pino, { type Logger } from 'pino'
import { ConfigError, digestConfig, type Environment, type LogLevel, migrateConfig } from './config.js'
import { JsonDigest } from './mail/json.js'
import { EXIT_CODES, errorSummary, outcomeSummary, previewSummary, type Summary, stackOf } from './outcome.js'
import { migrate } from './postgres/migrate.js'
import { preview, type Run, report } from './report.js'
import { sendGrid } from './sendgrid.js'
import { listenForInterruptions } from './signals.js'
import { redact } from './text/redact.js'
import { parseSince, SINCE_ACCEPTS } from './text/time.js'
import { oneLine } from './text/words.js'

const EXAMPLES = `
Examples:
  job-alert digest --dry-run                      what just failed? prints the mail, changes nothing
  job-alert digest                                send what is new and mark it; silent when there is nothing
  job-alert digest --since 30d                    send failures older than the usual seven days, and mark them
  job-alert digest --since 2d --include-alerted   send again: the mail got lost, the address was wrong

Variables: DATABASE_URL, SENDGRID_API_KEY, ALERT_EMAIL_TO, FROM_EMAIL; the others are in .env.example.
`

const FORMATS = ['text', 'html', 'json'] as const
type Format = (typeof FORMATS)[number]

interface DigestOptions {
  readonly dryRun?: true
  readonly since?: Date | 'all'
  readonly includeAlerted?: true
  readonly format?: Format
  readonly envFile?: string
}

const WINDOW = 7 * 86_400_000
/** How long a run that is over, or was aborted, may take to wind up before it is ended. */
const WIND_UP = 5_000

function program(now: Date): Command {
  const envFile = new Option('--env-file <path>', 'read variables from this file instead of ./.env; set ones win')
  const root = new Command('job-alert')
    .description('Tells a human once, in one mail they can act on, which background jobs have failed for good.')
    .helpCommand(false)
    .exitOverride()
  root
    .command('digest')
    .description('Mail every failure that has not been reported yet, and mark it as reported.')
    .option('--dry-run', 'print what would be sent; sends and changes nothing, needs only the database')
    .option('--since <when>', `start there instead of 7 days ago: ${SINCE_ACCEPTS}`, (text) => parsedSince(text, now))
    .option('--include-alerted', 'with --since: also the failures that were reported before')
    .addOption(
      new Option('--format <format>', 'with --dry-run: text unless given; json has every job').choices(FORMATS),
    )
    .addOption(envFile)
    .addHelpText('after', `\n${exitCodes()}${EXAMPLES}`)
    .action((options: DigestOptions, command: Command) => {
      if (options.includeAlerted && !options.since) command.error('error: --include-alerted needs --since <when>')
      if (options.format && !options.dryRun) command.error('error: --format needs --dry-run')
      return run(options.envFile, 'nothing was sent or marked', (env) => digest(options, env, now))
    })
  root
    .command('migrate')
    .description('Add the column and the indexes that digest needs. Safe to repeat, and while workers write.')
    .addOption(envFile)
    .addHelpText('after', '\nThe files of sql/ in order; "psql -f" runs them as well.')
    .action((options: { readonly envFile?: string }) =>
      run(options.envFile, 'what was applied stays, and migrating again completes it', applyMigrations),
    )
  return root
}

function exitCodes(): string {
  return `Exit codes:\n${Object.entries(EXIT_CODES)
    .map(([code, meaning]) => `  ${code.padEnd(5)}${meaning}\n`)
    .join('')}`
}

function parsedSince(text: string, now: Date): Date | 'all' {
  try {
    return parseSince(text, now)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

async function digest(options: DigestOptions, env: Environment, now: Date): Promise<Summary> {
  const { mail, logLevel, ...config } = digestConfig(env, { dryRun: options.dryRun === true })
  const interruptions = listenForInterruptions(config.limits.run)
  const log = logger(logLevel)
  interruptions.stop.addEventListener('abort', () => log.debug('asked to stop'))
  interruptions.abort.addEventListener('abort', exitSoon)
  const window = {
    since: options.since ?? new Date(now.getTime() - WINDOW),
    includeAlerted: options.includeAlerted === true,
  }
  log.debug({ ...window, dryRun: mail === undefined }, 'looking for failures')
  const run: Run = {
    ...config,
    window,
    now,
    interruptions,
    onFault: ({ error, jobIds }) =>
      log.error({ jobIds, stack: stackOf(error) }, 'a part of the mail could not be made; its jobs are listed bare'),
  }
  try {
    if (mail) return outcomeSummary(await report(run, sendGrid(mail, config.presentation)))
    return previewSummary(await printed(run, options.format ?? 'text'))
  } finally {
    interruptions.dispose()
  }
}

async function printed(run: Run, format: Format) {
  if (format === 'json') {
    const json = new JsonDigest(print, run.window, run.presentation)
    const found = await preview(run, (job) => json.add(job))
    json.end({ subject: found.message?.subject ?? null, overdue: found.digest?.overdue, older: found.older })
    await flushed()
    return found
  }
  const found = await preview(run)
  if (found.message) {
    const { subject, text, html } = found.message
    print(format === 'html' ? html : `Subject: ${subject}\n\n${text}`)
  }
  await flushed()
  return found
}

async function applyMigrations(env: Environment): Promise<Summary> {
  const { database, logLevel } = migrateConfig(env)
  const log = logger(logLevel)
  await migrate(database, (file) => log.info({ file }, 'applying'))
  return { exitCode: 0, outcome: 'migrated', message: 'research_jobs has all that digest needs' }
}

/** Does the work, and ends in its summary line and exit code whatever happens. */
async function run(
  envFile: string | undefined,
  harmless: string,
  work: (env: Environment) => Promise<Summary>,
): Promise<void> {
  const started = performance.now()
  const { exitCode, outcome, message, details } = await summarized(envFile, harmless, work)
  // Before the last line, which may be impossible to write.
  process.exitCode = exitCode
  const durationMs = Math.round(performance.now() - started)
  // At every LOG_LEVEL: a cron that has stopped is noticed by the absence of this line.
  const log = logger('info')
  log[exitCode === 0 ? 'info' : 'error']({ outcome, ...details, exitCode, durationMs }, oneLine(redact(message)))
  exitSoon()
}

async function summarized(
  envFile: string | undefined,
  harmless: string,
  work: (env: Environment) => Promise<Summary>,
): Promise<Summary> {
  try {
    return await work(environment(envFile))
  } catch (error) {
    return errorSummary(error, harmless)
  }
}

/** Nothing should keep the process any more; if something does, it must not block the next run. */
function exitSoon(): void {
  setTimeout(() => process.exit(), WIND_UP).unref()
}

/** What is set wins over the file, as with dotenv and Node. Unless a path is given, a missing ./.env is fine. */
function environment(path: string | undefined): Environment {
  const set = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
  try {
    return { ...parse(readFileSync(path ?? '.env')), ...set }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (path === undefined && code === 'ENOENT') return set
    throw new ConfigError([`cannot read ${path ?? '.env'} (${code})`])
  }
}

/** A log that cannot be written changes nothing. */
function logger(level: LogLevel): Logger {
  const formatters = { level: (label: string) => ({ level: label }) }
  const stderr = pino.destination({ dest: 2, sync: true })
  stderr.on('error', () => {})
  return pino({ level, base: null, formatters, timestamp: pino.stdTimeFunctions.isoTime }, stderr)
}

let unwritable: NodeJS.ErrnoException | undefined

/** To stdout, for as long as somebody reads it. */
function print(text: string): void {
  if (process.stdout.listenerCount('error') === 0)
    process.stdout.on('error', (error) => {
      unwritable ??= error
    })
  process.stdout.write(text)
}

/** Resolves when stdout has taken everything, or whoever read it has gone. Rejects when it cannot be written. */
async function flushed(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
  if (unwritable && unwritable.code !== 'EPIPE')
    throw Object.assign(new Error(`cannot write to stdout (${unwritable.code})`), { code: unwritable.code })
}

// Pessimistic until an outcome is proven: a promise that never settles would end in 0.
process.exitCode = 1
try {
  await program(new Date()).parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? 0 : 2
}
