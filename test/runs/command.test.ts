import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { BIN, type Finished, run, start } from '../support/command.js'
import { temporaryFolder } from '../support/folder.js'
import { API_KEY, useScene } from '../support/scene.js'

const scene = useScene()

const spoken = new Map<string, Promise<Finished>>()

/** What the command says to this line without any variable: of each line one process, whatever is asked of its words. */
function saidTo(args: readonly string[]): Promise<Finished> {
  const line = args.join(' ')
  const finished = spoken.get(line) ?? run(args, {})
  spoken.set(line, finished)
  return finished
}

test.each([
  [['digest', '--since', 'yesterday-ish'], 'a duration (90m, 36h, 7d, 2w), an ISO 8601 date or time in the past'],
  [['digest', '--since', '7 parsecs'], 'a duration (90m, 36h, 7d, 2w), an ISO 8601 date or time in the past'],
  [['digest', '--include-alerted'], '--include-alerted needs --since'],
  [['digest', '--format', 'html'], '--format needs --dry-run'],
  [['digest', '--dry-run', '--format', 'pdf'], 'Allowed choices are text, html, json'],
  [['digest', '--bogus'], "unknown option '--bogus'"],
  [['digest', 'everything'], 'too many arguments'],
  [['disgest'], "unknown command 'disgest'"],
])('%j is a usage error: exit 2, one line that says what is accepted', async (args, cure) => {
  const { code, stdout, stderr } = await saidTo(args)
  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr.trimEnd().split('\n').filter(Boolean).at(0)).toContain(cure)
})

test.each([
  [['digest', '--since', 'postgresql://app:hunter2@db/music'], 'postgresql://[redacted]@db/music'],
  [['postgresql://app:hunter2@db/music'], 'postgresql://[redacted]@db/music'],
  [['digest', '--password=hunter2'], '--password=[redacted]'],
])('a credential in %j is not repeated by the usage error', async (args, shown) => {
  const { code, stderr } = await saidTo(args)
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(shown) })
  expect(stderr).not.toContain('hunter2')
})

test.each([[['--help']], [['digest', '--help']], [['migrate', '--help']], [['help']], [['help', 'digest']]])(
  '%j is printed on stdout',
  async (args) => {
    const { code, stdout, stderr } = await saidTo(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Usage: job-alert')
  },
)

test.each([['-V'], ['--version']])('%s prints the version', async (option) => {
  const { code, stdout } = await saidTo([option])
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})

test.each([
  [['digest', '--bogus'], 'See job-alert digest --help.'],
  [['digest', '--format', 'html'], 'See job-alert digest --help.'],
  [['check', 'everything'], 'See job-alert check --help.'],
  [['disgest'], 'See job-alert --help.'],
  [['help', 'disgest'], 'Usage: job-alert'],
  [['--dry-run'], '(Did you mean job-alert digest --dry-run?)'],
  [['digest', '--dry'], '(Did you mean job-alert digest --dry-run?)'],
  [['digest', '-dry-run'], '(Did you mean job-alert digest --dry-run?)'],
  [['check', '--since=7d'], '(Did you mean job-alert digest --since?)'],
  [['--send-test'], '(Did you mean job-alert check --send-test?)'],
  [['check', '--send'], '(Did you mean job-alert check --send-test?)'],
  [['check', '--en'], '(Did you mean job-alert check --env?)'],
  [['--dryrun'], '(Did you mean job-alert digest --dry-run?)'],
  [['digest', '--dryrun'], '(Did you mean job-alert digest --dry-run?)'],
  [['digest', '--dry-rum'], '(Did you mean --dry-run?)'],
])('the usage error of %j names the help, or what was meant', async (args, hint) => {
  const { code, stderr } = await saidTo(args)
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(hint) })
})

const HELPS = [['--help'], ['digest', '--help'], ['check', '--help'], ['migrate', '--help']]

test.each(HELPS)('the help of %s fits a terminal of eighty columns', async (...args) => {
  const { stdout } = await saidTo(args)
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
})

test('what the help says hangs below its term, and stands in no file that a package lacks', async () => {
  const { stdout } = await saidTo(['digest', '--help'])
  expect(stdout).toContain(`
  3     the mail was sent but the failures are not marked, or may not be; the
        next run may repeat it. The log names the jobs (the first 1,000)
`)
  expect(stdout).toContain(`
  job-alert digest --since 7d --include-alerted   send again: the mail got lost,
                                                  the address was wrong
`)
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('start of the window (default: 7 days ago): a duration')
  expect(stdout).toMatch(/--format <format> +with --dry-run \(default: text\)/)
  expect(stdout).toMatch(/^Variables: .*;\s+the\s+README\s+has the others/ms)
})

