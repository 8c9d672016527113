import { readFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'

/** What a client showed of itself when it connected last. */
export interface Greeting {
  readonly encrypted: boolean
  /** The name that it sent for SNI. */
  readonly sni: string | undefined
  readonly user: string | undefined
  readonly database: string | undefined
}

/** How the hop answers a request for TLS: as a server with, without or with broken TLS, or as none of PostgreSQL. */
export type Answer = 'S' | 'N' | 'S, and hangs up' | 'H'

export function tlsFile(name: string): string {
  return fileURLToPath(new URL(`tls/${name}`, import.meta.url))
}

/** A hop in front of PostgreSQL that has TLS for "localhost" by an authority of its own, and looks at what a client sends first. */
export function createHop(serverUrl: string, answer: Answer, onGreeting: (greeting: Greeting) => void): Server {
  const target = new URL(serverUrl)
  const accept = (socket: Socket): void =>
    void socket.on('error', () => socket.destroy()).once('data', (first) => greet(socket, first))
  const greet = (socket: Socket, first: Buffer): void => {
    if (first.length > 8) pass(socket, first)
    else {
      socket.write(answer.slice(0, 1))
      if (answer === 'S, and hangs up') socket.end()
      else if (answer === 'S') accept(encrypted(socket))
      else accept(socket)
    }
  }
  const pass = (socket: Socket, first: Buffer): void => {
    onGreeting(greeting(socket, first))
    const upstream = connect(Number(target.port || 5432), target.hostname)
    upstream.on('error', () => socket.destroy()).write(first)
    socket.on('close', () => upstream.destroy())
    socket.pipe(upstream).pipe(socket)
  }
  return createServer(accept)
}

function encrypted(socket: Socket): TLSSocket {
  const [key, cert] = ['server.key', 'server.pem'].map((name) => readFileSync(tlsFile(name)))
  // Without a callback, Node does not keep the name.
  const options = { isServer: true, key, cert, SNICallback: (_: string, done: (error: null) => void) => done(null) }
  return new TLSSocket(socket, options as ConstructorParameters<typeof TLSSocket>[1])
}

function greeting(socket: Socket, startup: Buffer): Greeting {
  const words = startup.toString('utf8', 8).split('\0')
  const after = (name: string) => words[words.indexOf(name) + 1]
  const sni =
    socket instanceof TLSSocket ? (socket as TLSSocket & { servername?: string | false }).servername : undefined
  return {
    encrypted: socket instanceof TLSSocket,
    sni: sni || undefined,
    user: after('user'),
    database: after('database'),
  }
}
