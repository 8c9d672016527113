import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import client from '@sendgrid/client'
import mail from '@sendgrid/mail'
import type { MailDataRequired } from '@sendgrid/mail/src/mail.js'
import type { Account, MailSettings } from '../config.js'
import type { Message } from '../mail/message.js'
import type { Presentation } from '../mail/presentation.js'
import { type Answer, answered, connected, judge, readBody } from './exchange.js'

/** Settles when SendGrid has answered or `signal` is aborted; never rejects. */
export type SendMail = (message: Message, signal: AbortSignal) => Promise<Answer>

/** Pauses before the second and third attempt, in milliseconds; SEND_TIMEOUT bounds them as well. */
const PAUSES = [500, 1_500]

/** A sender for these settings. */
export function sendGrid(settings: MailSettings, { environment }: Presentation): SendMail {
  return (message, signal) =>
    connected(settings, signal, async (attempt, bound) => {
      const data = request(message, settings, environment)
      const post = (): Promise<Answer> =>
        attempt(async () => {
          const [{ statusCode, headers, body }] = await mail.send(data)
          return judge(statusCode, headers, body as unknown as Readable)
        })
      // Posts again while the mail was not taken, and time allows.
      for (const pause of PAUSES) {
        const answer = await post()
        if (answer.is !== 'not taken') return answer
        const isInTime = await sleep(pause, true, { signal: bound }).catch(() => false)
        if (!isInTime) return answer
      }
      return post()
    })
}

/** Why the key cannot be used, and what to do about it. */
export interface KeyProblem {
  readonly reason: string
  readonly cure: string
}

/** Undefined if SendGrid accepts the key and the key may send. Settles as a SendMail does; never rejects. */
export async function readKeyProblem(account: Account, signal: AbortSignal): Promise<KeyProblem | undefined> {
  const problem = await connected(account, signal, (attempt) =>
    attempt(async () => {
      const [{ statusCode, body }] = await client.request({ method: 'GET', url: '/v3/scopes' })
      return keyProblem(statusCode, await readBody(body as Readable))
    }),
  )
  return problem && { cure: 'check SENDGRID_BASE_URL, and that this machine may connect to it', ...problem }
}

function keyProblem(status: number, body: string): KeyProblem | undefined {
  const reason = answered(status, body)
  if (status === 401 || status === 403)
    return {
      reason: `SendGrid does not accept the key (${reason})`,
      cure: 'set SENDGRID_API_KEY to a key that is valid',
    }
  if (status === 429 || status >= 500) return { reason, cure: 'SendGrid is busy: run check again in a few minutes' }
  if (status !== 200) return { reason, cure: 'check SENDGRID_BASE_URL' }
  const scopes = scopesIn(body)
  if (!scopes) return { reason: `${reason} without a list of permissions`, cure: 'check SENDGRID_BASE_URL' }
  if (scopes.includes('mail.send')) return undefined
  return { reason: 'SendGrid accepts the key, but it may not send', cure: 'give the key the permission Mail Send' }
}

function scopesIn(body: string): readonly unknown[] | undefined {
  try {
    const { scopes } = JSON.parse(body)
    return Array.isArray(scopes) ? scopes : undefined
  } catch {
    return undefined
  }
}

/** The request of SendGrid's POST /v3/mail/send, in the library's spelling. */
function request(
  { subject, text, html }: Message,
  { from, to }: MailSettings,
  environment: string | undefined,
): MailDataRequired {
  return {
    from: { ...from },
    personalizations: [{ to: to.map((email) => ({ email })) }],
    subject,
    content: [
      { type: 'text/plain', value: text },
      { type: 'text/html', value: html },
    ],
    // SendGrid refuses a category that is given twice.
    categories: [...new Set(['job-alert', ...(environment ? [environment] : [])])],
    // The library sends these as headers of the HTTP request, too: ASCII only.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'OOF, AutoReply' },
    trackingSettings: {
      clickTracking: { enable: false, enableText: false },
      openTracking: { enable: false },
      subscriptionTracking: { enable: false },
    },
    // SendGrid would otherwise drop an on-call address that once bounced, in silence.
    mailSettings: { bypassListManagement: { enable: true } },
  }
}
