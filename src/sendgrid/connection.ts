import http from 'node:http'
import https from 'node:https'
import client from '@sendgrid/client'
import type { ClientRequest } from '@sendgrid/client/src/request.js'
import mail from '@sendgrid/mail'
import type { Account } from '../config.js'
import { UNTRUSTED } from '../errors.js'
import { type Deadline, deadline } from '../interruption.js'
import type { NotAccepted } from './answer.js'

/** Does `work`; a rejection becomes a NotAccepted. */
type Attempt = <T>(work: () => Promise<T>) => Promise<T | NotAccepted>

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
    const attempt: Attempt = (work) => {
      stood = false
      return work().catch((error: NodeJS.ErrnoException) => notAccepted(error, bound, stood))
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
  const kind = stood ? 'unknown' : 'not taken'
  if (bound.passed)
    return { kind, reason: `no ${stood ? 'answer from' : 'connection to'} SendGrid within SEND_TIMEOUT` }
  if (bound.signal.aborted) return { kind, reason: 'interrupted while waiting for SendGrid' }
  if (UNTRUSTED.test(code)) return { kind: 'refused', reason: `cannot trust SendGrid's certificate (${code})` }
  return { kind, reason: stood ? `the connection to SendGrid broke (${code})` : `cannot reach SendGrid (${code})` }
}
