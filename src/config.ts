import { type DatabaseSettings, databaseSettings } from './config/database.js'
import { ConfigError, type Environment, Reader } from './config/reader.js'
import * as value from './config/values.js'
import type { Presentation } from './mail/presentation.js'
import { MINUTE } from './text/time.js'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What any request to SendGrid needs. */
export interface Account {
  readonly apiKey: string
  readonly baseUrl: string
  /** Bound on the whole exchange with SendGrid, retries included, in milliseconds. */
  readonly timeout: number
}

/** What a mail needs besides: its sender, and at least one recipient. */
export interface MailSettings extends Account {
  readonly from: { readonly email: string; readonly name: string }
  readonly to: readonly string[]
}

const SEND_TIMEOUT = 15_000

/** An environment that may be wrong in places: a wrong part is undefined, any other wrong value is its default. */
export interface Usable {
  readonly problems: readonly string[]
  readonly database: DatabaseSettings | undefined
  readonly presentation: Presentation
  readonly account: Account | undefined
  /** Undefined also for a dry run, which needs neither key nor recipient. */
  readonly mail: MailSettings | undefined
  /** Bound on all that comes before the mail, and on each statement, in milliseconds. */
  readonly runTimeout: number
  /** Milliseconds after its anchor at which the refresh is overdue; undefined: never. */
  readonly overdueAfter: number | undefined
  /** Requested after a digest that has seen the queue and ends with 0; a secret. */
  readonly heartbeatUrl: string | undefined
  readonly logLevel: LogLevel
}

/** What the environment tells a run of `digest`. */
export interface DigestConfig extends Omit<Usable, 'problems' | 'account'> {
  readonly database: DatabaseSettings
}

/** Environment → what a run of `digest` needs. Throws a ConfigError that names every problem. */
export function digestConfig(env: Environment, { dryRun }: { readonly dryRun: boolean }): DigestConfig {
  const { problems, database, account, ...config } = usableConfig(env, dryRun)
  if (problems.length > 0 || !database) throw new ConfigError(problems)
  return { ...config, database }
}

/** Environment → what `migrate` needs. Throws a ConfigError. */
export function migrateConfig(env: Environment): DigestConfig {
  const config = digestConfig(env, { dryRun: true })
  // Indexes are built outside a transaction, where a pooler may give each statement another session.
  if (config.database.searchPath === undefined) return config
  throw new ConfigError([
    'DATABASE_URL names a schema, which migrate cannot hold on to: remove it, and run "alter role … set search_path = …" for the owner of the table',
  ])
}

/** Environment → its usable parts and its problems. Never throws. */
export function usableConfig(env: Environment, dryRun = false): Usable {
  const reader = new Reader(env)
  return {
    problems: reader.problems,
    database: reader.part(databaseSettings),
    presentation: {
      adminBaseUrl: reader.optional('ADMIN_BASE_URL', value.ADMIN_URL, 'https://admin.approachnote.com'),
      timezone: reader.optional('ALERT_TIMEZONE', value.TIMEZONE, 'UTC'),
      environment: reader.optional('ALERT_ENVIRONMENT', value.name(20), undefined),
    },
    ...(dryRun ? { account: undefined, mail: undefined, heartbeatUrl: undefined } : sending(reader)),
    runTimeout: reader.optional('RUN_TIMEOUT', value.TIMEOUT, 5 * MINUTE),
    overdueAfter: reader.optional('REFRESH_OVERDUE_AFTER', value.OVERDUE_AFTER, undefined),
    logLevel: reader.optional('LOG_LEVEL', value.oneOf(LOG_LEVELS), 'info'),
  }
}

function sending(reader: Reader): Pick<Usable, 'account' | 'mail' | 'heartbeatUrl'> {
  const key = reader.part(() => ({
    apiKey: reader.required('SENDGRID_API_KEY', value.API_KEY, 'create one with Mail Send permission in SendGrid'),
    baseUrl: reader.optional('SENDGRID_BASE_URL', value.SENDGRID_URL, 'https://api.sendgrid.com'),
  }))
  const addresses = reader.part(() => {
    const email = reader.required('FROM_EMAIL', value.ADDRESS, 'set it to a sender that SendGrid has verified')
    const from = { email, name: reader.optional('FROM_NAME', value.name(80), 'Job alerts') }
    const cure = 'set it to the addresses that get the mail, comma-separated'
    return { from, to: reader.required('ALERT_EMAIL_TO', value.recipients, cure) }
  })
  const timeout = reader.part(() => reader.optional('SEND_TIMEOUT', value.TIMEOUT, SEND_TIMEOUT))
  // If only SEND_TIMEOUT is wrong, `check` tries the key with the default.
  const account = key && { ...key, timeout: timeout ?? SEND_TIMEOUT }
  const heartbeatUrl = reader.optional('HEARTBEAT_URL', value.HEARTBEAT_URL, undefined)
  return { account, mail: timeout && account && addresses ? { ...account, ...addresses } : undefined, heartbeatUrl }
}
