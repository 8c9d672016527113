import { expect, test } from 'vitest'
import { ConfigError } from '../../src/config/reader.js'
import { ConnectionError } from '../../src/errors.js'
import { Interrupted } from '../../src/interruption.js'
import { checkSummary, errorSummary, outcomeSummary, previewSummary } from '../../src/outcome.js'
import { NotPrepared } from '../../src/queue/prepared.js'
import type { Outcome } from '../../src/report.js'

const older = { count: 4, oldest: null }
const found = { found: 2, overdue: false, older, waiting: 0, locked: 1 }
const counts = { found: 2, reported: 0, olderUnreported: 4, waiting: 0, locked: 1 }
const codeless = new Error('the server answered COMMIT with ROLLBACK')

test.each<[Outcome, number, string, object | undefined]>([
  [
    { ...found, is: 'nothing to report', found: 0, locked: 0 },
    0,
    'no new failures to report; 4 older ones were never reported',
    { ...counts, found: 0, locked: 0 },
  ],
  [
    { is: 'another run is at work', pid: undefined, since: undefined },
    0,
    'another run is at work, so this one did nothing; after --since or --include-alerted, run it again',
    undefined,
  ],
  [
    { is: 'another run hangs', pid: 7, since: new Date('2026-11-23T03:00:00Z') },
    1,
    'another run has held the lock since 2026-11-23T03:00:00.000Z, longer than a run may take, and may be waiting for a standby; nothing was reported; once you know why, end it with "select pg_terminate_backend(7)"',
    { pid: 7 },
  ],
  [
    { is: 'sent', ...found, messageId: 'm1' },
    0,
    'SendGrid accepted the mail, and its 2 failures are marked as reported',
    { ...counts, reported: 2, messageId: 'm1' },
  ],
  [
    { is: 'not sent', ...found, reason: 'SendGrid answered 401: bad key. ' },
    1,
    'SendGrid answered 401: bad key; the mail about 2 failed jobs was not sent; nothing is marked, and the next run with the same options reports them',
    counts,
  ],
  [
    { is: 'outcome unknown', ...found, reason: 'SendGrid answered 500' },
    1,
    'SendGrid answered 500; the mail about 2 failed jobs may or may not have been sent; nothing is marked, and the next run with the same options reports them, perhaps again',
    counts,
  ],
  [
    { is: 'sent but not marked', ...found, messageId: 'm1', ids: [7n, 8n], error: codeless },
    3,
    'the mail about 2 failed jobs was sent, but what it reports could not be marked (the server answered COMMIT with ROLLBACK); the next run with the same options repeats it',
    { ...counts, messageId: 'm1', jobIds: [7n, 8n] },
  ],
  [
    { is: 'sent, perhaps not marked', ...found, messageId: 'm1', ids: [7n, 8n], error: codeless },
    3,
    'the mail about 2 failed jobs was sent, but what it reports may or may not be marked (the server answered COMMIT with ROLLBACK); the next run with the same options may repeat it',
    { ...counts, messageId: 'm1', jobIds: [7n, 8n] },
  ],
])('$0.is is summed up by its exit code and one sentence', (outcome, exitCode, message, details) => {
  expect(outcomeSummary(outcome)).toEqual({ exitCode, outcome: outcome.is, message, details })
})

test.each([
  [1, false, 'its 1 failure is marked as reported'],
  [17, true, 'its 17 failures and the overdue refresh are marked as reported'],
  [1, true, 'its 1 failure and the overdue refresh are marked as reported'],
  [0, true, 'the overdue refresh is marked as reported'],
])('%d failures, overdue: %s: what was marked is named', (count, overdue, marked) => {
  const { message } = outcomeSummary({ is: 'sent', ...found, found: count, overdue, messageId: 'm' })
  expect(message).toBe(`SendGrid accepted the mail, and ${marked}`)
})

test.each([
  [2, false, 'the mail about 2 failed jobs', 'reports them'],
  [1, false, 'the mail about 1 failed job', 'reports it'],
  [1, true, 'the mail about 1 failed job and an overdue refresh', 'reports them'],
  [0, true, 'the mail about an overdue refresh', 'reports it'],
])('%d failures, overdue: %s: what was not sent is named', (count, overdue, mail, next) => {
  const outcome = { is: 'not sent', ...found, found: count, overdue, reason: 'SendGrid answered 500' } as const
  const { message, details } = outcomeSummary(outcome)
  expect(message).toBe(
    `SendGrid answered 500; ${mail} was not sent; nothing is marked, and the next run with the same options ${next}`,
  )
  expect(details).toEqual({ ...counts, found: count, ...(overdue ? { overdue } : {}) })
})

test('the ids of a storm are logged up to the first thousand', () => {
  const ids = Array.from({ length: 1_001 }, (_, id) => BigInt(id))
  const outcome = { is: 'sent but not marked', ...found, messageId: 'm', ids, error: codeless } as const
  expect(outcomeSummary(outcome).details?.jobIds).toEqual(ids.slice(0, 1_000))
})

