import { once } from 'node:events'
import { watch } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { preloaded } from '../support/command.js'
import { temporaryFolder } from '../support/folder.js'
import { useScene } from '../support/scene.js'
import { acceptance } from '../support/sendgrid.js'
import { onTerminal, startOnTerminal } from '../support/terminal.js'

const scene = useScene()
const RED = '\x1b[31m'

test('without its variables the command names each problem on a line of its own, with its cure', async () => {
  const { code, screen } = await onTerminal(['digest'], {})
  expect(code).toBe(2)
  expect(stripVTControlCharacters(screen).trimEnd().split('\n')).toEqual([
    '✗ DATABASE_URL is missing: set it, or DB_HOST, DB_NAME, DB_USER and DB_PASSWORD (there is no ./.env)',
    '✗ SENDGRID_API_KEY is missing: create one with Mail Send permission in SendGrid (there is no ./.env)',
    '✗ FROM_EMAIL is missing: set it to a sender that SendGrid has verified (there is no ./.env)',
    '✗ ALERT_EMAIL_TO is missing: set it to the addresses that get the mail, comma-separated (there is no ./.env)',
    expect.stringMatching(/^Wrong configuration; nothing was attempted \(exit code 2, \d+\.\d s\)\.$/),
  ])
})

test('the summary is a sentence', async () => {
  const { code, screen } = await onTerminal(['digest'], scene.variables)
  expect(code).toBe(0)
  expect(screen).toMatch(/^No new failures to report \(exit code 0, \d+\.\d s\)\.\n$/)
  await scene.worker.dead()
  const sent = await onTerminal(['digest'], scene.variables)
  expect(sent.screen).toMatch(
    /^SendGrid accepted the mail, and its 1 failure is marked as reported \(exit code 0, \d+\.\d s\)\.\n$/,
  )
})

test('where the mail went out and could not be marked, the jobs and the message id stand below the sentence', async () => {
  const ids = [await scene.worker.dead(), await scene.worker.dead()]
  scene.sendGrid.answer(async (response, request) => {
    await scene.database.killSessions()
    await acceptance(response, request)
  })
  const { code, screen } = await onTerminal(['digest'], scene.variables)
  expect(code).toBe(3)
  expect(stripVTControlCharacters(screen)).toMatch(
    new RegExp(`\\(exit code 3, .* s\\)\\.\n {2}jobs: ${ids.join(', ')}\n {2}SendGrid's message id: accepted\n$`),
  )
})

test('where the mail could only be written plainly, the stack stands below the sentence', async () => {
  await scene.worker.dead()
  const broken = `Intl.DateTimeFormat.prototype.formatToParts = () => { throw new TypeError('broken') }`
  const { code, screen } = await onTerminal(['digest'], {
    ...scene.variables,
    ...preloaded(broken),
  })
  expect(code).toBe(0)
  expect(stripVTControlCharacters(screen)).toContain(
    'the mail could only be written plainly\nTypeError: broken\n    at ',
  )
})

test('a dry run has its signs and headings in colour, and the words are those of the mail', async () => {
  await scene.worker.dead()
  const { screen } = await onTerminal(['digest', '--dry-run'], scene.variables)
  expect(screen).toContain(`${RED}`)
  const piped = (await scene.digest(['--dry-run'])).stdout
  const timeless = (text: string) => text.replaceAll(/\d\d:\d\d/g, 'TIME')
  expect(timeless(stripVTControlCharacters(screen))).toContain(timeless(piped))
  expect(piped).not.toContain('\x1b')
})

test('a dry run folds its lines where the terminal is narrower than a mail', async () => {
  await scene.worker.dead({}, 'Spotify did not know the song, and nobody else did, wherever it was looked for.')
  const widest = async (columns: number) => {
    const { screen } = await onTerminal(['digest', '--dry-run'], scene.variables, columns)
    const folded = stripVTControlCharacters(screen).split('\n').slice(2, -2)
    return Math.max(...folded.filter((line) => !line.includes('://')).map(({ length }) => length))
  }
  expect(await widest(50)).toBeLessThanOrEqual(50)
  expect(await widest(200)).toBeGreaterThan(70)
  // A terminal may not know its width.
  expect(await widest(0)).toBeGreaterThan(70)
})

test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('%j: nothing is coloured', async (variables) => {
  await scene.worker.dead()
  const { screen } = await onTerminal(['digest', '--dry-run'], { ...scene.variables, ...variables })
  expect(screen).toContain('✗ 1 JOB FAILED')
  expect(screen).not.toContain('\x1b[')
})

test('the mail itself and what is piped have no colours, even when the log goes to a terminal', async () => {
  await scene.worker.dead()
  await onTerminal(['digest'], { ...scene.variables, FORCE_COLOR: '1' })
  expect(scene.mail.text).not.toContain('\x1b')
})

test('migrate says each file that it has applied, and how long that took', async () => {
  const { code, screen } = await onTerminal(['migrate'], { DATABASE_URL: scene.database.url })
  expect(code).toBe(0)
  expect(screen).toMatch(/^applied 001_last_alerted_at\.sql in \d+\.\d s\n/)
  expect(screen).toMatch(/\napplied 003_chain_index\.sql in \d+\.\d s\n/)
  expect(screen).toMatch(/Research_jobs has everything digest needs \(exit code 0, \d+\.\d s\)\.\n$/)
})

test.each([[[]], [['--dry-run']]])(
  'digest %j with nothing new says what was never reported before',
  async (options) => {
    await scene.worker.age(await scene.worker.dead(), '8 days')
    const { screen } = await onTerminal(['digest', ...options], scene.variables)
    expect(screen).toMatch(/^No new failures to report; 1 older one was never reported \(exit code 0, \d+\.\d s\)\.\n$/)
    const { summary } = await (options.length > 0 ? scene.preview() : scene.report())
    expect(summary).toMatchObject({
      msg: 'no new failures to report; 1 older one was never reported',
      olderUnreported: 1,
    })
  },
)

test('a terminal that is stopped does not hold the process past RUN_TIMEOUT', async () => {
  await scene.worker.storm(2_000, {}, 'no song '.repeat(100))
  const folder = temporaryFolder('terminal')
  const atExit = `import { writeFileSync } from 'node:fs'
    process.on('exit', (code) => writeFileSync('${folder}/code', String(code)))`
  const ended = once(watch(folder), 'change')
  const { child, session } = startOnTerminal(['digest', '--dry-run', '--format', 'json'], {
    ...scene.variables,
    RUN_TIMEOUT: '2s',
    ...preloaded(atExit),
  })
  // script(1) reads the terminal no further than somebody reads what it has read.
  child.stdout?.pause()
  await ended
  child.stdout?.resume()
  expect((await session).code).toBe(1)
})
