import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../support/command.js'
import { temporaryFolder } from '../support/folder.js'

test('--env names a file to read; without it, ./.env may be missing', async () => {
  const file = join(temporaryFolder('env'), 'env')
  writeFileSync(file, 'DATABASE_URL=mysql://host\n')
  const [named, unnamed] = await Promise.all([
    run(['digest', '--dry-run', '--env', file], {}),
    run(['digest', '--dry-run'], {}),
  ])
  expect(named.code).toBe(2)
  expect(named.summary.msg).toBe('DATABASE_URL must be a postgresql:// URL, as psql takes it')
  expect(unnamed.summary.msg).toBe(
    'DATABASE_URL is missing: set it, or DB_HOST, DB_NAME, DB_USER and DB_PASSWORD (there is no ./.env)',
  )
})
