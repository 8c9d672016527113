import { expect, test } from 'vitest'
import { errorSummary, outcomeSummary } from '../../src/outcome.js'

const older = { count: 0, oldest: null }

test.each([
  [1, false, 'SendGrid accepted the mail, and its 1 failure is marked as reported'],
  [17, false, 'SendGrid accepted the mail, and its 17 failures are marked as reported'],
  [17, true, 'SendGrid accepted the mail, and its 17 failures and the overdue refresh are marked as reported'],
  [1, true, 'SendGrid accepted the mail, and its 1 failure and the overdue refresh are marked as reported'],
  [0, true, 'SendGrid accepted the mail, and the overdue refresh is marked as reported'],
])('%d failures, overdue: %s: what was marked is named', (found, overdue, message) => {
  expect(outcomeSummary({ kind: 'sent', found, overdue, older, messageId: 'm' }).message).toBe(message)
})

test('nothing to report is said as that', () => {
  expect(outcomeSummary({ kind: 'nothing to report', older }).message).toBe('no new failures to report')
})

test.each(['not sent', 'outcome unknown'] as const)('%s: the next run reports what this one did not', (kind) => {
  const message = (found: number, overdue: boolean) =>
    outcomeSummary({ kind, found, overdue, older, reason: 'SendGrid answered 500' }).message
  expect(message(2, false)).toContain('nothing is marked, and the next run reports the failures')
  expect(message(2, true)).toContain('nothing is marked, and the next run reports the failures')
  expect(message(0, true)).toContain('nothing is marked, and the next run reports the refresh')
  expect(message(0, true)).not.toContain('failure')
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

test('a file that cannot be read is named, and is no fault of the connection', () => {
  const path = '/nonexistent/sql'
  const message = `ENOENT: no such file or directory, scandir '${path}'`
  const missing = Object.assign(new Error(message), { code: 'ENOENT', syscall: 'scandir', path })
  expect(errorSummary(missing, 'nothing was changed').message).toBe(`${message}; nothing was changed`)
})
