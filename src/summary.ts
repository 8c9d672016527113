import { ConfigError } from './config.js'
import { type Backlog, MissingMigration } from './failures.js'
import { Interrupted } from './interruptions.js'
import { plural } from './render/letter.js'
import type { Outcome, Preview } from './report.js'

/** The line that every run ends in, and its exit code. */
export interface Summary {
  readonly exitCode: 0 | 1 | 2 | 3 | 130 | 143
  readonly outcome: string
  /** A sentence for the operator. */
  readonly message: string
  readonly details?: Readonly<Record<string, unknown>>
}

const NEXT_RUN = 'nothing is marked, the next run reports it'
/** A storm's ids would make a line that no log keeps whole. */
const IDS_LOGGED = 1_000

export function outcomeSummary(outcome: Outcome): Summary {
  switch (outcome.kind) {
    case 'nothing to report':
      return {
        exitCode: 0,
        outcome: outcome.kind,
        message: 'no failure that has not been reported',
        details: counts(0, 0, outcome.older),
      }
    case 'another run is at work':
      return { exitCode: 0, outcome: outcome.kind, message: 'another run holds the lock and reports what there is' }
    case 'sent':
      return {
        exitCode: 0,
        outcome: outcome.kind,
        message: `mail about ${plural(outcome.found, 'failed job')} accepted by SendGrid, and marked`,
        details: { ...counts(outcome.found, outcome.found, outcome.older), messageId: outcome.messageId },
      }
    case 'not sent':
      return {
        exitCode: 1,
        outcome: outcome.error.unknown ? 'outcome unknown' : 'not sent',
        message: outcome.error.unknown
          ? `${outcome.error.message}; whether the mail about ${plural(outcome.found, 'failed job')} went out is unknown; ${NEXT_RUN}, perhaps again`
          : `${outcome.error.message}; the mail about ${plural(outcome.found, 'failed job')} was not sent; ${NEXT_RUN}`,
        details: counts(outcome.found, 0, outcome.older),
      }
    case 'sent but not marked':
      return {
        exitCode: 3,
        outcome: outcome.kind,
        message: outcome.proven
          ? `the mail about ${plural(outcome.found, 'failed job')} went out, but they could not be marked (${reason(outcome.error)}); the next run repeats it`
          : `the mail about ${plural(outcome.found, 'failed job')} went out, but whether they are marked is not known (${reason(outcome.error)}); the next run may repeat it`,
        details: {
          ...counts(outcome.found, 0, outcome.older),
          messageId: outcome.messageId,
          jobIds: outcome.ids.slice(0, IDS_LOGGED),
        },
      }
  }
}

export function previewSummary({ jobs: found, older }: Preview): Summary {
  return {
    exitCode: 0,
    outcome: 'dry run',
    message:
      found.length === 0
        ? 'nothing to report'
        : `would send a mail about ${plural(found.length, 'failed job')}; changed nothing`,
    details: counts(found.length, 0, older),
  }
}

/** Whatever was thrown came before the mail: nothing was sent, nothing is marked. */
export function errorSummary(error: unknown): Summary {
  if (error instanceof ConfigError) return { exitCode: 2, outcome: 'wrong configuration', message: error.message }
  if (error instanceof MissingMigration) return { exitCode: 2, outcome: 'not migrated', message: error.message }
  if (error instanceof Interrupted && error.signal)
    return {
      exitCode: error.signal === 'SIGINT' ? 130 : 143,
      outcome: 'stopped',
      message: `${error.message} before the mail was sent; nothing is marked`,
    }
  return { exitCode: 1, outcome: 'failed', message: `${reason(error)}; nothing was sent or marked` }
}

function counts(found: number, reported: number, older: Backlog): Readonly<Record<string, unknown>> {
  return { found, reported, olderUnreported: older.count }
}

function reason(error: unknown): string {
  const { message, code, syscall } = error as NodeJS.ErrnoException
  if (syscall) return `the connection to the database broke (${code})`
  return code && !message.includes(code) ? `${message}, ${code}` : message
}
