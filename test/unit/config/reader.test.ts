import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type Environment, Reader, readEnvironment } from '../../../src/config/reader.js'

let file: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'job-alert-env-'))
  file = join(folder, 'env')
  return () => rmSync(folder, { recursive: true })
})

test('a file that --env names is read, also by way of a link; variables of the process win, but for empty ones', () => {
  writeFileSync(`${file}.txt`, '\ufeffDB_HOST=file\nDB_NAME=file\nDB_USER=file\n')
  symlinkSync(`${file}.txt`, file)
  expect(readEnvironment(file, { DB_HOST: 'process', DB_NAME: '' })).toEqual({
    DB_HOST: 'process',
    DB_NAME: 'file',
    DB_USER: 'file',
  })
})

test.each<[string, () => void, string]>([
  ['a device that never ends', () => symlinkSync('/dev/zero', file), 'it is no regular file'],
  ['a folder', () => mkdirSync(file), 'it is no regular file'],
  ['no file', () => {}, 'ENOENT'],
  [
    'UTF-16, as PowerShell writes it',
    () => writeFileSync(file, '\ufeffA=1', 'utf16le'),
    'it is UTF-16: save it as UTF-8',
  ],
])('%s is refused by its name', (_, make, reason) => {
  make()
  expect(() => readEnvironment(file, {})).toThrow(`cannot read ${file} (${reason})`)
})

test('an empty --env is refused', () => {
  expect(() => readEnvironment('', {})).toThrow('--env is empty: name the file to read')
})

test('./.env may be missing; a variable that is missing then is said to be missing there too', () => {
  const problemsOf = (env: Environment) => {
    const reader = new Reader(env)
    reader.required('DB_HOST', (text) => text, 'set it')
    return reader.problems
  }
  expect(problemsOf(readEnvironment(undefined, {}))).toEqual(['DB_HOST is missing: set it (there is no ./.env)'])
  writeFileSync(file, '')
  expect(problemsOf(readEnvironment(file, { DB_HOST: ' ' }))).toEqual(['DB_HOST is missing: set it'])
})

test.each([
  ['host\u200b', 'U+200B'],
  ['ho\u00a0st', 'U+00A0'],
  ['\u0007host', 'U+0007'],
])('an invisible character in %j is named', (text, code) => {
  const reader = new Reader({ DB_HOST: text })
  expect(reader.verbatim('DB_HOST')).toBeUndefined()
  expect(reader.problems).toEqual([`DB_HOST contains an invisible character (${code}): type it anew`])
})

test('a part in which a problem was found is undefined', () => {
  const reader = new Reader({ DB_HOST: 'host' })
  expect(reader.part((from) => from.required('DB_HOST', (text) => text, ''))).toBe('host')
  expect(reader.part((from) => from.required('DB_NAME', (text) => text, 'set it'))).toBeUndefined()
})
