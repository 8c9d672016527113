import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapping } from 'node:module'
import { redact } from './text/redact.js'

/** The connection to the database could not be made or is lost; the message says all there is to know. */
export class ConnectionError extends Error {}

/** The server's TLS is not what sslmode demands; the message says what to do. */
export class TlsError extends ConnectionError {}

/** Node's codes for a certificate of an unknown authority, or of another host. */
export const UNTRUSTED = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/

/** Codes by which PostgreSQL and its poolers refuse a log-in: PgBouncer 08P01, Supabase's pooler XX000. */
const LOGIN = /^(?:28P01|28000|08P01|XX000|SASL_\w+)$/
const ADVICE = "user or password may be wrong, and Supabase's pooler wants the user to be role.project-ref"

interface Details extends NodeJS.ErrnoException {
  /** Set in a server's error alone. The driver passes on a FATAL one only at log-in: see socket.ts. */
  readonly severity?: string
  readonly severity_local?: string
}

/** An error → its words for a log, not yet redacted. */
export function reasonOf(error: unknown): string {
  const { message, code = '', syscall, path, severity_local, severity = severity_local ?? 'FATAL' } = error as Details
  if (path) return `cannot read ${path} (${code})`
  if (syscall) return `the connection to the database broke (${code})`
  const text = message.includes(code) ? message : `${message}, ${code}`
  return LOGIN.test(code) && severity === 'FATAL' && !message.includes('pg_hba.conf') ? `${text}; ${ADVICE}` : text
}

/** True if the message says all there is to know. Any other error is a fault of this program: log its stack. */
export function isExpected(error: unknown): boolean {
  // Node gives a code to errors about the arguments of its own functions, too.
  if (error instanceof TypeError || error instanceof RangeError) return false
  return error instanceof ConnectionError || (error as NodeJS.ErrnoException)?.code !== undefined
}

const FRAME = /file:\/\/(\S+\.js):(\d+):(\d+)/g

/** An error's stack with the lines of the source, redacted. Source maps are read here, not at each start. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return redact(String(error))
  const stack = error.stack ?? error.message
  return redact(
    stack.replace(FRAME, (place, file: string, line: string, column: string) => source(file, +line, +column) ?? place),
  )
}

function source(file: string, line: number, column: number): string | undefined {
  try {
    const map = new SourceMap(JSON.parse(readFileSync(`${decodeURIComponent(file)}.map`, 'utf8')))
    const { originalSource, originalLine = 0 } = map.findEntry(line - 1, column - 1) as Partial<SourceMapping>
    return originalSource && `${originalSource.replace(/^(?:\.\.\/)+/, '')}:${originalLine + 1}`
  } catch {
    return undefined
  }
}
