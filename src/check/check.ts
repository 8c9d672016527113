import type { DatabaseSettings } from '../config/database.js'
import type { Account, MailSettings, Usable } from '../config.js'
import { interruptible } from '../interruption.js'
import { renderMessage } from '../mail/message.js'
import type { Presentation } from '../mail/presentation.js'
import type { Fault, Run } from '../report.js'
import { readScopes, sendGrid } from '../sendgrid/sendgrid.js'
import { ofDatabase } from './database.js'
import { bad, type Finding, good, said } from './finding.js'
import { sampleDigest } from './sample.js'

/** What a check is told, and what may cut it short. */
export interface CheckContext extends Omit<Run, 'database' | 'render' | 'onFault' | 'warn'> {
  readonly presentation: Presentation
  readonly sendTest: boolean
}

/**
 * Looks into everything that a digest needs, and goes on after what is wrong. Only a test mail leaves a trace.
 * Throws the reason of the interruption as soon as it is stopped.
 */
export async function* check(config: Usable, context: CheckContext): AsyncGenerator<Finding> {
  const { problems, database, account, mail } = config
  const { stop } = context.interruptions
  for (const problem of problems) yield ofProblem(problem)
  if (problems.length === 0) yield good('configuration: complete')
  if (database) yield* ofDigest(database, context)
  if (account) yield await ofKey(account, stop)
  if (mail) yield* ofMail(mail)
  if (config.heartbeatUrl) yield said('heartbeat: HEARTBEAT_URL is set')
  else if (!problems.some((problem) => problem.startsWith('HEARTBEAT_URL')))
    yield said('heartbeat: HEARTBEAT_URL is not set; nothing will alert you if the cron stops running')
  if (context.sendTest) yield mail ? await ofTestMail(mail, context.presentation, stop) : UNSENDABLE
}

/** The database, and what a digest complained of on the way. */
async function* ofDigest(database: DatabaseSettings, context: CheckContext): AsyncGenerator<Finding> {
  const noticed: Finding[] = []
  const onFault = ({ error }: Fault): void =>
    void noticed.push(bad(0, `mail: it could not be written as it should be (${(error as Error).message})`))
  yield* ofDatabase({
    ...context,
    database,
    warn: (message) => noticed.push(bad(0, `clock: ${message}`)),
    render: (digest) => renderMessage(digest, context.presentation),
    onFault,
  })
  yield* noticed
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

async function ofKey(account: Account, stop: AbortSignal): Promise<Finding> {
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

async function ofTestMail(mail: MailSettings, presentation: Presentation, stop: AbortSignal): Promise<Finding> {
  const marked = { ...presentation, environment: ['TEST', presentation.environment].filter(Boolean).join(' ') }
  const message = renderMessage(sampleDigest(new Date()), marked)
  const answer = await interruptible(sendGrid(mail, marked)(message, stop), stop)
  return answer.kind === 'accepted'
    ? good(`test mail: SendGrid accepted it (message id ${answer.messageId}); make sure it arrives`)
    : bad(1, `test mail: ${answer.reason}`, 'fix that, then run check --send-test again')
}
