import { fileURLToPath } from 'node:url'
import { run } from './command.js'
import { createDatabase } from './database.js'
import { fillQueue } from './demo_queue.js'
import { picture } from './look.js'
import { startPostgres } from './postgres.js'

/** `npm run picture`: the README's picture of the mail, from the demo's data; needs Chromium. */
const server = await startPostgres()
const database = await createDatabase(server.url)
try {
  await fillQueue(database.sql)
  const { stdout } = await run(['digest', '--dry-run', '--format', 'html'], { DATABASE_URL: database.url })
  const path = fileURLToPath(new URL('../mails/demo.png', import.meta.url))
  picture(stdout, path, 640, 1_000, 'light')
  console.log(path)
} finally {
  await database.drop()
  await server.remove()
}
