import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import type { DatabaseSettings } from '../config/database.js'
import { ConfigError } from '../config/reader.js'
import { ConnectionError, TlsError, UNTRUSTED } from '../errors.js'
import { deadline } from '../interruption.js'

/** For the connection and its TLS. */
const TIMEOUT = 10_000
/** PostgreSQL's SSLRequest: its length, and the code that no protocol version has. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
const E = 'E'.charCodeAt(0)
/** In bytes. What ends a session has no statement in it, and is short. */
const LONGEST_ERROR = 4_096

/** A connection to the server, encrypted as sslmode demands. Rejects with a ConnectionError, within ten seconds. */
export async function openSocket(settings: DatabaseSettings): Promise<net.Socket> {
  const encryption = settings.sslMode === 'disable' || isDirectory(settings.host) ? undefined : encryptionOf(settings)
  const address = addressOf(settings)
  const bound = deadline(TIMEOUT)
  let socket = net.connect(socketAddress(settings))
  try {
    await once(socket, 'connect', { signal: bound.signal })
    if (encryption) {
      socket.write(SSL_REQUEST)
      const answer = await answerOf(socket, bound.signal)
      if (answer === 'S') {
        socket = tls.connect({ socket, ...encryption })
        await once(socket, 'secureConnect', { signal: bound.signal })
      } else if (answer !== 'N')
        throw new ConnectionError(`${address} does not answer as PostgreSQL does: check host and port`)
      else if (!['allow', 'prefer'].includes(settings.sslMode)) throw new TlsError(noTls(settings, address))
    }
    closeOnFatal(socket)
    return socket
  } catch (error) {
    socket.destroy()
    if (error instanceof ConnectionError) throw error
    // A host with several addresses fails with an AggregateError whose message is empty; its code is not.
    const { code = 'no code' } = error as NodeJS.ErrnoException
    if (UNTRUSTED.test(code)) throw new TlsError(untrusted(settings, address, code))
    throw new ConnectionError(`cannot connect to ${address} (${bound.passed ? 'no answer' : code})`)
  } finally {
    bound.clear()
  }
}

/** "host:port", with the brackets that an IPv6 address needs there. */
function addressOf({ host, port }: DatabaseSettings): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** A server that hangs up is no error to Node, and would leave us waiting. */
async function answerOf(socket: net.Socket, signal: AbortSignal): Promise<string> {
  const onEnd = (): void => void socket.destroy(new ConnectionError('the server closed the connection'))
  socket.once('end', onEnd)
  const [answer] = (await once(socket, 'data', { signal })) as [Buffer]
  socket.off('end', onEnd)
  return answer.toString('latin1')
}

/** The driver knows a FATAL error only at log-in: later it would say no more than that the connection was closed. */
function closeOnFatal(socket: net.Socket): void {
  let tail = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    tail = Buffer.concat([tail, data.subarray(-LONGEST_ERROR)]).subarray(-LONGEST_ERROR)
    const message = fatalMessage(tail)
    if (message !== undefined) socket.destroy(new ConnectionError(`the server closed the connection: ${message}`))
  })
}

/** Of the ErrorResponse that `tail` ends with, if there is one: "E", its length, and fields that end in a zero byte. */
function fatalMessage(tail: Buffer): string | undefined {
  // A loop over every answer would be compiled, for 5 MB.
  if (!tail.includes('FATAL') && !tail.includes('PANIC')) return undefined
  for (let at = tail.length - 5; at >= 0; at--) {
    if (tail[at] !== E || tail.readUInt32BE(at + 1) !== tail.length - at - 1) continue
    const fields = tail.toString('utf8', at + 5).split('\0')
    const field = (type: string) => fields.find((text) => text.startsWith(type))?.slice(1)
    if (/^(?:FATAL|PANIC)$/.test(field('V') ?? field('S') ?? '')) return `${field('M')}, ${field('C')}`
  }
  return undefined
}

function isDirectory(host: string): boolean {
  return host.startsWith('/')
}

function socketAddress({ host, port }: DatabaseSettings): net.NetConnectOpts {
  return isDirectory(host) ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
}

function noTls({ sslMode }: DatabaseSettings, address: string): string {
  return `the server at ${address} does not support TLS, but sslmode=${sslMode} requires it (DB_SSLMODE is "require" unless set); where the network is trusted, set it to "prefer" or "disable"`
}

function untrusted({ sslMode }: DatabaseSettings, address: string, code: string): string {
  return `cannot connect to ${address} (${code}): its certificate does not satisfy sslmode=${sslMode}: in DATABASE_URL, set sslrootcert to the authority's certificate, and use the host name that the certificate has`
}

/** What TLS has to prove, by sslmode as libpq defines it; "no-verify" as node-postgres does. The name is sent for SNI. */
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
