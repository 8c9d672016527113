import http from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import client from '@sendgrid/client'
import type { ClientRequest } from '@sendgrid/client/src/request.js'
import mail from '@sendgrid/mail'
import type { Account } from '../config.js'
import { UNTRUSTED } from '../errors.js'
import { type Deadline, deadline } from '../interruption.js'
import { redact } from '../text/redact.js'
import { cut, oneLine } from '../text/words.js'

/** `messageId` is SendGrid's X-Message-Id, by which its activity feed finds the mail. */
export type Answer = { readonly is: 'accepted'; readonly messageId: string } | NotAccepted

/**
 * `refused`: SendGrid does not want the mail. `not taken`: SendGrid cannot have got the mail, or said it was too busy.
 * `unknown`: SendGrid may have taken it. The reason is fit for a log; the library's errors hold key and mail.
 */
export interface NotAccepted {
  readonly is: 'refused' | 'not taken' | 'unknown'
  readonly reason: string
}

/** Makes a request; a rejection becomes a NotAccepted. */
type Attempt = <T>(request: () => Promise<T>) => Promise<T | NotAccepted>

/**
 * Does `work` with SendGrid's library set up for the account, and leaves no connection behind. `bound` is aborted with
 * `signal` or when the account's timeout has passed.
 */
export async function connected<T>(
  account: Account,
  signal: AbortSignal,
  work: (attempt: Attempt, bound: AbortSignal) => Promise<T>,
): Promise<T> {
  const bound = deadline(account.timeout, signal)
  let stood = false
  const agent = agentFor(account.baseUrl, () => {
    stood = true
  })
  try {
    // Not setApiKey(): it resets the base URL, and warns on stderr of keys that look odd to it.
    client.setDefaultHeader('Authorization', `Bearer ${account.apiKey}`)
    // Options of the HTTP client below the library, which passes them on but has no types for them.
    client.setDefaultRequest({
      baseUrl: account.baseUrl,
      signal: bound.signal,
      maxRedirects: 0,
      httpAgent: agent,
      httpsAgent: agent,
      // Otherwise the key would go to the proxy that HTTP_PROXY names, even for a loopback address.
      proxy: false,
      // The status alone decides: a body may drip for ever.
      responseType: 'stream',
      validateStatus: () => true,
    } as unknown as ClientRequest)
    mail.setClient(client)
    const attempt: Attempt = (request) => {
      stood = false
      return request().catch((error: NodeJS.ErrnoException) => notAccepted(error, bound, stood))
    }
    return await work(attempt, bound.signal)
  } finally {
    bound.clear()
    // An answer whose body never ends would keep its socket open and the process alive.
    agent.destroy()
  }
}

/** `onConnected` is called when a connection stands: before that SendGrid cannot have taken the mail. */
function agentFor(url: string, onConnected: () => void): http.Agent {
  const isSecure = url.startsWith('https:')
  const agent = isSecure ? new https.Agent() : new http.Agent()
  const create = agent.createConnection.bind(agent)
  agent.createConnection = (...args) => create(...args)?.once(isSecure ? 'secureConnect' : 'connect', onConnected)
  return agent
}

/** Takes only the error's code: the error itself holds the request with its key. */
function notAccepted({ code = 'no code' }: NodeJS.ErrnoException, bound: Deadline, stood: boolean): NotAccepted {
  const is = stood ? 'unknown' : 'not taken'
  if (bound.passed) return { is, reason: `no ${stood ? 'answer from' : 'connection to'} SendGrid within SEND_TIMEOUT` }
  if (bound.signal.aborted) return { is, reason: 'interrupted while waiting for SendGrid' }
  if (UNTRUSTED.test(code)) return { is: 'refused', reason: `cannot trust SendGrid's certificate (${code})` }
  return { is, reason: stood ? `the connection to SendGrid broke (${code})` : `cannot reach SendGrid (${code})` }
}

/** What an HTTP answer to a mail means: only 202 takes the mail. Never rejects. */
export async function judge(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Readable,
): Promise<Answer> {
  // An abort after the answer is an error event on the body, and would be uncaught.
  body.on('error', () => {})
  if (status === 202) {
    body.destroy()
    return { is: 'accepted', messageId: logged(headers['x-message-id'] ?? 'unknown') }
  }
  const reason = answered(status, await readBody(body))
  if (status === 429 || status === 503) return { is: 'not taken', reason }
  return { is: status >= 300 && status < 500 ? 'refused' : 'unknown', reason }
}

/** Text of an answer, fit for a log. */
function logged(text: string): string {
  return cut(oneLine(redact(text)), 300)
}

const BODY_LIMIT = 65_536
const BODY_TIMEOUT = 2_000

/** As much of the body as comes in two seconds, at most about 64 KiB. Never rejects. */
export async function readBody(body: Readable): Promise<string> {
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
    // What was read until then may be enough.
  } finally {
    clearTimeout(timer)
    body.destroy()
  }
  return Buffer.concat(chunks).toString()
}

/** The status, and SendGrid's reasons if the body is its JSON. */
export function answered(status: number, body: string): string {
  try {
    const { errors } = JSON.parse(body) as { errors: { message: string; field?: string | null }[] }
    // The field is the part of the request that the message is about.
    const details = errors.map(({ field, message }) => (field ? `${field}: ${message}` : message))
    return `SendGrid answered ${status}: ${logged(details.join('; '))}`
  } catch {
    return `SendGrid answered ${status}`
  }
}
