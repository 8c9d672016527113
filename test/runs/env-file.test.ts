import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { run } from '../support/command.js'

const VARIABLES = 'DATABASE_URL=mysql://host\n'
let file: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'job-alert-env-'))
  file = join(folder, 'env')
  return () => rmSync(folder, { recursive: true })
})

async function digest(): Promise<{ code: number; says: string | undefined }> {
  const { code, summary } = await run(['digest', '--dry-run', '--env', file], {})
  return { code, says: summary.msg }
}

test('a file that --env names is read, also by way of a link', async () => {
  writeFileSync(`${file}.txt`, `\ufeff${VARIABLES}`)
  symlinkSync(`${file}.txt`, file)
  expect(await digest()).toEqual({ code: 2, says: 'DATABASE_URL must be a postgresql:// URL, as psql takes it' })
})

test.each([
  ['a device that never ends', () => symlinkSync('/dev/zero', file)],
  ['a folder', () => mkdirSync(file)],
])('%s is refused: it is no regular file', async (_, make) => {
  make()
  expect(await digest()).toEqual({ code: 2, says: `cannot read ${file} (it is no regular file)` })
})

test('UTF-16, as PowerShell writes it, is named', async () => {
  writeFileSync(file, `\ufeff${VARIABLES}`, 'utf16le')
  expect(await digest()).toEqual({ code: 2, says: `cannot read ${file} (it is UTF-16: save it as UTF-8)` })
})

test('where a variable is missing, so may be ./.env', async () => {
  const missing = 'DATABASE_URL is missing: set it, or DB_HOST, DB_NAME, DB_USER and DB_PASSWORD'
  writeFileSync(file, '')
  expect((await digest()).says).toBe(missing)
  const { summary } = await run(['digest', '--dry-run'], {})
  expect(summary.msg).toBe(`${missing} (there is no ./.env)`)
})
