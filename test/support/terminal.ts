import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { BIN, type Variables } from './command.js'

export interface Session {
  readonly code: number
  /** What stood on the terminal, stdout and stderr as they came, with its colours. */
  readonly screen: string
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The built command on a terminal of its own, which script(1) of util-linux or BSD gives it. */
export function startOnTerminal(
  args: readonly string[],
  variables: Variables,
  columns = 80,
): { readonly child: ChildProcess; readonly session: Promise<Session> } {
  const command = ['sh', '-c', `stty cols ${columns}; exec "$@"`, 'sh', process.execPath, '--', BIN, ...args]
  const isBsd = process.platform === 'darwin'
  const flags = isBsd ? ['-q', '/dev/null', ...command] : ['-qefc', command.map(quoted).join(' '), '/dev/null']
  const child = spawn('script', flags, {
    env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, session: ended(child) }
}

/** The same, to its end. */
export function onTerminal(args: readonly string[], variables: Variables, columns?: number): Promise<Session> {
  return startOnTerminal(args, variables, columns).session
}

async function ended(child: ChildProcess): Promise<Session> {
  let screen = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    screen += chunk
  })
  const [code] = await once(child, 'close')
  return { code, screen: screen.replaceAll('\r\n', '\n') }
}
