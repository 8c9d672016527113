import { styleText } from 'node:util'
import pino from 'pino'
import type { LogLevel } from './config.js'

type Details = Readonly<Record<string, unknown>>

/** Where a run says what it does; one event a call. */
export interface Log {
  debug(message: string, details?: Details): void
  info(message: string, details?: Details): void
  warn(message: string, details?: Details): void
  error(message: string, details?: Details): void
}

/** For people on a terminal a line is a sentence; for machines it is a JSON object. */
export function openLog(level: LogLevel): Log {
  return process.stderr.isTTY ? sentences(level) : jsonLines(level)
}

/** A log that cannot be written changes nothing. */
function jsonLines(level: LogLevel): Log {
  const formatters = { level: (label: string) => ({ level: label }) }
  const stderr = pino.destination({ dest: 2, sync: true })
  stderr.on('error', () => {})
  const log = pino({ level, base: null, formatters, timestamp: pino.stdTimeFunctions.isoTime }, stderr)
  return {
    debug: (message, details) => log.debug(details, message),
    info: (message, details) => log.info(details, message),
    warn: (message, details) => log.warn(details, message),
    error: (message, details) => log.error(details, message),
  }
}

const RANKS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
const TONES = { warn: 'yellow', error: 'red' } as const

function sentences(level: LogLevel): Log {
  process.stderr.on('error', () => {})
  const say =
    (rank: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, details: Details = {}) => {
      if (RANKS.indexOf(rank) < RANKS.indexOf(level)) return
      const { stack } = details
      const text = typeof stack === 'string' ? `${message}\n${stack}` : message
      const tone = rank === 'warn' || rank === 'error' ? TONES[rank] : undefined
      process.stderr.write(`${tone && process.stderr.hasColors() ? styleText(tone, text) : text}\n`)
    }
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
