import type { Environment } from '../config/reader.js'
import { type Account, type MailSettings, usableConfig } from '../config.js'
import { interruptible } from '../interruption.js'
import { renderMessage } from '../mail/message.js'
import type { Presentation } from '../mail/presentation.js'
import { readScopes, sendGrid } from '../sendgrid/sendgrid.js'
import { type CheckContext, ofDatabase } from './database.js'
import { bad, type Finding, good, said } from './finding.js'
import { sampleDigest } from './sample.js'

/**
 * Looks into everything that a digest needs, and goes on after what is wrong. Only a test mail leaves a trace.
 * Throws the reason of `options.stop` as soon as that is aborted.
 */
export async function* check(env: Environment, options: CheckContext): AsyncGenerator<Finding> {
  const { problems, database, account, mail, presentation, heartbeatUrl, ...config } = usableConfig(env)
  for (const problem of problems) yield ofProblem(problem)
  if (problems.length === 0) yield good('configuration: complete')
  if (database) yield* ofDatabase(database, config, options)
  if (account) yield await ofKey(account, options)
  if (mail) yield* ofMail(mail)
  yield said(
    heartbeatUrl
      ? 'heartbeat: HEARTBEAT_URL is set'
      : 'heartbeat: HEARTBEAT_URL is not set; nothing will alert you if the cron stops running',
  )
  if (options.sendTest) yield mail ? await ofTestMail(mail, presentation, options) : UNSENDABLE
}

/** What is missing is said with its cure below; any other problem says itself what is accepted. */
function ofProblem(problem: string): Finding {
  const [, missing = problem, cure] = /^(.* is missing): (.*)$/s.exec(problem) ?? []
  return bad(2, `configuration: ${missing}`, cure)
}

const KEY_CURES = {
  'key refused': 'set SENDGRID_API_KEY to a key that is valid',
  busy: 'SendGrid is busy: run check again in a few minutes',
  elsewhere: 'check SENDGRID_BASE_URL',
  refused: 'check SENDGRID_BASE_URL',
  'not taken': 'check SENDGRID_BASE_URL, and that this machine may connect to it',
  unknown: 'check SENDGRID_BASE_URL, and that this machine may connect to it',
} as const

async function ofKey(account: Account, { stop }: CheckContext): Promise<Finding> {
  const scopes = await interruptible(readScopes(account, stop), stop)
  if ('kind' in scopes) {
    const { kind, reason } = scopes
    const text = kind === 'key refused' ? `SendGrid does not accept the key (${reason})` : reason
    return bad(1, `sending: ${text}`, KEY_CURES[kind])
  }
  if (scopes.includes('mail.send')) return good('sending: SendGrid accepts the key, which may send')
  return bad(1, 'sending: SendGrid accepts the key, but it may not send', 'give the key the permission Mail Send')
}

function* ofMail({ from, to }: MailSettings): Generator<Finding> {
  yield said(`sender: ${from.name} <${from.email}>`)
  yield said(`${to.length === 1 ? 'recipient' : 'recipients'}: ${to.join(', ')}`)
}

const UNSENDABLE = bad(
  2,
  'test mail: not sent, because a variable of the mail is missing or wrong',
  'fix the configuration above, then run check --send-test again',
)

async function ofTestMail(
  mail: MailSettings,
  presentation: Presentation,
  { now, window, stop }: CheckContext,
): Promise<Finding> {
  const marked = { ...presentation, environment: ['TEST', presentation.environment].filter(Boolean).join(' ') }
  const message = renderMessage(sampleDigest(now, window), marked, () => {})
  const answer = await interruptible(sendGrid(mail, marked)(message, stop), stop)
  return answer.kind === 'accepted'
    ? good(`test mail: SendGrid accepted it (message id ${answer.messageId}); make sure it arrives`)
    : bad(1, `test mail: ${answer.reason}`, 'fix that, then run check --send-test again')
}
