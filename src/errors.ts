import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapping } from 'node:module'
import { redact } from './text/redact.js'

/** The connection to the database could not be made or is lost; the message says all there is to know. */
export class ConnectionError extends Error {}

/** The server's TLS is not what sslmode demands; the message says what to do. */
export class TlsError extends ConnectionError {}

/** Node's codes for a certificate of an unknown authority, or of another host. */
export const UNTRUSTED = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/

/** How PostgreSQL and its poolers refuse a log-in. PgBouncer says 08P01, and Supabase's pooler XX000. */
const LOGIN = /^(?:28P01|28000|08P01|XX000|SASL_\w+)$/
const ADVICE = "user or password may be wrong, and Supabase's pooler wants the user to be role.project-ref"

interface Details extends NodeJS.ErrnoException {
  /** Only a server says this. The driver passes on FATAL at log-in only: see socket.ts. */
  readonly severity?: string
  readonly severity_local?: string
}

/** An error in words for a log; to be redacted. */
export function reasonOf(error: unknown): string {
  const { message, code = '', syscall, path, severity_local, severity = severity_local ?? 'FATAL' } = error as Details
  if (path) return `cannot read ${path} (${code})`
  if (syscall) return `the connection to the database broke (${code})`
  const text = message.includes(code) ? message : `${message}, ${code}`
  return LOGIN.test(code) && severity === 'FATAL' && !message.includes('pg_hba.conf') ? `${text}; ${ADVICE}` : text
}

/** Errors that say all there is to know. Any other is a fault of this program, and its stack says where. */
export function isExpected(error: unknown): boolean {
  // Node gives a code to what it thinks of its own arguments, too.
  if (error instanceof TypeError || error instanceof RangeError) return false
  return error instanceof ConnectionError || (error as NodeJS.ErrnoException)?.code !== undefined
}

const FRAME = /file:\/\/(\S+\.js):(\d+):(\d+)/g

/** An error's stack by the lines of the source, fit for a log. The maps are read only now that they are needed. */
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
