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

/** A connection to the server, encrypted as sslmode demands. Rejects with a ConnectionError, within ten seconds. */
export async function openSocket(settings: DatabaseSettings): Promise<net.Socket> {
  const encryption = encryptionOf(settings)
  const address = `${settings.host}:${settings.port}`
  const bound = deadline(TIMEOUT)
  let socket = net.connect(socketAddress(settings))
  try {
    await once(socket, 'connect', { signal: bound.signal })
    if (encryption === 'none') return socket
    socket.write(SSL_REQUEST)
    const answer = await answerOf(socket, bound.signal)
    if (answer.toString() === 'S') {
      socket = tls.connect({ socket, ...(encryption === 'if offered' ? { rejectUnauthorized: false } : encryption) })
      await once(socket, 'secureConnect', { signal: bound.signal })
    } else if (encryption !== 'if offered') throw new TlsError(noTls(settings, address))
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

/** A server that hangs up is no error to Node, and would leave us waiting. */
async function answerOf(socket: net.Socket, signal: AbortSignal): Promise<Buffer> {
  const onEnd = (): void => void socket.destroy(new ConnectionError('the server closed the connection'))
  socket.once('end', onEnd)
  const [answer] = (await once(socket, 'data', { signal })) as [Buffer]
  socket.off('end', onEnd)
  return answer
}

function socketAddress({ host, port }: DatabaseSettings): net.NetConnectOpts {
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
}

function noTls({ sslMode }: DatabaseSettings, address: string): string {
  return `the server at ${address} does not support TLS, but sslmode=${sslMode} requires it (DB_SSLMODE is "require" unless set); where the network is trusted, set it to "prefer" or "disable"`
}

function untrusted({ sslMode }: DatabaseSettings, address: string, code: string): string {
  return `cannot connect to ${address} (${code}): its certificate does not satisfy sslmode=${sslMode}: in DATABASE_URL, set sslrootcert to the authority's certificate, and use the host name that the certificate has`
}

/** sslmode as libpq defines it; "no-verify" as node-postgres does. */
function encryptionOf({ host, sslMode, sslRootCert }: DatabaseSettings): 'none' | 'if offered' | tls.ConnectionOptions {
  if (sslMode === 'disable' || host.startsWith('/')) return 'none'
  if (sslMode === 'allow' || sslMode === 'prefer') return 'if offered'
  const servername = net.isIP(host) ? {} : { servername: host }
  if (sslMode === 'no-verify' || (sslMode === 'require' && sslRootCert === undefined))
    return { ...servername, rejectUnauthorized: false }
  const authority = sslRootCert === undefined || sslRootCert === 'system' ? {} : { ca: certificate(sslRootCert) }
  const anyName = sslMode === 'verify-full' || sslRootCert === 'system' ? {} : { checkServerIdentity: () => undefined }
  return { host, ...servername, ...authority, ...anyName }
}

function certificate(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError([`cannot read ${path}, which sslrootcert names (${code})`])
  }
}
