import { styleText } from 'node:util'
import pino from 'pino'
import { LOG_LEVELS, type LogLevel } from './config.js'

type Rank = 'debug' | 'info' | 'warn' | 'error'
type Details = Readonly<Record<string, unknown>>

/** Where a run says what it does; one event a call. */
export type Log = Readonly<Record<Rank, (message: string, details?: Details) => void>>

/** For people on a terminal a line is a sentence; for machines it is a JSON object. */
export function openLog(level: LogLevel): Log {
  const write = process.stderr.isTTY ? sentences(level) : jsonLines(level)
  const at = (rank: Rank) => (message: string, details?: Details) => write(rank, message, details)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

type Write = (rank: Rank, message: string, details?: Details) => void

/** A log that cannot be written changes nothing. */
function jsonLines(level: LogLevel): Write {
  const formatters = { level: (label: string) => ({ level: label }) }
  const stderr = pino.destination({ dest: 2, sync: true })
  stderr.on('error', () => {})
  const log = pino({ level, base: null, formatters, timestamp: pino.stdTimeFunctions.isoTime }, stderr)
  return (rank, message, details) => log[rank](details, message)
}

const TONES: Partial<Record<Rank, 'yellow' | 'red'>> = { warn: 'yellow', error: 'red' }

function sentences(level: LogLevel): Write {
  return (rank, message, details = {}) => {
    if (LOG_LEVELS.indexOf(rank) < LOG_LEVELS.indexOf(level)) return
    const text = [message, ...below(details)].join('\n')
    const tone = TONES[rank]
    process.stderr.write(`${tone && process.stderr.hasColors() ? styleText(tone, text) : text}\n`)
  }
}

/** What a person needs of the details: the jobs, the mail that names them, and where a fault came from. */
function below({ jobIds, messageId, stack }: Details): readonly string[] {
  const jobs = Array.isArray(jobIds)
  return [
    ...(jobs ? [`  jobs: ${jobIds.join(', ')}`] : []),
    ...(jobs && messageId ? [`  SendGrid's message id: ${messageId}`] : []),
    ...(typeof stack === 'string' ? [stack] : []),
  ]
}
