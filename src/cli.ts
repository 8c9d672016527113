import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { parse } from 'dotenv'
import pino, { type Logger } from 'pino'
import { ConfigError, digestConfig, type Environment, type LogLevel, migrateConfig } from './config.js'
import { migrate } from './database.js'
import { listenForInterruptions } from './interruptions.js'
import { sendGrid } from './mailer.js'
import { oneLine, redact } from './redact.js'
import { jsonDigest } from './render/json.js'
import { type Preview, preview, type Run, report } from './report.js'
import { parseSince, SINCE_ACCEPTS } from './since.js'
import { errorSummary, outcomeSummary, previewSummary, type Summary } from './summary.js'

const EXIT_CODES = `
Exit codes:
  0         sent and marked, or nothing to report, or a dry run
  1         not sent, or nobody can know; nothing is marked: the next run reports it
  2         wrong usage or configuration; nothing was attempted
  3         sent but not marked: the next run repeats it; the log names the jobs
  130, 143  stopped by SIGINT, SIGTERM before the mail left; nothing is marked
`

const EXAMPLES = `
Examples:
  job-alert digest                                send what is new, mark it; silent when there is nothing
  job-alert digest --dry-run                      what just failed? prints the mail, changes nothing
  job-alert digest --since 30d                    catch up on failures older than the window
  job-alert digest --since 2d --include-alerted   report again: the mail got lost, the address was wrong

Variables: DATABASE_URL, SENDGRID_API_KEY, ALERT_EMAIL_TO, FROM_EMAIL; the others are in .env.example.
`

const FORMATS = ['text', 'html', 'json'] as const
type Format = (typeof FORMATS)[number]

interface DigestOptions {
  readonly dryRun?: true
  readonly since?: Date
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
    .description('Mail every failure that nobody has been told about, and mark it as told.')
    .option('--dry-run', 'print what would be sent; sends and changes nothing, needs only the database')
    .option('--since <when>', `start there instead of 7 days ago: ${SINCE_ACCEPTS}`, (text) => parsedSince(text, now))
    .option('--include-alerted', 'with --since: also the failures that were reported before')
    .addOption(
      new Option('--format <format>', 'with --dry-run: text unless given; json has every job').choices(FORMATS),
    )
    .addOption(envFile)
    .addHelpText('after', EXIT_CODES + EXAMPLES)
    .action((options: DigestOptions, command: Command) => {
      if (options.includeAlerted && !options.since) command.error('error: --include-alerted needs --since <when>')
      if (options.format && !options.dryRun) command.error('error: --format needs --dry-run')
      return run(options.envFile, (env) => digest(options, env, now))
    })
  root
    .command('migrate')
    .description('Add the column and the indexes that digest needs. Safe to repeat, and while workers write.')
    .addOption(envFile)
    .addHelpText('after', '\nThe files of sql/ in order; "psql -f" runs them as well.')
    .action((options: { readonly envFile?: string }) => run(options.envFile, applyMigrations))
  return root
}

function parsedSince(text: string, now: Date): Date {
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
  const run: Run = { ...config, window, now, interruptions }
  try {
    if (mail) return outcomeSummary(await report(run, sendGrid(mail, config.presentation)))
    const found = await preview(run)
    await print(written(found, run, options.format ?? 'text'))
    return previewSummary(found)
  } finally {
    interruptions.dispose()
  }
}

function written({ message, jobs, older }: Preview, { window, presentation }: Run, format: Format): string {
  if (format === 'json') return jsonDigest(message?.subject ?? null, jobs, older, window, presentation)
  if (message === undefined) return ''
  return format === 'html' ? message.html : `Subject: ${message.subject}\n\n${message.text}`
}

async function applyMigrations(env: Environment): Promise<Summary> {
  const { database, logLevel } = migrateConfig(env)
  const log = logger(logLevel)
  await migrate(database, (file) => log.info({ file }, 'applying'))
  return { exitCode: 0, outcome: 'migrated', message: 'research_jobs has all that digest needs' }
}

/** Does the work, and ends in its summary line and exit code whatever happens. */
async function run(envFile: string | undefined, work: (env: Environment) => Promise<Summary>): Promise<void> {
  const started = performance.now()
  const { exitCode, outcome, message, details } = await summarized(envFile, work)
  const durationMs = Math.round(performance.now() - started)
  // At every LOG_LEVEL: a cron that has stopped is noticed by the absence of this line.
  const log = logger('info')
  log[exitCode === 0 ? 'info' : 'error']({ outcome, ...details, exitCode, durationMs }, oneLine(redact(message)))
  process.exitCode = exitCode
  exitSoon()
}

async function summarized(envFile: string | undefined, work: (env: Environment) => Promise<Summary>): Promise<Summary> {
  try {
    return await work(environment(envFile))
  } catch (error) {
    return errorSummary(error)
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

function logger(level: LogLevel): Logger {
  const formatters = { level: (label: string) => ({ level: label }) }
  return pino(
    { level, base: null, formatters, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  )
}

/** Resolves when stdout has taken all of it, or whoever read it has gone. Rejects when it cannot be written. */
function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: NodeJS.ErrnoException | null): void =>
      error && error.code !== 'EPIPE' ? reject(new Error(`cannot write to stdout (${error.code})`)) : resolve()
    process.stdout.once('error', finish)
    process.stdout.write(text, finish)
  })
}

// Pessimistic until an outcome is proven: a promise that never settles would end in 0.
process.exitCode = 1
try {
  await program(new Date()).parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? 0 : 2
}
