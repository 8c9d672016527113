import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { listen, through } from './ports.js'

/** A TCP hop in front of PostgreSQL, to break on purpose. */
export interface DatabaseProxy {
  /** The database's URL, through the hop. */
  readonly url: string
  /** Called with everything a client sends, which waits for the answer: false swallows it. */
  onClientData: (data: Buffer, cut: () => void) => boolean | Promise<boolean>
  /** True swallows what the server sends. */
  muted: boolean
  close(): Promise<void>
}

export async function startProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    client.on('data', async (data) => {
      client.pause()
      if (await proxy.onClientData(data, end)) upstream.write(data)
      client.resume()
    })
    upstream.on('data', (data) => {
      if (!proxy.muted) client.write(data)
    })
    client.on('close', end)
    upstream.on('close', end)
  })
  const port = await listen(server)
  const proxy: DatabaseProxy = {
    url: through(databaseUrl, port),
    onClientData: () => true,
    muted: false,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
