import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { applyMigrations, type CheckOptions, checked, type DigestOptions, digest, FORMATS } from './commands.js'
import { type Environment, readEnvironment } from './config/reader.js'
import { CHECK_HELP, DIGEST_HELP, MIGRATE_HELP, PROGRAM_HELP } from './help.js'
import { exitSoon } from './interruption.js'
import { errorSummary, type Summary } from './outcome.js'
import { flushed, openLog, outliveReaders } from './output.js'
import { redact } from './text/redact.js'
import { parseSince, SINCE_ACCEPTS, type Since } from './text/time.js'
import { oneLine } from './text/words.js'

const UNCHANGED = 'nothing was changed'

interface EnvOptions {
  readonly env?: string
  readonly envFile?: string
}

function program(): Command {
  const { version, description } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const root = new Command('job-alert')
    .description(description)
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', PROGRAM_HELP)
    .configureOutput({ outputError: (text, write) => write(redact(withNearMiss(text, root))) })
    .showHelpAfterError('See job-alert --help.')
    .exitOverride()
  const command = (name: string, summary: string): Command =>
    root
      .command(name)
      .description(summary)
      .showHelpAfterError(`See job-alert ${name} --help.`)
      .option('--env <path>', 'read variables from this file instead of ./.env; variables already set take precedence')
      // Hidden: Node 20 takes --env-file for an option of its own, wherever it stands.
      .addOption(new Option('--env-file <path>').hideHelp())
  command('digest', 'Mail every failure that has not been reported yet, and mark it as reported.')
    .option('--dry-run', 'print what would be sent; sends and changes nothing, needs only the database')
    .option('--since <when>', `start of the window (default: 7 days ago): ${SINCE_ACCEPTS}`, parsedSince)
    .option('--include-alerted', 'with --since: also the failures that were reported before')
    .addOption(new Option('--format <format>', 'with --dry-run (default: text); json has every job').choices(FORMATS))
    .addHelpText('after', DIGEST_HELP)
    .action((options: DigestOptions & EnvOptions, own: Command) => {
      if (options.includeAlerted && !options.since) own.error('error: --include-alerted needs --since <when>')
      if (options.format && !options.dryRun) own.error('error: --format needs --dry-run')
      return run(options, 'nothing was sent or marked', (env) => digest(options, env))
    })
  command(
    'check',
    'Check whether a digest would work, and say how to fix what would not. Changes nothing in the database.',
  )
    .option('--send-test', 'send a mail about made-up failures, marked TEST, to ALERT_EMAIL_TO')
    .addHelpText('after', CHECK_HELP)
    .action((options: CheckOptions & EnvOptions) =>
      run(options, options.sendTest ? `${UNCHANGED}, and a test mail may have been sent` : UNCHANGED, (env) =>
        checked(options, env),
      ),
    )
  command('migrate', 'Add the column and the indexes that digest needs. Safe to repeat, and safe while workers run.')
    .addHelpText('after', MIGRATE_HELP)
    .action((options: EnvOptions) =>
      run(options, 'changes already made stay; run migrate again to finish', applyMigrations),
    )
  return root
}

/** commander's error, with the option of any command that begins as typed: --dry, or --dryrun without a command. */
function withNearMiss(text: string, root: Command): string {
  const [, typed] = /^error: unknown option '-*([^'=]+)/.exec(text) ?? []
  const letters = (option = '') => option.replaceAll('-', '')
  const own = root.commands.filter((command) => command.name() === root.args[0])
  const [near] = [...own, ...root.commands].flatMap((command) =>
    command.options
      .filter(({ long, hidden }) => typed && !hidden && letters(long).startsWith(letters(typed)))
      .map(({ long }) => `${command.name()} ${long}`),
  )
  // Replaces commander's own suggestion, which is chosen by spelling within one command, whatever it means.
  return near ? text.replace(/\(Did you mean .*\)\n|$/, `(Did you mean job-alert ${near}?)\n`) : text
}

function parsedSince(text: string): Since {
  try {
    return parseSince(text)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

/** Does `work`, and always ends in a summary line and an exit code. */
async function run(
  { env, envFile }: EnvOptions,
  effects: string,
  work: (env: Environment) => Promise<Summary>,
): Promise<void> {
  const started = performance.now()
  // Until an outcome is proven: Node would exit with 13 if a promise never settled.
  process.exitCode = 1
  const summary = await Promise.resolve(env ?? envFile)
    .then((path) => work(readEnvironment(path, process.env)))
    .catch((error) => errorSummary(error, effects))
  // Set before the last line, because that may be impossible to write.
  process.exitCode = summary.exitCode
  const durationMs = Math.round(performance.now() - started)
  conclude(summary, durationMs)
  exitSoon()
}

/** Writes the last line, at every LOG_LEVEL: its absence shows that the cron has stopped. */
function conclude({ exitCode, outcome, message, problems, details }: Summary, durationMs: number): void {
  const log = openLog('info')
  const text = oneLine(redact(message))
  const say = exitCode === 0 ? log.info : log.error
  if (!process.stderr.isTTY) {
    say(text, { outcome, ...details, exitCode, durationMs })
    return
  }
  for (const problem of problems ?? []) log.error(`✗ ${oneLine(redact(problem))}`)
  const sentence = problems ? `${outcome}; nothing was attempted` : text
  const took = `${(durationMs / 1_000).toFixed(1)} s`
  say(`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)} (exit code ${exitCode}, ${took}).`, details)
}

outliveReaders()
try {
  await program().parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  const written = flushed().then(
    () => 0,
    () => 1,
  )
  process.exitCode = error.exitCode === 0 ? await written : 2
}
