import { styleText } from 'node:util'
import pino from 'pino'
import { LOG_LEVELS, type LogLevel } from './config.js'
import type { Screen } from './mail/presentation.js'
import { withoutSecrets } from './text/redact.js'

let unwritable: NodeJS.ErrnoException | undefined

/**
 * Makes the process independent of who reads stdout and stderr: a closed pipe does not end it, and a full pipe or a
 * stopped terminal does not block it. Output that is not read waits in memory, and is lost when the process ends.
 */
export function outliveReaders(): void {
  process.stdout.on('error', (error) => {
    unwritable ??= error
  })
  process.stderr.on('error', () => {})
  for (const stream of [process.stdout, process.stderr]) {
    // Node blocks on a terminal alone, where Ctrl-S would stop timers and signals. No public method changes that.
    const { _handle } = stream as { readonly _handle?: { setBlocking?(on: boolean): void } }
    if (stream.isTTY) _handle?.setBlocking?.(false)
  }
}

/** Prints on stdout. Resolves when stdout has taken the text or has no reader; never rejects. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(withoutSecrets(text), () => resolve()))
}

/** Resolves when stdout has taken everything or has no reader. Rejects when writing failed, as on a full disk. */
export async function flushed(): Promise<void> {
  await print('')
  if (unwritable && unwritable.code !== 'EPIPE')
    throw Object.assign(new Error(`cannot write to stdout (${unwritable.code})`), { code: unwritable.code })
}

/** The terminal that stdout is; undefined if it is none. It has no colours if NO_COLOR or the like turns them off. */
export function screen(): Screen | undefined {
  const { isTTY, columns } = process.stdout
  if (!isTTY) return undefined
  const styles = { failed: ['red', 'bold'], done: 'green', quiet: 'dim' } as const
  const paint: Screen['paint'] = (tone, text) => styleText(styles[tone] as Parameters<typeof styleText>[0], text)
  // A terminal may have no width, as over a serial line.
  return {
    columns: columns || Number.POSITIVE_INFINITY,
    paint: process.stdout.hasColors() ? paint : undefined,
  }
}

type Rank = 'debug' | 'info' | 'warn' | 'error'
type Details = Readonly<Record<string, unknown>>
type Write = (rank: Rank, message: string, details?: Details) => void

/** The run's log: one event per call. */
export type Log = Readonly<Record<Rank, (message: string, details?: Details) => void>>

/** A log on stderr: sentences for people on a terminal, otherwise one JSON object a line. */
export function openLog(level: LogLevel): Log {
  const write = process.stderr.isTTY ? sentences(level) : jsonLines(level)
  const at = (rank: Rank) => (message: string, details?: Details) => write(rank, message, details)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** pino's own destination would block on a full pipe. */
const stderr = { write: (text: string) => void process.stderr.write(withoutSecrets(text)) }

function jsonLines(level: LogLevel): Write {
  const formatters = { level: (label: string) => ({ level: label }) }
  const log = pino({ level, base: null, formatters, timestamp: pino.stdTimeFunctions.isoTime }, stderr)
  return (rank, message, details) => log[rank](details, message)
}

const TONES: Partial<Record<Rank, 'yellow' | 'red'>> = { warn: 'yellow', error: 'red' }

function sentences(level: LogLevel): Write {
  return (rank, message, details = {}) => {
    if (LOG_LEVELS.indexOf(rank) < LOG_LEVELS.indexOf(level)) return
    const text = [message, ...below(details)].join('\n')
    const tone = TONES[rank]
    stderr.write(`${tone && process.stderr.hasColors() ? styleText(tone, text) : text}\n`)
  }
}

/** The details that a person needs, a line each: the jobs, the mail that names them, and the stack of a fault. */
function below({ jobIds, messageId, stack }: Details): readonly string[] {
  const jobs = Array.isArray(jobIds)
  return [
    ...(jobs ? [`  jobs: ${jobIds.join(', ')}`] : []),
    ...(jobs && messageId ? [`  SendGrid's message id: ${messageId}`] : []),
    ...(typeof stack === 'string' ? [stack] : []),
  ]
}
