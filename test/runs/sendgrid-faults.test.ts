import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, listen } from '../support/ports.js'
import { API_KEY, useScene } from '../support/scene.js'
import { type Answer, refusal, status } from '../support/sendgrid.js'

const scene = useScene()

test('one request: text then HTML, for a human, not to be tracked, dropped or answered by robots', async () => {
  await scene.worker.dead()
  const { code, summary } = await scene.digest([], {
    ALERT_EMAIL_TO: 'First@example.com, second@example.com, first@example.com',
    FROM_NAME: 'Night watch',
    ALERT_ENVIRONMENT: 'staging',
  })
  expect({ code, requests: scene.sendGrid.requests.length }).toEqual({ code: 0, requests: 1 })
  expect(summary).toMatchObject({ outcome: 'sent', found: 1, reported: 1, messageId: 'stand-in-1' })
  const [request] = scene.sendGrid.requests
  expect(request?.path).toBe('POST /v3/mail/send')
  expect(request?.mail).toMatchObject({
    from: { email: 'alerts@example.com', name: 'Night watch' },
    personalizations: [{ to: [{ email: 'First@example.com' }, { email: 'second@example.com' }] }],
    categories: ['job-alert', 'staging'],
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'OOF, AutoReply' },
    mail_settings: { bypass_list_management: { enable: true } },
    tracking_settings: {
      click_tracking: { enable: false, enable_text: false },
      open_tracking: { enable: false },
      subscription_tracking: { enable: false },
    },
  })
  expect(request?.mail.content.map(({ type }) => type)).toEqual(['text/plain', 'text/html'])
  for (const part of [scene.mail.text, scene.mail.html]) expect(part).toMatch(/[\u0100-\uffff]/)
})

const drip: Answer = (response) => {
  response.writeHead(500, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 50)
  response.on('close', () => clearInterval(timer))
}
const stall202: Answer = (response) => {
  response.writeHead(202, { 'x-message-id': 'stalled', 'content-length': '1000' })
  response.write('x')
}
const reset: Answer = (response) => response.socket?.resetAndDestroy() as unknown as undefined
const silence: Answer = () => {}
const html = '<html><body><h1>Request Entity Too Large</h1></body></html>'

interface Refused {
  readonly name: string
  readonly answers: readonly Answer[]
  readonly outcome: 'not sent' | 'outcome unknown'
  readonly says: string
  readonly requests: number
  /** Where nothing else ends the wait. The others have all the time that a busy machine may need. */
  readonly timeout?: string
}

test.each<Refused>([
  { name: '400', answers: [refusal(400, 'Bad Request')], outcome: 'not sent', says: '400: Bad Request', requests: 1 },
  {
    name: '400 about a field, which belongs to its message',
    answers: [refusal(400, 'Does not contain a valid address.', 'from.email')],
    outcome: 'not sent',
    says: 'SendGrid answered 400: from.email: Does not contain a valid address; the mail about 1 failed job was not sent',
    requests: 1,
  },
  {
    name: '401 for a bad key',
    answers: [refusal(401, 'The provided authorization grant is invalid, expired, or revoked')],
    outcome: 'not sent',
    says: '401: The provided authorization grant is invalid',
    requests: 1,
  },
  {
    name: '401 for spent credits',
    answers: [refusal(401, 'Maximum credits exceeded')],
    outcome: 'not sent',
    says: '401: Maximum credits exceeded',
    requests: 1,
  },
  {
    name: '403 for an unverified sender',
    answers: [refusal(403, 'The from address does not match a verified Sender Identity')],
    outcome: 'not sent',
    says: '403: The from address does not match',
    requests: 1,
  },
  { name: '413 with an HTML body', answers: [status(413, html)], outcome: 'not sent', says: '413;', requests: 1 },
  {
    name: 'a redirect, which is not followed',
    answers: [status(302, '', { location: '/v3/elsewhere' })],
    outcome: 'not sent',
    says: '302',
    requests: 1,
  },
  {
    name: '429 for as long as we ask',
    answers: Array(3).fill(refusal(429, 'too many requests')),
    outcome: 'not sent',
    says: '429: too many requests',
    requests: 3,
  },
  { name: '500', answers: [status(500)], outcome: 'outcome unknown', says: '500', requests: 1 },
  { name: '200 with an HTML page', answers: [status(200, html)], outcome: 'outcome unknown', says: '200', requests: 1 },
  { name: '204', answers: [status(204)], outcome: 'outcome unknown', says: '204', requests: 1 },
  { name: 'a reset after the body', answers: [reset], outcome: 'outcome unknown', says: 'broke', requests: 1 },
  {
    name: 'no answer',
    answers: [silence],
    outcome: 'outcome unknown',
    says: 'within SEND_TIMEOUT',
    requests: 1,
    timeout: '2s',
  },
  { name: 'a body that drips for ever', answers: [drip], outcome: 'outcome unknown', says: '500', requests: 1 },
])(
  '$name: exit 1, nothing marked, and the next run reports it',
  async ({ answers, outcome, says, requests, timeout }) => {
    const id = await scene.worker.dead()
    scene.sendGrid.answer(...answers)
    const { code, summary } = await scene.report({ SEND_TIMEOUT: timeout })
    expect({ code, outcome: summary.outcome }).toEqual({ code: 1, outcome })
    expect(summary.msg).toContain(says)
    expect(summary).toMatchObject({ found: 1, reported: 0 })
    expect(scene.sendGrid.requests).toHaveLength(requests)
    expect(await scene.marked()).toEqual([])
    expect((await scene.report()).code).toBe(0)
    expect(await scene.marked()).toEqual([id])
  },
)

