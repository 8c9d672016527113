import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DIGEST_HELP } from '../../src/help.js'

const file = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const README = file('README.md')
const { scripts, dependencies, devDependencies } = JSON.parse(file('package.json')) as Record<
  string,
  Record<string, string>
>

/** The rows of the table below that heading, each with its cells. */
function table(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = README.split(`\n## ${heading}\n`)
  const [own = ''] = section.split('\n## ')
  return own
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

test('the exit codes of the README are those of the help, word for word', () => {
  const help = DIGEST_HELP.split('\n\nExamples')[0]?.replaceAll(/\s+/g, ' ')
  const rows = table('Exit codes').slice(1)
  expect(help?.trim()).toBe(`Exit codes: ${rows.flat().join(' ')}`)
})

const reading = file('src/config.ts') + file('src/config/database.ts')
const read = new Set(reading.match(/(?<=[([,]\s*')[A-Z]+_[A-Z_]+(?=')/g))

test('every variable that is read stands in the README and in .env.example, and no other does', () => {
  const documented = table('Configuration').flatMap(
    (cells) => cells.join(' ').match(/(?<=`)[A-Z]+_[A-Z_]+(?=`)/g) ?? [],
  )
  expect([...new Set(documented)].toSorted()).toEqual([...read].toSorted())
  const example = file('.env.example').match(/^#?[A-Z_]+(?==)/gm) ?? []
  expect(example.map((name) => name.replace('#', '')).toSorted()).toEqual([...read].toSorted())
})

test('every npm script that the README names exists, and the other way round', () => {
  const named: readonly string[] = README.match(/(?<=npm run )[a-z:]+/g) ?? []
  expect(named.filter((name) => !(name in (scripts ?? {})))).toEqual([])
  const internal: readonly string[] = ['build', 'bundle', 'prepack', 'test', 'typecheck', 'lint', 'format', 'deadcode']
  expect(Object.keys(scripts ?? {}).filter((name) => !named.includes(name) && !internal.includes(name))).toEqual([])
})

test('every dependency is named with the reason why it is there', () => {
  const [, reasons = ''] = README.split('Runtime dependencies: ')
  const all = [...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})]
  expect(all.filter((name) => !reasons.includes(`\`${name}\``))).toEqual([])
})

test('what looks does not send, and what sends is said to', () => {
  const [look = '', send = ''] = (README.split('\n## On call\n')[1] ?? '').split('Sending marks')
  const commands = (text: string) => text.match(/(?<=^\|.*`)node bin.*(?=`)/gm) ?? []
  expect(commands(look).length).toBeGreaterThan(3)
  for (const command of commands(look)) expect(command).toContain('--dry-run')
  for (const command of commands(send.split('\n## ')[0] ?? '')) expect(command).not.toContain('--dry-run')
})
