import { check } from '../../src/check/check.js'
import { type Finding, findingLine } from '../../src/check/finding.js'
import { type DigestConfig, digestConfig, migrateConfig, usableConfig } from '../../src/config.js'
import { type Message, renderMessage } from '../../src/mail/message.js'
import { migrate } from '../../src/migrate.js'
import {
  checkSummary,
  errorSummary,
  MIGRATED,
  outcomeSummary,
  previewSummary,
  type Summary,
} from '../../src/outcome.js'
import { preview, type Run, report, WINDOW } from '../../src/report.js'
import { sendGrid } from '../../src/sendgrid/sendgrid.js'
import type { Finished, Variables } from './command.js'
import { UNUSED_LOG } from './jobs.js'

/** What a run decides, as its process would end in it. */
export type Ended = Pick<Finished, 'code' | 'summary'>
export type Options = Partial<Pick<Run, 'since' | 'includeAlerted'>>

export interface Previewed extends Ended {
  /** In the order in which they were read. */
  readonly ids: readonly number[]
  /** Undefined when there is nothing to report. */
  readonly message: Message | undefined
}

export type Checked = Ended & Pick<Finished, 'stdout'>

/**
 * `job-alert digest`, without a process of its own: the same configuration, transaction and request in a twentieth of
 * the time, for rules about what a run reports. How a process starts, logs, is interrupted and ends is not in it.
 * Throws what a run would have to log.
 */
export function reportHere(variables: Variables, options: Options = {}): Promise<Ended> {
  return ended(async () => {
    const { mail, ...config } = digestConfig(variables, { dryRun: false })
    if (!mail) throw new Error('no settings for the mail')
    const run = { ...runOf(config, options), sendTimeout: mail.timeout }
    return outcomeSummary(await report(run, sendGrid(mail, config.presentation)))
  })
}

/** `job-alert digest --dry-run`, likewise. */
export async function previewHere(variables: Variables, options: Options = {}): Promise<Previewed> {
  const ids: number[] = []
  let message: Message | undefined
  const end = await ended(async () => {
    const run = runOf(digestConfig(variables, { dryRun: true }), options)
    const gathered = await preview(run, (jobs) => void ids.push(...jobs.map(({ id }) => Number(id))))
    message = gathered.message
    return previewSummary(gathered)
  })
  return { ...end, ids, message }
}

/** `job-alert check`, likewise. */
export async function checkHere(variables: Variables, { sendTest = false } = {}): Promise<Checked> {
  const findings: Finding[] = []
  const end = await ended(async () => {
    for await (const finding of check(usableConfig(variables), NEVER, sendTest)) findings.push(finding)
    return checkSummary(findings.flatMap((finding) => finding.exitCode ?? []))
  })
  return { ...end, stdout: findings.map(findingLine).join('') }
}

/** `job-alert migrate`, likewise; says nothing on the way. */
export function migrateHere(variables: Variables): Promise<Ended> {
  return ended(async () => {
    await migrate(migrateConfig(variables).database, () => {}, never)
    return MIGRATED
  })
}

const never = new AbortController().signal
const NEVER: Run['interruptions'] = { stop: never, abort: never, sending: () => {} }

function runOf(config: Omit<DigestConfig, 'mail'>, { since = WINDOW, includeAlerted = false }: Options): Run {
  return {
    ...config,
    since,
    includeAlerted,
    sendTimeout: 0,
    interruptions: NEVER,
    log: UNUSED_LOG,
    render: (digest) => renderMessage(digest, config.presentation),
  }
}

async function ended(work: () => Promise<Summary>): Promise<Ended> {
  const summary = await work().catch((error) => errorSummary(error, 'nothing was sent or marked'))
  const { exitCode, outcome, message, details } = summary
  return { code: exitCode, summary: { outcome, ...details, exitCode, msg: message } }
}
