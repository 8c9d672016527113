import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import client from '@sendgrid/client'
import mail from '@sendgrid/mail'
import type { MailDataRequired } from '@sendgrid/mail/src/mail.js'
import type { Account, MailSettings } from '../config.js'
import type { Message } from '../mail/message.js'
import type { Presentation } from '../mail/presentation.js'
import { type Answer, answered, judge, type NotAccepted, readBody } from './answer.js'
import { connected } from './connection.js'

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
      // Asks again while the answers prove that nothing was taken, and time allows.
      for (const pause of PAUSES) {
        const answer = await post()
        if (answer.kind !== 'not taken' || !(await paused(pause, bound))) return answer
      }
      return post()
    })
}

/** Why the key's permissions are not known: SendGrid will not have it, may answer later, or is not where we ask. */
export interface NoScopes {
  readonly kind: 'key refused' | 'busy' | 'elsewhere'
  readonly reason: string
}

/** What the key may do: SendGrid's names of its permissions. Settles as a SendMail does; never rejects. */
export function readScopes(account: Account, signal: AbortSignal): Promise<readonly string[] | NoScopes | NotAccepted> {
  return connected(account, signal, (attempt) =>
    attempt(async () => {
      const [{ statusCode, body }] = await client.request({ method: 'GET', url: '/v3/scopes' })
      const answer = await readBody(body as Readable)
      return statusCode === 200 ? scopesIn(answer) : noScopes(statusCode, answer)
    }),
  )
}

function scopesIn(body: string): readonly string[] | NoScopes {
  try {
    const { scopes } = JSON.parse(body)
    if (Array.isArray(scopes)) return scopes
  } catch {
    // It is not SendGrid that answers so.
  }
  const reason = 'SendGrid answered 200 without a list of permissions (is SENDGRID_BASE_URL right?)'
  return { kind: 'elsewhere', reason }
}

function noScopes(status: number, body: string): NoScopes {
  const reason = answered(status, body)
  if (status === 401 || status === 403) return { kind: 'key refused', reason }
  return { kind: status === 429 || status >= 500 ? 'busy' : 'elsewhere', reason }
}

/** False when the time is up before the pause is. */
function paused(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return sleep(milliseconds, true, { signal }).catch(() => false)
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
    // A category that stands there twice is refused.
    categories: [...new Set(['job-alert', ...(environment ? [environment] : [])])],
    // These go out as HTTP headers of the request, too: ASCII only.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'OOF, AutoReply' },
    trackingSettings: {
      clickTracking: { enable: false, enableText: false },
      openTracking: { enable: false },
      subscriptionTracking: { enable: false },
    },
    // An on-call address that once bounced would otherwise be dropped in silence.
    mailSettings: { bypassListManagement: { enable: true } },
  }
}
