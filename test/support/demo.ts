import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './command.js'
import { createDatabase } from './database.js'
import { fillQueue } from './demo_queue.js'
import { startPostgres } from './postgres.js'
import { startSendGrid } from './sendgrid.js'

const { description } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** `npm run demo`: the built command on a real PostgreSQL, with a stand-in for SendGrid. */
const server = await startPostgres()
const database = await createDatabase(server.url, { migrated: false })
const sendGrid = await startSendGrid()
const variables = {
  DATABASE_URL: database.url,
  SENDGRID_BASE_URL: sendGrid.url,
  SENDGRID_API_KEY: 'SG.demo.key',
  FROM_EMAIL: 'alerts@approachnote.com',
  ALERT_EMAIL_TO: 'oncall@approachnote.com',
}

try {
  console.log(`job-alert: ${description}`)
  console.log('Here it runs on a real PostgreSQL, with a realistic queue and a stand-in for SendGrid.')
  await step('once, before the first run', ['migrate'])
  await fillQueue(database.sql)
  await step('first run: everything that failed for good, in one mail', ['digest'])
  for (const { from, personalizations, subject, content } of sendGrid.accepted) {
    const to = personalizations.flatMap((each) => each.to.map(({ email }) => email)).join(', ')
    console.log(`\nThe mail that arrived:\n\nFrom: ${from.name} <${from.email}>\nTo: ${to}\nSubject: ${subject}\n`)
    console.log(content[0]?.value)
    const file = join(mkdtempSync(join(tmpdir(), 'job-alert-demo-')), 'mail.html')
    writeFileSync(file, content[1]?.value ?? '')
    console.log(`The same as HTML, to be opened in a browser: ${file}`)
  }
  const before = sendGrid.requests.length
  await step('second run: nothing new, so it is silent', ['digest'])
  console.log(`\nMails sent by the second run: ${sendGrid.requests.length - before}`)
  if (sendGrid.accepted.length !== 1 || sendGrid.requests.length !== before)
    throw new Error(`expected one mail in all, but ${sendGrid.requests.length} requests were made`)
} finally {
  await sendGrid.close()
  await database.drop()
  await server.remove()
}

async function step(title: string, args: readonly string[]): Promise<void> {
  console.log(`\n# ${title}\n$ job-alert ${args.join(' ')}`)
  const { code, stdout, stderr } = await run(args, variables)
  process.stdout.write(stdout + stderr)
  if (code !== 0) throw new Error(`job-alert ${args.join(' ')} ended with ${code}`)
}