test('a reader of the help that has gone is no error', async () => {
  const { child, finished } = start(['--help'], {})
  child.stdout?.destroy()
  const { code, stderr } = await finished
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

/** Exit code and stderr of the command in a shell, where "$@" is the command. */
async function inShell(script: string): Promise<{ code: number; stderr: string }> {
  const child = spawn('sh', ['-c', script, process.execPath, BIN], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code, stderr }
}

test('help that cannot be written is exit 1', async () => {
  expect(await inShell('exec "$0" "$1" --help >/dev/full')).toEqual({ code: 1, stderr: '' })
})

test.each([
  ['is full', '2>/dev/full'],
  ['is closed', '2>&-'],
])('a usage error is exit 2, also where stderr %s', async (_, redirection) => {
  expect((await inShell(`exec "$0" "$1" digest --bogus ${redirection}`)).code).toBe(2)
})

test('a usage error is exit 2, also where nobody reads stderr any more', async () => {
  const { child, finished } = start(['digest', '--bogus'], {})
  child.stderr?.destroy()
  expect((await finished).code).toBe(2)
})

test('before it is built the command says so, in one line: exit 2', async () => {
  const folder = temporaryFolder('unbuilt')
  const root = dirname(dirname(BIN))
  for (const name of ['bin', 'package.json']) cpSync(join(root, name), join(folder, name), { recursive: true })
  const { code, stdout, stderr } = await start(['--help'], {}, join(folder, 'bin', 'job-alert.js')).finished
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr: 'job-alert is not built yet: run npm run build first\n',
  })
})

test('every problem of the configuration is named at once, before anything connects', async () => {
  const { code, summary, stdout } = await run(['digest'], {
    DATABASE_URL: 'postgresql://user:hunter2@127.0.0.1:1/db?sslmode=maybe',
    SENDGRID_BASE_URL: 'http://example.com',
    ALERT_EMAIL_TO: 'oncall@example.com, nobody',
    SEND_TIMEOUT: '2 minutes',
  })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  for (const name of [
    'sslmode',
    'SENDGRID_BASE_URL',
    'SENDGRID_API_KEY',
    'FROM_EMAIL',
    'ALERT_EMAIL_TO',
    'SEND_TIMEOUT',
  ])
    expect(summary.msg).toContain(name)
  expect(JSON.stringify(summary)).not.toContain('hunter2')
})

test('a dry run needs nothing but the database', async () => {
  const id = await scene.worker.dead()
  const { code, stdout, summary } = await run(['digest', '--dry-run'], { DATABASE_URL: scene.database.url })
  expect(code).toBe(0)
  expect(stdout).toContain(`job ${id}`)
  expect(summary).toMatchObject({ outcome: 'dry run', found: 1, reported: 0 })
})

test('a dry run prints exactly the mail that is sent', async () => {
  await scene.worker.dead()
  await scene.worker.refresh('songs').then((ids) => scene.worker.failPermanently(ids[1] as number, 'timed out'))
  const text = (await scene.digest(['--dry-run'])).stdout
  const html = (await scene.digest(['--dry-run', '--format', 'html'])).stdout
  await scene.digest()
  const timeless = (part: string) => part.replaceAll(/\d\d:\d\d\sUTC|just now|\d+ min ago/g, 'TIME')
  expect(timeless(text)).toBe(timeless(`Subject: ${scene.mail.subject}\n\n${scene.mail.text}`))
  expect(timeless(html)).toBe(timeless(scene.mail.html))
})

test('a dry run changes nothing, and holds up no other run', async () => {
  await scene.worker.dead()
  const before = await scene.sql`select *, xmin::text from research_jobs`
  await scene.preview()
  expect(await scene.sql`select *, xmin::text from research_jobs`).toEqual(before)
})

test('a dry run with nothing to report prints nothing, or a JSON document without failures', async () => {
  expect((await scene.digest(['--dry-run'])).stdout).toBe('')
  expect(JSON.parse((await scene.digest(['--dry-run', '--format', 'json'])).stdout)).toMatchObject({ failures: [] })
})

