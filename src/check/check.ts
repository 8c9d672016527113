import type { Account, DigestConfig, MailSettings, Usable } from '../config.js'
import { type Interruptions, interruptible } from '../interruption.js'
import { renderMessage } from '../mail/message.js'
import type { Presentation } from '../mail/presentation.js'
import { type Run, WINDOW } from '../report.js'
import { readKeyProblem, sendGrid } from '../sendgrid/sendgrid.js'
import { ofDatabase } from './database.js'
import { bad, type Finding, good, said, wrong } from './finding.js'
import { sampleDigest } from './sample.js'

/**
 * Tests everything that a digest needs, and goes on after a finding that is wrong. Only a test mail leaves a trace.
 * Throws the reason of an interruption as soon as it comes.
 */
export async function* check(config: Usable, interruptions: Interruptions, sendTest: boolean): AsyncGenerator<Finding> {
  const { problems, database, account, mail, heartbeatUrl } = config
  const { stop } = interruptions
  for (const problem of problems) yield wrong(2, 'configuration', problem)
  if (problems.length === 0) yield good('configuration: complete')
  if (database) yield* ofDigest({ ...config, database }, interruptions)
  if (account) yield await ofKey(account, stop)
  if (mail) {
    const { from, to } = mail
    yield said(`sender: ${from.name} <${from.email}>`)
    yield said(`${to.length === 1 ? 'recipient' : 'recipients'}: ${to.join(', ')}`)
  }
  if (heartbeatUrl) yield said('heartbeat: HEARTBEAT_URL is set')
  else if (!problems.some((problem) => problem.startsWith('HEARTBEAT_URL')))
    yield said('heartbeat: HEARTBEAT_URL is not set; nothing will alert you if the cron stops running')
  if (sendTest) yield mail ? await ofTestMail(mail, config.presentation, stop) : UNSENDABLE
}

/** Findings of the database, then what the rehearsed digest has warned of. */
async function* ofDigest(config: DigestConfig, interruptions: Interruptions): AsyncGenerator<Finding> {
  const noticed: Finding[] = []
  const run: Run = {
    ...config,
    since: WINDOW,
    includeAlerted: false,
    sendTimeout: config.mail?.timeout ?? 0,
    interruptions,
    log: {
      warn: (message) => noticed.push(bad(0, `clock: ${message}`)),
      error: (message) => noticed.push(bad(0, `mail: ${message}`, 'see the stack that "digest --dry-run" logs')),
    },
    render: (digest) => renderMessage(digest, config.presentation),
  }
  yield* ofDatabase(run)
  yield* noticed
}

async function ofKey(account: Account, stop: AbortSignal): Promise<Finding> {
  const problem = await interruptible(readKeyProblem(account, stop), stop)
  return problem
    ? bad(1, `sending: ${problem.reason}`, problem.cure)
    : good('sending: SendGrid accepts the key, which may send')
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
  return answer.is === 'accepted'
    ? good(`test mail: SendGrid accepted it (message id ${answer.messageId}); make sure it arrives`)
    : bad(1, `test mail: ${answer.reason}`, 'fix that, then run check --send-test again')
}