test('a dry run says what a run would send', () => {
  const would = 'would send a mail about 2 failed jobs; changed nothing'
  expect(previewSummary(found)).toEqual({
    exitCode: 0,
    outcome: 'dry run',
    message: would,
    details: counts,
  })
})

test.each([
  [0, 0, ''],
  [1, 0, '; 1 older one was never reported'],
  [4_000, 0, '; 4,000 older ones were never reported'],
  [0, 1, '; 1 failure was left to the next run: locked by somebody else, or newer than this run'],
  [
    2,
    3,
    '; 2 older ones were never reported; 3 failures were left to the next run: locked by somebody else, or newer than this run',
  ],
])(
  'where nothing is new, %i older failures and %i locked ones are said, by a dry run as well',
  (count, locked, rest) => {
    const nothing = { found: 0, overdue: false, older: { count, oldest: null }, waiting: 0, locked }
    const message = `no new failures to report${rest}`
    expect(outcomeSummary({ is: 'nothing to report', ...nothing }).message).toBe(message)
    expect(previewSummary(nothing).message).toBe(message)
  },
)

const refused = Object.assign(new Error('permission denied'), { code: '42501' })
const broken = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })
const unreadable = Object.assign(new Error('ENOENT: …'), { code: 'ENOENT', syscall: 'open', path: 'sql/001.sql' })

test.each<[string, unknown, number, string, string]>([
  ['a wrong configuration', new ConfigError(['a', 'b']), 2, 'wrong configuration', 'a; b'],
  ['an unprepared database', new NotPrepared('migrate first'), 2, 'not prepared', 'migrate first'],
  ['no connection', new ConnectionError('cannot connect'), 1, 'failed', 'cannot connect; nothing was sent'],
  ["the server's refusal", refused, 1, 'failed', 'permission denied, 42501; nothing was sent'],
  ['a broken connection', broken, 1, 'failed', 'the connection to the database broke (ECONNRESET); nothing was sent'],
  ['a file that cannot be read', unreadable, 1, 'failed', 'cannot read sql/001.sql (ENOENT); nothing was sent'],
  ['a timeout', new Interrupted('RUN_TIMEOUT expired'), 1, 'failed', 'RUN_TIMEOUT expired; nothing was sent'],
  ['SIGINT', new Interrupted('stopped by SIGINT', 'SIGINT'), 130, 'stopped', 'stopped by SIGINT; nothing was sent'],
  ['SIGTERM', new Interrupted('stopped by SIGTERM', 'SIGTERM'), 143, 'stopped', 'stopped by SIGTERM; nothing was sent'],
  ['SIGHUP', new Interrupted('stopped by SIGHUP', 'SIGHUP'), 143, 'stopped', 'stopped by SIGHUP; nothing was sent'],
])('%s says all there is to know, without a stack', (_, error, exitCode, outcome, message) => {
  const summary = errorSummary(error, 'nothing was sent')
  expect(summary).toMatchObject({ exitCode, outcome, message })
  expect(summary.details).toBeUndefined()
})

test('each problem of a configuration is one of the summary, too', () => {
  expect(errorSummary(new ConfigError(['a', 'b']), '').problems).toEqual(['a', 'b'])
})

test('a fault carries its stack, unless it interrupted the run and is in the log already', () => {
  const fault = new TypeError('cannot read x of undefined')
  const { exitCode, outcome, details } = errorSummary(fault, 'nothing was sent or marked')
  expect({ exitCode, outcome }).toEqual({ exitCode: 1, outcome: 'failed' })
  expect(details?.stack).toContain('TypeError: cannot read x of undefined\n    at ')
  const interrupted = new Interrupted(`internal error: ${fault.message}`)
  expect(errorSummary(interrupted, 'nothing was sent or marked')).toMatchObject({ exitCode: 1, details: undefined })
})

test('a fault of the program keeps its stack, also where Node gives it a code; an error of the system has none', () => {
  const fault = Object.assign(new TypeError('The "size" argument must be of type number'), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  expect(errorSummary(fault, 'nothing was sent').details?.stack).toMatch(/^TypeError: The "size"/)
  const broken = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })
  expect(errorSummary(broken, 'nothing was sent')).toMatchObject({
    exitCode: 1,
    message: 'the connection to the database broke (ECONNRESET); nothing was sent',
    details: undefined,
  })
})

test.each<[readonly (0 | 1 | 2)[], number, string, string]>([
  [[], 0, 'check passed', 'a digest would work'],
  [[0, 0], 0, 'check passed', 'a digest would work, but 2 things are wrong'],
  [[1], 1, 'check failed', 'a digest would not work: one thing is wrong'],
  [[1, 2, 0], 2, 'check failed', 'a digest would not work: 3 things are wrong'],
])('findings of %j are summed up by the exit code that a digest would end in', (codes, exitCode, outcome, message) => {
  expect(checkSummary(codes)).toEqual({ exitCode, outcome, message })
})

test("a server's words lose the full stops and semicolons they end in", () => {
  expect(errorSummary(new ConnectionError('it broke. ;.'), 'nothing was sent').message).toBe(
    'it broke. ; nothing was sent',
  )
})