test('JSON lists every failure, without caps, and arrives whole through a pipe', async () => {
  await scene.worker.storm(2_000, {}, `${'no song '.repeat(100)} %1$s`)
  const { stdout, code } = await scene.digest(['--dry-run', '--format', 'json'])
  expect(code).toBe(0)
  expect(stdout.length).toBeGreaterThan(1_000_000)
  expect(JSON.parse(stdout).failures).toHaveLength(2_000)
})

test('a reader that closes the pipe is no error', async () => {
  await scene.worker.storm(2_000, {}, 'no song '.repeat(100))
  const { child, finished } = start(['digest', '--dry-run', '--format', 'json'], scene.variables)
  child.stdout?.destroy()
  const { code, summary, log } = await finished
  expect({ code, outcome: summary.outcome, lines: log.length }).toEqual({ code: 0, outcome: 'dry run', lines: 1 })
})

test('every run ends in exactly one summary line, whatever LOG_LEVEL says', async () => {
  for (const LOG_LEVEL of ['trace', 'info', 'fatal']) {
    const { log, stderr } = await scene.digest([], { LOG_LEVEL })
    expect(stderr.trimEnd().split('\n')).toHaveLength(log.length)
    expect(log.filter((line) => 'outcome' in line)).toHaveLength(1)
    expect(log.at(-1)).toMatchObject({ outcome: 'nothing to report', found: 0, exitCode: 0 })
    expect(log.at(-1)).toHaveProperty('durationMs')
  }
})

test('DB_* variables work when DATABASE_URL is absent', async () => {
  const url = new URL(scene.database.url)
  const { code } = await scene.preview({
    DATABASE_URL: undefined,
    DB_HOST: url.hostname,
    DB_PORT: url.port,
    DB_NAME: scene.database.name,
    DB_USER: decodeURIComponent(url.username),
    DB_PASSWORD: decodeURIComponent(url.password),
    DB_SSLMODE: 'prefer',
  })
  expect(code).toBe(0)
})

test('pooler keys in DATABASE_URL do not reach the server', async () => {
  const url = `${scene.database.url}?pgbouncer=true&connection_limit=1&channel_binding=prefer&pool_timeout=0`
  expect((await scene.preview({ DATABASE_URL: url })).code).toBe(0)
})

test('--env-file is read, and the environment wins over it', async () => {
  const folder = temporaryFolder('env')
  const file = join(folder, 'env')
  writeFileSync(file, `DATABASE_URL=postgresql://nobody@127.0.0.1:1/nowhere\nALERT_ENVIRONMENT=staging\n`)
  await scene.worker.dead()
  const { code, stdout } = await scene.digest(['--dry-run', '--env-file', file])
  expect(code).toBe(0)
  expect(stdout).toContain(' · staging\n')
})

test('an --env-file that cannot be read is exit 2', async () => {
  const { code, summary } = await scene.digest(['--env-file', '/nonexistent/env'])
  expect(code).toBe(2)
  expect(summary.msg).toContain('/nonexistent/env')
})

test('an --env that is empty is exit 2, and says what it takes', async () => {
  const { code, summary } = await scene.digest(['--env='])
  expect({ code, msg: summary.msg }).toEqual({ code: 2, msg: '--env is empty: name the file to read' })
})

test('the key reaches SendGrid and nothing else', async () => {
  await scene.worker.dead()
  const { stdout, stderr } = await scene.digest([], { LOG_LEVEL: 'trace' })
  expect(scene.sendGrid.requests[0]?.headers.authorization).toBe(`Bearer ${API_KEY}`)
  expect(stdout + stderr).not.toContain(API_KEY)
})

test('a log that cannot be written changes nothing', async () => {
  const id = await scene.worker.dead()
  const command = `exec "$0" "$1" digest 2>/dev/full`
  const child = spawn('sh', ['-c', command, process.execPath, BIN], { env: { ...process.env, ...scene.variables } })
  expect((await once(child, 'close'))[0]).toBe(0)
  expect(scene.sendGrid.accepted).toHaveLength(1)
  expect(await scene.marked()).toEqual([id])
})

test('a dry run whose output cannot be written is exit 1', async () => {
  await scene.worker.dead()
  const command = `exec "$0" "$1" digest --dry-run >/dev/full`
  const child = spawn('sh', ['-c', command, process.execPath, BIN], { env: { ...process.env, ...scene.variables } })
  expect((await once(child, 'close'))[0]).toBe(1)
})