test.each<[string, Answer, Refused['outcome']]>([
  ['401', refusal(401, 'revoked'), 'not sent'],
  ['a redirect', status(302, '', { location: '/v3/elsewhere' }), 'not sent'],
  ['a body that drips for ever', drip, 'outcome unknown'],
  ['a reset after the body', reset, 'outcome unknown'],
])('%s is one line in the log, without the key, and the end of the process', async (_, answer, outcome) => {
  await scene.worker.dead()
  scene.sendGrid.answer(answer)
  const { code, summary, stderr } = await scene.digest()
  expect({ code, outcome: summary.outcome }).toEqual({ code: 1, outcome })
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  expect(stderr).not.toContain(API_KEY)
})

test.each([
  ['429', refusal(429, 'too many requests')],
  ['503', status(503, html)],
])('%s proves that nothing was taken: it is tried again at once', async (_, answer) => {
  const id = await scene.worker.dead()
  scene.sendGrid.answer(answer)
  expect((await scene.report()).code).toBe(0)
  expect(scene.sendGrid.requests).toHaveLength(2)
  expect(scene.sendGrid.accepted).toHaveLength(1)
  expect(await scene.marked()).toEqual([id])
})

test('a server that is busy and then gone has taken nothing: exit 1, tried three times', async () => {
  await scene.worker.dead()
  const server = createServer((_, response) => {
    response.writeHead(503, { connection: 'close' }).end()
    server.close()
  })
  const url = `http://127.0.0.1:${await listen(server)}`
  const { code, summary } = await scene.report({ SENDGRID_BASE_URL: url })
  expect({ code, outcome: summary.outcome }).toEqual({ code: 1, outcome: 'not sent' })
  expect(summary.msg).toContain('cannot reach SendGrid (ECONNREFUSED)')
  expect(await scene.marked()).toEqual([])
})

test('a 202 counts although its body stalls', async () => {
  const id = await scene.worker.dead()
  scene.sendGrid.answer(stall202)
  const { code, summary } = await scene.digest()
  expect(code).toBe(0)
  expect(summary).toMatchObject({ outcome: 'sent', messageId: 'stalled' })
  expect(await scene.marked()).toEqual([id])
})

test('nothing keeps the process alive once the summary is written, not even an answer that never ends', async () => {
  await scene.worker.dead()
  scene.sendGrid.answer(stall202)
  const { summary } = await scene.digest()
  // Left alone, the connection would live for minutes, and the backstop would end the process after three seconds.
  expect(Date.now() - Date.parse(summary.time as string)).toBeLessThan(2_500)
})

test('SEND_TIMEOUT bounds the retries as well', async () => {
  await scene.worker.dead()
  scene.sendGrid.answer(...Array(3).fill(status(503)))
  // The pauses alone take two seconds: the time is up before the third attempt, however fast or slow the machine.
  const { code, summary } = await scene.report({ SEND_TIMEOUT: '2s' })
  expect({ code, outcome: summary.outcome }).toEqual({ code: 1, outcome: 'not sent' })
  expect(scene.sendGrid.requests).toHaveLength(2)
})

