import { expect, test } from 'vitest'
import type { Variables } from '../support/command.js'
import { freePort } from '../support/ports.js'
import { useScene } from '../support/scene.js'

const scene = useScene()

/** What a client library really puts into its exceptions, each with the part that must not get out. */
const CREDENTIALS: readonly (readonly [text: string, secret: string])[] = [
  [
    'Max retries exceeded with url: /youtube/v3/search?part=snippet&key=AIzaSyA1b2C3d4E5f6G7h8',
    'AIzaSyA1b2C3d4E5f6G7h8',
  ],
  ['403 Client Error: Forbidden for url: https://cdn.example/x?accessToken=at-5e1f&Signature=sg-77aa', 'at-5e1f'],
  ['403 Client Error: Forbidden for url: https://cdn.example/x?accessToken=at-5e1f&Signature=sg-77aa', 'sg-77aa'],
  ['401 {"Authorization": "Bearer tok-9c8b7a6d5e4f"}', 'tok-9c8b7a6d5e4f'],
  ['rejected eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl by the gateway', 'eyJzdWIiOiIxMjM0In0'],
  ['could not connect to postgresql://svc:pg-s3cr3t@db.example:5432/app', 'pg-s3cr3t'],
  ['connection failed: host=db.example password=kv-s3cr3t user=svc', 'kv-s3cr3t'],
]

/** What the runs print, and the mail. */
async function everywhere(variables: Variables = {}): Promise<Readonly<Record<string, string>>> {
  const printed = async (...args: string[]) => {
    const { code, stdout, stderr } = await scene.digest(args, { LOG_LEVEL: 'trace', ...variables })
    expect(code).toBe(0)
    return stdout + stderr
  }
  return {
    text: await printed('--dry-run'),
    html: await printed('--dry-run', '--format', 'html'),
    json: await printed('--dry-run', '--format', 'json'),
    log: await printed(),
    request: scene.sendGrid.requests[0]?.raw ?? '',
  }
}

test('credentials in any column get out nowhere, and the rest of the message stays readable', async () => {
  for (const [text] of CREDENTIALS) {
    const id = await scene.worker.dead({ source: 'apple', payload: { chain_started_at: text, note: text } }, text)
    await scene.sql`
      update research_jobs
      set job_type = ${`match ${text}`}, claimed_by = ${text}, target_type = ${text}
      where id = ${id}`
    await scene.worker.dead({ source: text, targetType: text }, text)
  }
  const outputs = await everywhere()
  for (const [name, output] of Object.entries(outputs)) {
    for (const [, secret] of CREDENTIALS) expect(output, name).not.toContain(secret)
  }
  for (const readable of [
    '/youtube/v3/search?part=snippet',
    '403 Client Error: Forbidden for url',
    'by the gateway',
    'db.example:5432/app',
  ])
    expect(scene.mail.text.replaceAll(/\s+/g, ' ')).toContain(readable)
})

test('what the variables say that is secret is hidden before a text is cut: no part of it is left', async () => {
  const SENDGRID_API_KEY = 'correct-horse-battery-staple'
  const HEARTBEAT_URL = `http://127.0.0.1:${await freePort()}/ping/nine-lives/one-cat`
  for (let words = 4; words < 16; words++) {
    const error = `${'word '.repeat(words)}${SENDGRID_API_KEY} ${'word '.repeat(90)}`
    await scene.worker.dead({ jobType: `type_${words}` }, error)
  }
  await scene.worker.dead({}, `no answer from ${HEARTBEAT_URL}, nor from ${encodeURIComponent(HEARTBEAT_URL)}`)
  const { log = '', ...mails } = await everywhere({ SENDGRID_API_KEY, HEARTBEAT_URL })
  for (const mail of Object.values(mails))
    for (const part of ['word [redacted]', 'no answer from [redacted]', 'nor from [redacted]'])
      expect(mail.replaceAll(/\s+|&nbsp;/g, ' ')).toContain(part)
  for (const output of [log, ...Object.values(mails)]) expect(output).not.toMatch(/correct|nine-lives|one-cat/)
})

test('a credential in the latest error is neither in the subject nor in the preheader', async () => {
  await scene.worker.dead({ source: 'password=kv-s3cr3t' }, 'token=tok-9c8b7a6d5e4f rejected')
  await scene.report()
  expect(scene.mail.subject).not.toContain('s3cr3t')
  expect(scene.mail.html).not.toContain('tok-9c8b7a6d5e4f')
})

const HOSTILE = [
  ['HTML and script', '<script>alert(1)</script><img src=x onerror=alert(1)>'],
  ['SQL', "'; drop table research_jobs; --"],
  ['ANSI escapes', '\u001b[31mred\u001b[0m \u001b]0;title\u0007'],
  ['right-to-left marks', 'abc\u202egnp.exe\u2066 \u200f'],
  ['line breaks', 'first\r\nBcc: everybody@example.com\r\n\r\nsecond'],
  ['a word of 2,000 characters', 'x'.repeat(2_000)],
  ['emoji', 'no song \u{1F3B7}\u{1F469}\u200d\u{1F3A4} found'],
  ['Latin-1 alone', 'José Muñoz: señor not found'],
  ['template marks', '{{name}} -subject- %recipient% <%body%>'],
] as const

test('of all of them together the log is one line', async () => {
  for (const [, text] of HOSTILE) await scene.worker.dead({ source: text, jobType: text, targetType: text }, text)
  const { code, stderr } = await scene.digest()
  expect(code).toBe(0)
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
})

test.each(HOSTILE)('%s in every text column: one mail, readable, one subject line, one charset', async (_, text) => {
  const id = await scene.worker.dead({ source: text, jobType: text, targetType: text }, text)
  expect((await scene.report()).code).toBe(0)
  expect(scene.mail.subject).toMatch(/^[^\p{Cc}]{1,77}$/u)
  for (const value of [scene.mail.text, scene.mail.html]) {
    expect(value).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f]/u)
    expect(value).toMatch(/[\u0100-\uffff]/)
    expect(value.isWellFormed()).toBe(true)
    expect(value).toContain(`job ${id}`)
  }
  expect(scene.mail.html).not.toMatch(/<script|<img/)
  expect(await scene.sql`select 1 from research_jobs`).toHaveLength(1)
})

test('a megabyte of adversarial text holds up nothing', async () => {
  const piece = 'password=eyJ-://a:key= Bearer -----BEGIN PRIVATE KEY----- '
  await scene.worker.dead({}, piece.repeat(Math.ceil(1_000_000 / piece.length)))
  expect((await scene.digest([], { RUN_TIMEOUT: '10s', SEND_TIMEOUT: '5s' })).code).toBe(0)
})
