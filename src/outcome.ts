import { ConfigError } from './config/reader.js'
import { isExpected, reasonOf, stackOf } from './errors.js'
import { Interrupted } from './interruption.js'
import { NotMarked } from './queue/failures.js'
import { NotPrepared } from './queue/prepared.js'
import type { Busy, Found, Outcome } from './report.js'
import { list, plural } from './text/words.js'

/** Ids in the last line: a log may cut a line with all ids of a storm. */
const IDS_LOGGED = 1_000

/** The help and the README say what each means. */
export type ExitCode = 0 | 1 | 2 | 3 | 130 | 143

/** The line that every run ends in, and its exit code. */
export interface Summary {
  readonly exitCode: ExitCode
  readonly outcome: string
  /** A sentence for the operator. */
  readonly message: string
  /** Each problem of the configuration by itself. */
  readonly problems?: readonly string[]
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** Outcome of a run → its last line and exit code. */
export function outcomeSummary(outcome: Outcome): Summary {
  const end = (exitCode: ExitCode, message: string, details?: Summary['details']): Summary => ({
    exitCode,
    outcome: outcome.is,
    message,
    details,
  })
  switch (outcome.is) {
    case 'nothing to report':
      return end(0, nothingNew(outcome), counts(outcome))
    case 'another run is at work':
      return end(0, 'another run is at work, so this one did nothing; after --since or --include-alerted, run it again')
    case 'another run hangs':
      return end(1, hanging(outcome), { pid: outcome.pid })
    case 'sent': {
      const { found, messageId } = outcome
      const marked = named(outcome, `its ${plural(found, 'failure')}`, 'the overdue refresh')
      const message = `SendGrid accepted the mail, and ${marked} ${isOne(outcome) ? 'is' : 'are'} marked as reported`
      return end(0, message, { ...counts(outcome, found), messageId })
    }
    case 'not sent':
    case 'outcome unknown': {
      const [became, repeated] =
        outcome.is === 'not sent' ? ['was not', ''] : ['may or may not have been', ', perhaps again']
      const next = `the next run with the same options reports ${isOne(outcome) ? 'it' : 'them'}${repeated}`
      const message = sentences(
        outcome.reason,
        `the ${mailAbout(outcome)} ${became} sent`,
        `nothing is marked, and ${next}`,
      )
      return end(1, message, counts(outcome))
    }
    case 'sent but not marked':
    case 'sent, perhaps not marked': {
      const { is, ids, messageId, error } = outcome
      const [marked, repeats] =
        is === 'sent but not marked' ? ['could not', 'repeats'] : ['may or may not', 'may repeat']
      const message = `the ${mailAbout(outcome)} was sent, but what it reports ${marked} be marked (${reasonOf(error)}); the next run with the same options ${repeats} it`
      return end(3, message, { ...counts(outcome), messageId, jobIds: ids.slice(0, IDS_LOGGED) })
    }
  }
}

function hanging({ pid, since }: Busy): string {
  return `another run has held the lock since ${since?.toISOString()}, longer than a run may take, and may be waiting for a standby; nothing was reported; once you know why, end it with "select pg_terminate_backend(${pid})"`
}

/** What a run found, by the given words: "its 3 failures and the overdue refresh". */
function named({ found, overdue }: Found, failures: string, refresh: string): string {
  return list([...(found > 0 ? [failures] : []), ...(overdue ? [refresh] : [])])
}

function isOne({ found, overdue }: Found): boolean {
  return found + Number(overdue) === 1
}

function mailAbout(found: Found): string {
  return `mail about ${named(found, plural(found.found, 'failed job'), 'an overdue refresh')}`
}

/** What a dry run found → its last line; always exit code 0. */
export function previewSummary(found: Found): Summary {
  const message =
    found.found > 0 || found.overdue ? `would send a ${mailAbout(found)}; changed nothing` : nothingNew(found)
  return { exitCode: 0, outcome: 'dry run', message, details: counts(found) }
}

/** Of failures that are due and not in the mail, although it has room. */
export const LEFT = 'left to the next run: locked by somebody else, or newer than this run'

function nothingNew({ older, locked }: Found): string {
  return sentences(
    'no new failures to report',
    ...(older.count > 0 ? [`${plural(older.count, 'older one')} ${were(older.count)} never reported`] : []),
    ...(locked > 0 ? [`${plural(locked, 'failure')} ${were(locked)} ${LEFT}`] : []),
  )
}

const were = (count: number): string => (count === 1 ? 'was' : 'were')

/** Exit codes of the findings of `check` that are wrong → the last line of `check`. */
export function checkSummary(codes: readonly (0 | 1 | 2)[]): Summary {
  const exitCode = codes.includes(2) ? 2 : codes.includes(1) ? 1 : 0
  const wrong = codes.length === 1 ? 'one thing is wrong' : `${codes.length} things are wrong`
  if (exitCode !== 0) return { exitCode, outcome: 'check failed', message: `a digest would not work: ${wrong}` }
  const but = codes.length > 0 ? `, but ${wrong}` : ''
  return { exitCode, outcome: 'check passed', message: `a digest would work${but}` }
}

/** The last line of a migration that has succeeded. */
export const MIGRATED: Summary = {
  exitCode: 0,
  outcome: 'migrated',
  message: 'research_jobs has everything digest needs',
}

/** An error → the last line. A digest throws only before the send. `effects` says what an error leaves behind. */
export function errorSummary(error: unknown, effects: string): Summary {
  if (error instanceof ConfigError)
    return { exitCode: 2, outcome: 'wrong configuration', message: error.message, problems: error.problems }
  if (error instanceof NotPrepared) return { exitCode: 2, outcome: 'not prepared', message: error.message }
  const message = sentences(reasonOf(error), effects)
  if (error instanceof Interrupted && error.signal)
    return { exitCode: error.signal === 'SIGINT' ? 130 : 143, outcome: 'stopped', message }
  // The stack of a fault that interrupted the run is in the log already.
  const details =
    error instanceof Interrupted || error instanceof NotMarked || isExpected(error)
      ? undefined
      : { stack: stackOf(error) }
  return { exitCode: 1, outcome: 'failed', message, details }
}

function counts({ found, overdue, older, waiting, locked }: Found, reported = 0): Summary['details'] {
  return { found, reported, ...(overdue ? { overdue } : {}), olderUnreported: older.count, waiting, locked }
}

/** Joined by semicolons, without full stops before them: a server's message may end in one. */
function sentences(...parts: readonly string[]): string {
  return parts.map((part) => part.trim().replace(/[.;]+$/, '')).join('; ')
}
