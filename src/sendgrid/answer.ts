import type { Readable } from 'node:stream'
import { redact } from '../text/redact.js'
import { cut, oneLine } from '../text/words.js'

/** `messageId` is SendGrid's X-Message-Id, by which its activity feed finds the mail. */
export type Answer = { readonly kind: 'accepted'; readonly messageId: string } | NotAccepted

/**
 * `refused`: SendGrid does not want the mail. `not taken`: SendGrid cannot have got the mail, or was too busy.
 * `unknown`: SendGrid may have taken it. The reason is fit for a log; the library's errors hold key and mail.
 */
export interface NotAccepted {
  readonly kind: 'refused' | 'not taken' | 'unknown'
  readonly reason: string
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
    return { kind: 'accepted', messageId: logged(headers['x-message-id'] ?? 'unknown') }
  }
  const reason = answered(status, await readBody(body))
  if (status === 429 || status === 503) return { kind: 'not taken', reason }
  return { kind: status >= 300 && status < 500 ? 'refused' : 'unknown', reason }
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
