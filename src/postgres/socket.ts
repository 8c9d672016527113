import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import type { DatabaseSettings } from '../config/database.js'
import { ConfigError } from '../config/reader.js'
import { ConnectionError, TlsError, UNTRUSTED } from '../errors.js'
import { deadline } from '../interruption.js'

/** For the connection and its TLS, in milliseconds. */
const TIMEOUT = 10_000
/** PostgreSQL's SSLRequest: its length, and a code that is no version of the protocol. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
/** An error that ends a session, in PostgreSQL's ErrorResponse. No row looks like it: no text has a zero byte. */
const FATAL = /[SV](?:FATAL|PANIC)\0C(\w{5})\0M([^\0]*)\0/
/** In bytes. A fatal error has no statement in it, and is short. */
const LONGEST_ERROR = 4_096

/** Connects within ten seconds, encrypted as sslmode demands. Rejects with a ConnectionError or a ConfigError. */
export async function openSocket(settings: DatabaseSettings): Promise<net.Socket> {
  const { host, port, sslMode } = settings
  const isDirectory = host.startsWith('/')
  const encryption = sslMode === 'disable' || isDirectory ? undefined : encryptionOf(settings)
  const address = addressOf(settings)
  const bound = deadline(TIMEOUT)
  let socket = net.connect(isDirectory ? { path: `${host}/.s.PGSQL.${port}` } : { host, port })
  try {
    await once(socket, 'connect', { signal: bound.signal })
    // A server that hangs up is no error to Node: the run would wait for an answer.
    socket.on('end', () => socket.destroy(new ConnectionError('the server closed the connection')))
    if (encryption) {
      socket.write(SSL_REQUEST)
      const [answer] = await once(socket, 'data', { signal: bound.signal })
      if (`${answer}` === 'S') {
        socket = tls.connect({ socket, ...encryption })
        await once(socket, 'secureConnect', { signal: bound.signal })
      } else if (`${answer}` !== 'N')
        throw new ConnectionError(`${address} does not answer as PostgreSQL does: check host and port`)
      else if (sslMode !== 'allow' && sslMode !== 'prefer')
        throw new TlsError(
          `the server at ${address} does not support TLS, but sslmode=${sslMode} requires it (DB_SSLMODE is "require" unless set); where the network is trusted, set it to "prefer" or "disable"`,
        )
    }
    closeOnFatal(socket)
    return socket
  } catch (error) {
    socket.destroy()
    if (error instanceof ConnectionError) throw error
    // A host with several addresses fails with an AggregateError whose message is empty: only its code tells.
    const { code = 'no code' } = error as NodeJS.ErrnoException
    const reason = `cannot connect to ${address} (${bound.passed ? 'no answer' : code})`
    if (!UNTRUSTED.test(code)) throw new ConnectionError(reason)
    throw new TlsError(
      `${reason}: its certificate does not satisfy sslmode=${sslMode}: in DATABASE_URL, set sslrootcert to the authority's certificate, and use the host name that the certificate has`,
    )
  } finally {
    bound.clear()
  }
}

/** "host:port", with the brackets that an IPv6 address needs there. */
export function addressOf({ host, port }: DatabaseSettings): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Ends the connection with the server's FATAL error: after the log-in the driver would only say that it is closed. */
function closeOnFatal(socket: net.Socket): void {
  let tail = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    tail = Buffer.concat([tail, data.subarray(-LONGEST_ERROR)]).subarray(-LONGEST_ERROR)
    const [, code, message] = FATAL.exec(tail.toString()) ?? []
    if (code) socket.destroy(new ConnectionError(`the server closed the connection: ${message}, ${code}`))
  })
}

/** What TLS has to prove, by sslmode as libpq defines it ("no-verify" as node-postgres). The name is sent for SNI. */
function encryptionOf({ host, sslMode, sslRootCert }: DatabaseSettings): tls.ConnectionOptions {
  const names = net.isIP(host) ? { host } : { host, servername: host }
  const verified = sslMode.startsWith('verify') || (sslRootCert !== undefined && sslMode !== 'no-verify')
  if (!verified) return { ...names, rejectUnauthorized: false }
  const authority = sslRootCert === undefined || sslRootCert === 'system' ? {} : { ca: certificate(sslRootCert) }
  const anyName = sslMode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }
  return { ...names, ...authority, ...anyName }
}

function certificate(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError([`cannot read ${path}, which sslrootcert names (${code})`])
  }
}