test.each<[string, () => Promise<string>, string | RegExp, string?]>([
  ['a refused connection', async () => `http://127.0.0.1:${await freePort()}`, 'ECONNREFUSED'],
  [
    'a refused connection to a name with two addresses',
    async () => `http://localhost:${await freePort()}`,
    'ECONNREFUSED',
  ],
  ['an unknown host', async () => 'https://api.sendgrid.invalid', /ENOTFOUND|EAI_AGAIN/],
  // RFC 6666: packets to this prefix are discarded, where there is a route to it at all.
  [
    'an address that is out of reach',
    async () => 'https://[100::1]',
    /EHOSTUNREACH|ENETUNREACH|within SEND_TIMEOUT/,
    '1s',
  ],
  [
    'a server that never takes the connection up',
    async () => `https://127.0.0.1:${await mute()}`,
    'no connection to SendGrid within SEND_TIMEOUT',
    '1s',
  ],
  ['a TLS handshake that fails', async () => `https://localhost:${new URL(scene.sendGrid.url).port}`, 'EPROTO'],
])('%s is proof that nothing was sent: exit 1', async (_, url, says, timeout = '4s') => {
  await scene.worker.dead()
  const { code, summary } = await scene.report({ SENDGRID_BASE_URL: await url(), SEND_TIMEOUT: timeout })
  expect({ code, outcome: summary.outcome }).toEqual({ code: 1, outcome: 'not sent' })
  expect(summary.msg).toMatch(says)
  expect(await scene.marked()).toEqual([])
})

/** Port of a server that accepts connections and says nothing. */
async function mute(): Promise<number> {
  const sockets: Socket[] = []
  const server = createTcpServer((socket) => void sockets.push(socket))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return listen(server)
}

test('a certificate that nobody vouches for is refused at once: exit 1, not tried again', async () => {
  await scene.worker.dead()
  let connections = 0
  const file = (name: string) => readFileSync(new URL(`../support/tls/${name}`, import.meta.url))
  const server = createHttpsServer({ key: file('server.key'), cert: file('server.pem') })
  server.on('connection', () => {
    connections += 1
  })
  onTestFinished(() => void server.close())
  const { code, summary } = await scene.report({ SENDGRID_BASE_URL: `https://localhost:${await listen(server)}` })
  expect({ code, outcome: summary.outcome, connections }).toEqual({ code: 1, outcome: 'not sent', connections: 1 })
  expect(summary.msg).toMatch(/^cannot trust SendGrid's certificate \(\w+\)/)
  expect(await scene.marked()).toEqual([])
})

test('a reset before the body was read: outcome unknown, for nobody can tell', async () => {
  await scene.worker.dead()
  const server = createServer((request) => request.socket.resetAndDestroy())
  onTestFinished(() => void server.close())
  const { code, summary } = await scene.report({ SENDGRID_BASE_URL: `http://127.0.0.1:${await listen(server)}` })
  expect({ code, outcome: summary.outcome }).toEqual({ code: 1, outcome: 'outcome unknown' })
  expect(await scene.marked()).toEqual([])
})

test('a proxy of the environment never sees the key', async () => {
  await scene.worker.dead()
  const proxy = `http://127.0.0.1:${await freePort()}`
  const { code } = await scene.digest([], {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
  })
  expect(code).toBe(0)
  expect(scene.sendGrid.requests).toHaveLength(1)
})

test('a run that was refused leaves no lock behind: the next one starts at once', async () => {
  const id = await scene.worker.dead()
  scene.sendGrid.answer(refusal(401, 'revoked'))
  await scene.report()
  const rows = await scene.sql`select id from research_jobs for update nowait`
  expect(rows.map((row) => Number(row.id))).toEqual([id])
})

test('an environment of the name of the program is one category: SendGrid refuses the same one twice', async () => {
  await scene.worker.dead()
  expect((await scene.report({ ALERT_ENVIRONMENT: 'job-alert' })).code).toBe(0)
  expect(scene.sendGrid.accepted[0]?.categories).toEqual(['job-alert'])
})
