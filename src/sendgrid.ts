import http from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import client from '@sendgrid/client'
import type { ClientRequest } from '@sendgrid/client/src/request.js'
import mail from '@sendgrid/mail'
import type { MailDataRequired } from '@sendgrid/mail/src/mail.js'
import type { MailSettings } from './config.js'
import { type Deadline, deadline } from './deadline.js'
import type { Message } from './mail/message.js'
import type { Presentation } from './mail/presentation.js'
import { redact } from './text/redact.js'
import { cut, oneLine } from './text/words.js'

/** `messageId` is SendGrid's X-Message-Id, by which its activity feed finds the mail. */
export type Answer = { readonly kind: 'accepted'; readonly messageId: string } | NotAccepted

/**
 * `refused`: SendGrid will not have the mail. `not taken`: it cannot have got it, or was too busy. `unknown`: it may
 * have taken it. The reason is fit for a log: the library's own errors hold the key and the whole mail.
 */
export interface NotAccepted {
  readonly kind: 'refused' | 'not taken' | 'unknown'
  readonly reason: string
}

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

/** What the key may do: SendGrid's names of its permissions, or why they cannot be known. Never rejects. */
export function readScopes(settings: MailSettings): Promise<readonly string[] | NotAccepted> {
  return connected(settings, undefined, (attempt) =>
    attempt(async (): Promise<readonly string[] | NotAccepted> => {
      const [{ statusCode, body }] = await client.request({ method: 'GET', url: '/v3/scopes' })
      const answer = await readBody(body as Readable)
      if (statusCode === 200) return (JSON.parse(answer) as { readonly scopes: readonly string[] }).scopes
      return { kind: 'refused', reason: answered(statusCode, answer) }
    }),
  )
}

/** Work that does not reject: why it failed is its answer. */
type Attempt = <T>(work: () => Promise<T>) => Promise<T | NotAccepted>

async function connected<T>(
  settings: MailSettings,
  signal: AbortSignal | undefined,
  work: (attempt: Attempt, bound: AbortSignal) => Promise<T>,
): Promise<T> {
  const bound = deadline(settings.timeout, signal)
  const connection = new Connection()
  try {
    // Not setApiKey(): it resets the base URL, and warns on stderr of keys that look odd to it.
    client.setDefaultHeader('Authorization', `Bearer ${settings.apiKey}`)
    // Options of the HTTP client below the library, which passes them on but does not name them in its types.
    client.setDefaultRequest({
      baseUrl: settings.baseUrl,
      signal: bound.signal,
      maxRedirects: 0,
      httpAgent: connection.httpAgent,
      httpsAgent: connection.httpsAgent,
      // It would hand the key to whatever HTTP_PROXY names, even for a loopback address.
      proxy: false,
      // The status alone decides: a body may drip for ever.
      responseType: 'stream',
      validateStatus: () => true,
    } as unknown as ClientRequest)
    mail.setClient(client)
    const attempt: Attempt = (work) =>
      work().catch((error: NodeJS.ErrnoException) => explain(error, bound, connection.hasStood()))
    return await work(attempt, bound.signal)
  } finally {
    bound.clear()
    connection.destroy()
  }
}

/** False when the time is up before the pause is. */
function paused(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return sleep(milliseconds, true, { signal }).catch(() => false)
}

/** The connections of one mail, which tell whether any of them ever stood: before that nothing can have been taken. */
class Connection {
  private stood = false
  readonly httpAgent = this.watched(new http.Agent(), 'connect')
  readonly httpsAgent = this.watched(new https.Agent(), 'secureConnect')

  /** Whether one has stood since this was asked last. */
  hasStood(): boolean {
    const { stood } = this
    this.stood = false
    return stood
  }

  /** An answer whose body never ends would keep its socket, and the process with it. */
  destroy(): void {
    this.httpAgent.destroy()
    this.httpsAgent.destroy()
  }

  private watched<Agent extends http.Agent>(agent: Agent, ready: 'connect' | 'secureConnect'): Agent {
    const create = agent.createConnection.bind(agent)
    agent.createConnection = (...args) => {
      const socket = create(...args)
      socket?.once(ready, () => {
        this.stood = true
      })
      return socket
    }
    return agent
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

async function judge(status: number, headers: Readonly<Record<string, string>>, body: Readable): Promise<Answer> {
  // An abort after the answer is an error event on a body that nobody reads any more.
  body.on('error', () => {})
  if (status === 202) {
    body.destroy()
    return { kind: 'accepted', messageId: logged(headers['x-message-id'] ?? 'unknown') }
  }
  const reason = answered(status, await readBody(body))
  if (status === 429 || status === 503) return { kind: 'not taken', reason }
  return { kind: status >= 300 && status < 500 ? 'refused' : 'unknown', reason }
}

/** Text of an answer, as it may stand in a log. */
function logged(text: string): string {
  return cut(oneLine(redact(text)), 300)
}

/** `field` names the part of the request that it is about. */
interface Reason {
  readonly message: string
  readonly field?: string | null
}

const BODY_LIMIT = 65_536
const BODY_TIMEOUT = 2_000

/** As much of the body as comes in two seconds. */
async function readBody(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  const timer = setTimeout(() => body.destroy(), BODY_TIMEOUT)
  try {
    let size = 0
    for await (const chunk of body) {
      chunks.push(chunk)
      size += chunk.length
      if (size > BODY_LIMIT) break
    }
  } catch {
    // What came until then may be enough.
  } finally {
    clearTimeout(timer)
    body.destroy()
  }
  return Buffer.concat(chunks).toString()
}

/** The status, and what SendGrid's JSON says, if it is that. */
function answered(status: number, body: string): string {
  try {
    const { errors } = JSON.parse(body) as { errors: readonly Reason[] }
    const details = errors.map(({ field, message }) => (field ? `${field}: ${message}` : message))
    return `SendGrid answered ${status}: ${logged(details.join('; '))}`
  } catch {
    return `SendGrid answered ${status}`
  }
}

const UNTRUSTED = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/

/** Only the code is taken over: the error itself holds the request with its key. */
function explain({ code = 'no code' }: NodeJS.ErrnoException, bound: Deadline, stood: boolean): NotAccepted {
  const kind = stood ? 'unknown' : 'not taken'
  if (bound.passed)
    return { kind, reason: `no ${stood ? 'answer from' : 'connection to'} SendGrid within SEND_TIMEOUT` }
  if (bound.signal.aborted) return { kind, reason: 'interrupted while waiting for SendGrid' }
  if (UNTRUSTED.test(code)) return { kind: 'refused', reason: `cannot trust SendGrid's certificate (${code})` }
  return { kind, reason: stood ? `the connection to SendGrid broke (${code})` : `cannot reach SendGrid (${code})` }
}
