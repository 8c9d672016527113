import type { Environment } from '../config/reader.js'
import { type MailSettings, usableConfig } from '../config.js'
import { renderMessage } from '../mail/message.js'
import type { Presentation } from '../mail/presentation.js'
import { openSession } from '../postgres/session.js'
import { readScopes, sendGrid } from '../sendgrid/sendgrid.js'
import { type CheckOptions, ofDatabase } from './database.js'
import { bad, type Finding, good, said } from './finding.js'
import { sampleDigest } from './sample.js'

/** Looks into everything that a digest needs, and goes on after what is wrong. Only a test mail leaves a trace. */
export async function* check(env: Environment, options: CheckOptions): AsyncGenerator<Finding> {
  const { problems, database, mail, presentation, limits, heartbeatUrl } = usableConfig(env)
  for (const problem of problems) yield bad(2, `configuration: ${problem.replace(/:.*/s, '')}`, problem)
  if (problems.length === 0) yield good('configuration: complete')
  if (database) {
    const session = openSession(database)
    try {
      yield* ofDatabase(session, limits.run, options)
    } finally {
      await session.close()
    }
  }
  if (mail) yield* ofSendGrid(mail)
  yield said(
    heartbeatUrl ? 'heartbeat: HEARTBEAT_URL is set' : 'heartbeat: not set, so nobody notices a cron that stops',
  )
  if (mail && options.sendTest) yield* ofTestMail(mail, presentation, options)
}

async function* ofSendGrid(settings: MailSettings): AsyncGenerator<Finding> {
  const scopes = await readScopes(settings)
  if ('kind' in scopes)
    yield scopes.kind === 'refused'
      ? bad(1, `SendGrid: does not accept the key (${scopes.reason})`, 'set SENDGRID_API_KEY to a key that is valid')
      : bad(1, `SendGrid: ${scopes.reason}`, 'check SENDGRID_BASE_URL, and that this machine may connect to it')
  else if (scopes.includes('mail.send')) yield good('SendGrid: accepts the key, which may send')
  else yield bad(1, 'SendGrid: accepts the key, but it may not send', 'give the key the permission Mail Send')
  yield said(`sender: ${settings.from.name} <${settings.from.email}>`)
  yield said(`${settings.to.length === 1 ? 'recipient' : 'recipients'}: ${settings.to.join(', ')}`)
}

async function* ofTestMail(
  mail: MailSettings,
  presentation: Presentation,
  options: CheckOptions,
): AsyncGenerator<Finding> {
  const marked = { ...presentation, environment: ['TEST', presentation.environment].filter(Boolean).join(' ') }
  const message = renderMessage(sampleDigest(options.now, options.window), marked, () => {})
  const answer = await sendGrid(mail, marked)(message, options.stop)
  yield answer.kind === 'accepted'
    ? good(`test mail: SendGrid accepted it (message id ${answer.messageId}); see that it arrives`)
    : bad(1, `test mail: ${answer.reason}`, 'see what SendGrid says, and send it again')
}
