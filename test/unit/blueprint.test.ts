import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const text = readFileSync(new URL('../../render.yaml', import.meta.url), 'utf8')
const blueprint = parse(text)

/** Render's Blueprint specification (render.com/docs/blueprint-spec), as far as it concerns a cron: any other key is rejected. */
const SCHEMA = {
  type: 'object',
  required: ['services'],
  additionalProperties: false,
  properties: {
    services: {
      type: 'array',
      minItems: 1,
      maxItems: 1,
      items: {
        type: 'object',
        required: ['type', 'name', 'runtime', 'schedule'],
        additionalProperties: false,
        properties: {
          type: { const: 'cron' },
          name: { type: 'string' },
          runtime: { const: 'node' },
          region: { enum: ['oregon', 'ohio', 'virginia', 'frankfurt', 'singapore'] },
          plan: { enum: ['starter', 'standard', 'pro', 'pro plus', 'pro max', 'pro ultra'] },
          schedule: { type: 'string', pattern: '^([*/\\d,-]+ ){4}[*/\\d,-]+$' },
          buildCommand: { type: 'string' },
          startCommand: { type: 'string' },
          rootDir: { type: 'string' },
          branch: { type: 'string' },
          buildFilter: { type: 'object' },
          autoDeploy: { type: 'boolean' },
          envVars: {
            type: 'array',
            items: {
              type: 'object',
              required: ['key'],
              additionalProperties: false,
              properties: { key: { type: 'string' }, value: { type: 'string' }, sync: { const: false } },
              oneOf: [{ required: ['value'] }, { required: ['sync'] }],
            },
          },
        },
      },
    },
  },
}

test('the Blueprint is one cron that Render accepts', () => {
  const ajv = new Ajv2020({ allErrors: true })
  expect(ajv.validate(SCHEMA, blueprint), ajv.errorsText()).toBe(true)
})

const [cron] = blueprint.services

test('the schedule is quoted, hourly and at an odd minute', () => {
  const [, minute] = /^(\d+) \* \* \* \*$/.exec(cron.schedule) ?? []
  expect(Number(minute) % 2).toBe(1)
  expect(text).toContain(`schedule: "${cron.schedule}"`)
})

test('every secret is asked for, none is written down, and Node is pinned', () => {
  expect(cron.envVars).toEqual([
    { key: 'NODE_VERSION', value: '24' },
    ...['DATABASE_URL', 'SENDGRID_API_KEY', 'ALERT_EMAIL_TO', 'FROM_EMAIL'].map((key) => ({ key, sync: false })),
  ])
})

test('Render starts Node itself, because npm would swallow its SIGTERM, and builds with what building takes', () => {
  expect(cron.startCommand).toBe('node bin/job-alert.js digest')
  expect(cron.buildCommand).toBe('npm ci --include=dev && npm run build')
})
