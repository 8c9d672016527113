import { expect, test } from 'vitest'
import { reasonOf } from '../../src/errors.js'

const error = (message: string, details: object) => Object.assign(new Error(message), details)
const ADVICE = "user or password may be wrong, and Supabase's pooler wants the user to be role.project-ref"

test.each([
  ['SASL_SIGNATURE_MISMATCH: The server did not return the correct signature', { code: 'SASL_SIGNATURE_MISMATCH' }],
  ['password authentication failed, 28P01', { code: '28P01', severity: 'FATAL' }],
  ['no such user, 08P01', { code: '08P01', severity_local: 'FATAL' }],
  ['Tenant or user not found, XX000', { code: 'XX000', severity_local: 'FATAL', severity: 'FATAL' }],
])('a log-in that failed with "%s" is explained', (text, details) => {
  expect(reasonOf(error(text.replace(/, \w+$/, ''), details))).toBe(`${text}; ${ADVICE}`)
})

test.each([
  ['cache lookup failed for type 17, XX000', { code: 'XX000', severity: 'ERROR', severity_local: 'FEHLER' }],
  ['server conn crashed?, 08P01', { code: '08P01', severity_local: 'ERROR' }],
  ['no pg_hba.conf entry for host "::1", 28000', { code: '28000', severity: 'FATAL' }],
  ['sorry, too many clients already, 53300', { code: '53300', severity: 'FATAL' }],
  ['write CONNECT_TIMEOUT db:5432', { code: 'CONNECT_TIMEOUT' }],
])('"%s" is about something else', (text, details) => {
  expect(reasonOf(error(text.replace(/, \w{5}$/, ''), details))).toBe(text)
})
