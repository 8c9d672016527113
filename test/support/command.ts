import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './folder.js'

export const BIN = fileURLToPath(new URL('../../bin/job-alert.js', import.meta.url))
/** Without a .env of somebody's that the command would read. */
const EMPTY_FOLDER = temporaryFolder('cwd')

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string }

export interface Finished {
  /** 128 + n when a signal ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** The log's lines that are JSON. */
  readonly log: readonly LogLine[]
  /** The last of them. */
  readonly summary: LogLine
}

export interface Running {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
}

export type Variables = Readonly<Record<string, string | undefined>>

/** Runs this code in the command's process before the command. */
export const preloaded = (code: string): Variables => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
})

/** The built command as a process, in an environment that holds nothing but `variables`. */
export function start(args: readonly string[], variables: Variables, bin = BIN): Running {
  const env = { PATH: process.env.PATH, ...variables }
  // Node 20 takes --env-file for an option of its own, wherever it stands, unless "--" comes first.
  const child = spawn(process.execPath, ['--', bin, ...args], {
    cwd: EMPTY_FOLDER,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { child, finished: collect(child) }
}

export function run(args: readonly string[], variables: Variables): Promise<Finished> {
  return start(args, variables).finished
}

/** Resolves once the run has written this on stderr. */
export function said({ child }: Running, text: string): Promise<void> {
  let stderr = ''
  return new Promise((resolve) => {
    child.stderr?.on('data', (chunk) => {
      stderr += chunk
      if (stderr.includes(text)) resolve()
    })
  })
}

async function collect(child: ChildProcess): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  const log = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine)
  return {
    code: code ?? 128 + constants.signals[signal as NodeJS.Signals],
    stdout,
    stderr,
    log,
    summary: log.at(-1) ?? {},
  }
}
