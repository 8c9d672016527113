import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const blueprint = readFileSync(new URL('../../render.yaml', import.meta.url), 'utf8')

/** The keys that Render's Blueprint schema knows for a cron; it rejects any other. */
const KEYS = [
  'type',
  'name',
  'runtime',
  'schedule',
  'region',
  'plan',
  'buildCommand',
  'startCommand',
  'envVars',
  'rootDir',
  'branch',
  'buildFilter',
  'autoDeploy',
]

test('the Blueprint has the keys of a cron and no other', () => {
  const keys = [...blueprint.matchAll(/^ {2}(?: {2}|- )(\w+):/gm)].map(([, key]) => key)
  expect(keys).toContain('schedule')
  expect(keys.filter((key) => !KEYS.includes(key as string))).toEqual([])
})

test('the schedule is quoted, hourly and at an odd minute', () => {
  const [, minute] = /^ {4}schedule: "(\d+) \* \* \* \*"$/m.exec(blueprint) ?? []
  expect(Number(minute) % 2).toBe(1)
})

test('every secret is asked for, none is written down, and Node is pinned', () => {
  const variables = [...blueprint.matchAll(/- key: (\w+)\n\s+(\S.*)$/gm)].map(([, key, value]) => [key, value])
  expect(Object.fromEntries(variables)).toEqual({
    NODE_VERSION: 'value: "24"',
    DATABASE_URL: 'sync: false',
    SENDGRID_API_KEY: 'sync: false',
    ALERT_EMAIL_TO: 'sync: false',
    FROM_EMAIL: 'sync: false',
  })
})

test('Render starts Node itself: npm would swallow its SIGTERM', () => {
  expect(blueprint).toMatch(/^ {4}startCommand: node bin\/job-alert\.js digest$/m)
})
