import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { start } from '../support/command.js'
import { temporaryFolder } from '../support/folder.js'
import { useScene } from '../support/scene.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const scene = useScene()
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

const inRoot = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

let files: readonly string[]
let tarball: string

beforeAll(() => {
  const folder = temporaryFolder('package')
  // Built already; another build would pull the files from under the runs beside this one.
  const [packed] = JSON.parse(inRoot('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]))
  files = packed.files.map(({ path }: { readonly path: string }) => path)
  tarball = join(folder, packed.filename)
})

test('the package holds what runs, and nothing else', () => {
  expect(files).toEqual([
    'README.md',
    'bin/job-alert.js',
    'dist/cli.js',
    'dist/cli.js.map',
    'dist/late.js',
    'dist/late.js.map',
    'dist/shared.js',
    'dist/shared.js.map',
    'package.json',
    ...['001_last_alerted_at.sql', '002_unreported_failures_index.sql', '003_chain_index.sql'].map(
      (sql) => `sql/${sql}`,
    ),
  ])
})

/** The unpacked package, and beside it the production dependencies alone: nothing else can be resolved from there. */
function installed(): string {
  const modules = join(temporaryFolder('installed'), 'node_modules')
  mkdirSync(join(modules, 'job-alert'), { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', join(modules, 'job-alert'), '--strip-components=1'])
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  return join(modules, 'job-alert', 'bin', 'job-alert.js')
}

test('the package migrates, previews and sends with its production dependencies alone', async () => {
  const bin = installed()
  const id = await scene.worker.dead()
  const outcomes = []
  for (const args of [['migrate'], ['digest', '--dry-run'], ['digest'], ['check']])
    outcomes.push((await start(args, scene.variables, bin).finished).summary.outcome)
  expect(outcomes).toEqual(['migrated', 'dry run', 'sent', 'check passed'])
  expect(await scene.marked()).toEqual([id])
})
