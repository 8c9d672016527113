import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { listen } from './ports.js'

/** SendGrid's own OpenAPI description of its mail API (MIT); it has one known fault, custom_args as a string. */
const SPECIFICATION = JSON.parse(readFileSync(new URL('sendgrid_openapi.json', import.meta.url), 'utf8'))

export interface Mail {
  readonly from: { readonly email: string; readonly name: string }
  readonly personalizations: readonly { readonly to: readonly { readonly email: string }[] }[]
  readonly subject: string
  readonly content: readonly { readonly type: string; readonly value: string }[]
  readonly categories: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly tracking_settings: unknown
  readonly mail_settings: unknown
}

export interface Request {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly raw: string
  readonly mail: Mail
}

export type Answer = (response: ServerResponse, request: Request) => void | Promise<void>

/** An HTTP stand-in that takes what SendGrid would take, and can be told to answer otherwise. */
export interface SendGridStandIn {
  readonly url: string
  /** Everything that was received, accepted or not. */
  readonly requests: readonly Request[]
  /** Mails answered with 202. */
  readonly accepted: readonly Mail[]
  /** Answers for the next requests, one each; after them, mails are accepted again. */
  answer(...answers: readonly Answer[]): void
  /** Resolves when the next request has arrived whole. */
  arrival(): Promise<Request>
  close(): Promise<void>
}

export function status(code: number, body: string | object = '', headers: Record<string, string> = {}): Answer {
  const json = typeof body === 'object'
  return (response) => {
    response.writeHead(code, { 'content-type': json ? 'application/json' : 'text/html', ...headers })
    response.end(json ? JSON.stringify(body) : body)
  }
}

export function refusal(code: number, message: string, field: string | null = null): Answer {
  return status(code, { errors: [{ message, field, help: null }] })
}

/** 202, whatever was sent; it counts among `requests` alone. */
export const acceptance: Answer = status(202, '', { 'x-message-id': 'accepted' })

const scopes: Answer = status(200, { scopes: ['mail.send', 'sender_verification_eligible'] })

export async function startSendGrid(): Promise<SendGridStandIn> {
  const requests: Request[] = []
  const accepted: Mail[] = []
  const answers: Answer[] = []
  const waiting: ((request: Request) => void)[] = []
  const accept: Answer = (response, { mail }) => {
    const problem = problemOf(mail)
    if (problem !== undefined) return refusal(400, problem)(response, {} as Request)
    accepted.push(mail)
    return status(202, '', { 'x-message-id': `stand-in-${accepted.length}` })(response, {} as Request)
  }
  const server: Server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk) => chunks.push(chunk))
    incoming.on('end', () => {
      const raw = Buffer.concat(chunks).toString()
      const request = {
        path: `${incoming.method} ${incoming.url}`,
        headers: incoming.headers,
        raw,
        // A GET has no body.
        mail: JSON.parse(raw || 'null'),
      }
      requests.push(request)
      for (const tell of waiting.splice(0)) tell(request)
      const byDefault = request.path === 'GET /v3/scopes' ? scopes : accept
      void (answers.shift() ?? byDefault)(response, request)
    })
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    accepted,
    answer: (...next) => void answers.push(...next),
    arrival: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)
ajv.addSchema({ $id: 'sendgrid', components: SPECIFICATION.components })
// Compiling it takes longer than a run of the command.
const isValid = ajv.compile({
  $ref: 'sendgrid#/components/requestBodies/PostMailSend/content/application~1json/schema',
})

/** What SendGrid would answer with 400; undefined when it would take the mail. */
function problemOf(mail: Mail): string | undefined {
  if (!isValid(mail)) return ajv.errorsText(isValid.errors)
  const recipients = mail.personalizations.flatMap(({ to }) => to.map(({ email }) => email.toLowerCase()))
  if (new Set(recipients).size < recipients.length)
    return 'Each email address in the personalization block should be unique'
  if (mail.subject === '') return 'The subject is required'
  if (new Set(mail.categories).size < mail.categories.length) return 'The categories must be unique'
  if (mail.content.some(({ value }) => value === ''))
    return 'The content value must be a string at least one character in length'
  return undefined
}
