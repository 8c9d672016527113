import { type DatabaseSettings, databaseSettings } from './config/database.js'
import { type Environment, Reader } from './config/reader.js'
import * as value from './config/values.js'
import type { Presentation } from './mail/presentation.js'
import { parseDuration } from './text/time.js'

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

/** What a run of `digest` is told by its environment. */
export interface DigestConfig {
  readonly database: DatabaseSettings
  readonly presentation: Presentation
  /** Undefined for a dry run, which needs neither key nor recipient. */
  readonly mail: MailSettings | undefined
  /** Bound on the run as a whole, on each statement and on an abandoned transaction, in milliseconds. */
  readonly runTimeout: number
  /** A refresh whose last success is longer ago, in milliseconds, is overdue; undefined: never. */
  readonly overdueAfter: number | undefined
  /** Requested after a run that ended well; a secret. */
  readonly heartbeatUrl: string | undefined
  readonly logLevel: LogLevel
}

const SEND_TIMEOUT = '15s'
const RUN_TIMEOUT = '60s'

/** Environment → what a run of `digest` needs. Throws a ConfigError that names every problem. */
export function digestConfig(env: Environment, { dryRun }: { readonly dryRun: boolean }): DigestConfig {
  const reader = new Reader(env)
  return reader.finish(digestSettings(reader, dryRun))
}

function digestSettings(reader: Reader, dryRun: boolean): DigestConfig {
  const config = {
    database: databaseSettings(reader),
    presentation: presentation(reader),
    mail: dryRun ? undefined : mailSettings(reader),
    runTimeout: reader.optional('RUN_TIMEOUT', value.TIMEOUT, parseDuration(RUN_TIMEOUT) as number),
    overdueAfter: reader.optional('REFRESH_OVERDUE_AFTER', value.OVERDUE_AFTER, undefined),
    heartbeatUrl: dryRun ? undefined : reader.optional('HEARTBEAT_URL', value.HEARTBEAT_URL, undefined),
    logLevel: logLevel(reader),
  }
  if (config.mail && config.mail.timeout >= config.runTimeout)
    reader.problems.push(
      reader.text('SEND_TIMEOUT') === undefined
        ? `RUN_TIMEOUT must be longer than SEND_TIMEOUT, which is ${SEND_TIMEOUT} unless set`
        : 'SEND_TIMEOUT must be shorter than RUN_TIMEOUT',
    )
  return config
}

/** Environment → what `migrate` needs. Throws a ConfigError. */
export function migrateConfig(env: Environment): Pick<DigestConfig, 'database' | 'logLevel'> {
  const reader = new Reader(env)
  return reader.finish({ database: databaseSettings(reader), logLevel: logLevel(reader) })
}

/** What can be used of an environment that may be wrong in places; a part that is wrong is undefined. */
export interface Usable extends Omit<DigestConfig, 'database'> {
  readonly problems: readonly string[]
  readonly database: DatabaseSettings | undefined
  readonly account: Account | undefined
}

/** Environment → what `check` can look into. Never throws. */
export function usableConfig(env: Environment): Usable {
  const whole = new Reader(env)
  const config = digestSettings(whole, false)
  const part = <T>(readPart: (reader: Reader) => T): T | undefined => {
    const reader = new Reader(env)
    const read = readPart(reader)
    return reader.problems.length === 0 ? read : undefined
  }
  return {
    ...config,
    problems: whole.problems,
    database: part(databaseSettings),
    // Where only SEND_TIMEOUT is wrong, the key can be tried with the default.
    account: part(keySettings) && config.mail,
    mail: part(mailSettings),
  }
}

function logLevel(reader: Reader): LogLevel {
  return reader.optional('LOG_LEVEL', value.oneOf(LOG_LEVELS), 'info')
}

function presentation(reader: Reader): Presentation {
  return {
    adminBaseUrl: reader.optional('ADMIN_BASE_URL', value.ADMIN_URL, 'https://admin.approachnote.com'),
    timezone: reader.optional('ALERT_TIMEZONE', value.TIMEZONE, 'UTC'),
    environment: reader.optional('ALERT_ENVIRONMENT', value.name(20), undefined),
  }
}

function mailSettings(reader: Reader): MailSettings {
  return {
    ...keySettings(reader),
    from: {
      email: reader.required('FROM_EMAIL', value.ADDRESS, 'set it to a sender that SendGrid has verified'),
      name: reader.optional('FROM_NAME', value.name(80), 'Job alerts'),
    },
    to: reader.required(
      'ALERT_EMAIL_TO',
      value.recipients,
      'set it to the addresses that get the mail, comma-separated',
    ),
    timeout: reader.optional('SEND_TIMEOUT', value.TIMEOUT, parseDuration(SEND_TIMEOUT) as number),
  }
}

function keySettings(reader: Reader): Omit<Account, 'timeout'> {
  return {
    apiKey: reader.required('SENDGRID_API_KEY', value.API_KEY, 'create one with Mail Send permission in SendGrid'),
    baseUrl: reader.optional('SENDGRID_BASE_URL', value.SENDGRID_URL, 'https://api.sendgrid.com'),
  }
}
