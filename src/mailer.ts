import http from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientRequest } from '@sendgrid/client/src/request.js'
import type { MailDataRequired } from '@sendgrid/mail/src/mail.js'
import type { MailSettings, Presentation } from './config.js'
import { type Deadline, deadline } from './interruptions.js'
import { cut, oneLine, redact } from './redact.js'
import type { Message } from './render/message.js'

/** SendGrid's X-Message-Id, by which its activity feed finds the mail. */
export interface Receipt {
  readonly messageId: string
}

/**
 * The mail was not accepted, or nobody can know. `unknown` is true when SendGrid may have taken it all the same.
 * The message is fit for a log: the library's own errors hold the key and the whole mail.
 */
export class MailError extends Error {
  constructor(
    message: string,
    readonly unknown: boolean,
  ) {
    super(message)
    this.name = 'MailError'
  }
}

/** Settles when SendGrid has answered or `signal` is aborted; rejects with a MailError. */
export type SendMail = (message: Message, signal: AbortSignal) => Promise<Receipt>

/** What an attempt came to: 202, or why not, and whether that proves that SendGrid has not taken the mail. */
type Answer =
  | { readonly accepted: true; readonly messageId: string }
  | { readonly accepted: false; readonly reason: string; readonly proof: 'refused' | 'not taken, try again' | 'none' }

/** Pauses before the second and third attempt, in milliseconds; SEND_TIMEOUT bounds them as well. */
const PAUSES = [500, 1_500]

/** A sender for these settings. The library is loaded on the first mail: most runs have none to send. */
export function sendGrid(settings: MailSettings, { environment }: Presentation): SendMail {
  return async (message, signal) => {
    const bound = deadline(settings.timeout, signal)
    const agents = { httpAgent: new http.Agent(), httpsAgent: new https.Agent() }
    try {
      const post = await poster(settings, agents, bound)
      return await persist(post, request(message, settings, environment), bound.signal)
    } finally {
      bound.clear()
      // An answer whose body never ends would keep its socket, and the process with it.
      for (const agent of Object.values(agents)) agent.destroy()
    }
  }
}

/** Asks again while the answers prove that nothing was taken, and time allows. */
async function persist(post: Post, data: MailDataRequired, signal: AbortSignal): Promise<Receipt> {
  for (const pause of [...PAUSES, undefined]) {
    const answer = await post(data)
    if (answer.accepted) return { messageId: answer.messageId }
    const again = answer.proof === 'not taken, try again' && pause !== undefined
    if (!again || !(await paused(pause, signal))) throw new MailError(answer.reason, answer.proof === 'none')
  }
  throw new Error('unreachable: the last attempt has no pause after it')
}

/** False when the time is up before the pause is. */
async function paused(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, { signal })
    return true
  } catch {
    return false
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
    categories: ['job-alert', ...(environment ? [environment] : [])],
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

type Post = (data: MailDataRequired) => Promise<Answer>

interface Agents {
  readonly httpAgent: http.Agent
  readonly httpsAgent: https.Agent
}

async function poster({ apiKey, baseUrl }: MailSettings, agents: Agents, bound: Deadline): Promise<Post> {
  const [{ default: client }, { default: mail }] = await Promise.all([
    import('@sendgrid/client'),
    import('@sendgrid/mail'),
  ])
  // Not setApiKey(): it resets the base URL, and warns on stderr of keys that look odd to it.
  client.setDefaultHeader('Authorization', `Bearer ${apiKey}`)
  // Options of the HTTP client below the library, which passes them on but does not name them in its types.
  client.setDefaultRequest({
    baseUrl,
    signal: bound.signal,
    maxRedirects: 0,
    ...agents,
    // It would hand the key to whatever HTTP_PROXY names, even for a loopback address.
    proxy: false,
    // The status alone decides: a body may drip for ever.
    responseType: 'stream',
    validateStatus: () => true,
  } as unknown as ClientRequest)
  mail.setClient(client)
  return async (data) => {
    try {
      const [{ statusCode, headers, body }] = await mail.send(data)
      return await judge(statusCode, headers, body as unknown as Readable)
    } catch (error) {
      return explain(error as NodeJS.ErrnoException, bound)
    }
  }
}

async function judge(status: number, headers: Readonly<Record<string, string>>, body: Readable): Promise<Answer> {
  // An abort after the answer is an error event on a body that nobody reads any more.
  body.on('error', () => {})
  if (status === 202) {
    body.destroy()
    return { accepted: true, messageId: logged(headers['x-message-id'] ?? 'unknown') }
  }
  const details = await reasons(body)
  const reason = `SendGrid answered ${status}${details ? `: ${details}` : ''}`
  if (status === 429 || status === 503) return { accepted: false, reason, proof: 'not taken, try again' }
  if (status >= 300 && status < 500) return { accepted: false, reason, proof: 'refused' }
  return { accepted: false, reason, proof: 'none' }
}

/** Text of an answer, as it may stand in a log. */
function logged(text: string): string {
  return cut(oneLine(redact(text)), 300)
}

const BODY_LIMIT = 65_536
const BODY_TIMEOUT = 2_000

/** What SendGrid's JSON says, if it is that; as much of the body as comes in two seconds. */
async function reasons(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  const timer = setTimeout(() => body.destroy(), BODY_TIMEOUT)
  try {
    let size = 0
    for await (const chunk of body) {
      chunks.push(chunk)
      size += chunk.length
      if (size > BODY_LIMIT) break
    }
    const { errors } = JSON.parse(Buffer.concat(chunks).toString()) as { errors: readonly { message: string }[] }
    return logged(errors.map(({ message }) => message).join('; '))
  } catch {
    return ''
  } finally {
    clearTimeout(timer)
    body.destroy()
  }
}

const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])
const UNTRUSTED = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/

/** Only the code is taken over: the error itself holds the request with its key. */
function explain({ code = 'no code' }: NodeJS.ErrnoException, bound: Deadline): Answer {
  if (bound.signal.aborted) {
    const reason = bound.passed
      ? 'no answer from SendGrid within SEND_TIMEOUT'
      : 'interrupted while waiting for SendGrid'
    return { accepted: false, reason, proof: 'none' }
  }
  if (NEVER_CONNECTED.has(code))
    return { accepted: false, reason: `cannot reach SendGrid (${code})`, proof: 'not taken, try again' }
  if (UNTRUSTED.test(code))
    return { accepted: false, reason: `cannot trust SendGrid's certificate (${code})`, proof: 'refused' }
  return { accepted: false, reason: `the connection to SendGrid broke (${code})`, proof: 'none' }
}
