import { afterAll, beforeAll, beforeEach, inject } from 'vitest'
import type { Message } from '../../src/mail/message.js'
import { type Finished, type Running, start, type Variables } from './command.js'
import { createDatabase, type TestDatabase } from './database.js'
import { type Checked, checkHere, type Ended, type Options, type Previewed, previewHere, reportHere } from './run.js'
import { type SendGridStandIn, startSendGrid } from './sendgrid.js'
import { Worker } from './worker.js'

/** A database, a stand-in for SendGrid and the command between them; the table is empty before each test. */
export interface Scene {
  readonly database: TestDatabase
  readonly sql: TestDatabase['sql']
  readonly sendGrid: SendGridStandIn
  readonly worker: Worker
  /** The first mail that SendGrid accepted; throws when there is none. */
  readonly mail: Message
  /** What the command needs to run here. */
  readonly variables: Variables
  digest(args?: readonly string[], variables?: Variables): Promise<Finished>
  startDigest(args?: readonly string[], variables?: Variables): Running
  /** A digest without a process of its own. */
  report(variables?: Variables, options?: Options): Promise<Ended>
  /** A dry run without a process of its own. */
  preview(variables?: Variables, options?: Options): Promise<Previewed>
  /** A check without a process of its own. */
  check(variables?: Variables, options?: Parameters<typeof checkHere>[1]): Promise<Checked>
  /** Ids of the jobs whose mark is not older than their failure. */
  marked(): Promise<readonly number[]>
}

export const API_KEY = 'SG.not-a-real-key-1234.abcdefghijklmnop'

/** On a database of the server whose URL `serverUrl` gives: unless told otherwise, the one that all files share. */
export function useScene(serverUrl: () => string = () => inject('serverUrl')): Scene {
  let database: TestDatabase
  let sendGrid: SendGridStandIn
  beforeAll(async () => {
    database = await createDatabase(serverUrl())
  })
  beforeEach(async () => {
    await database.clear()
    sendGrid = await startSendGrid()
    return () => sendGrid.close()
  })
  afterAll(() => database.drop())
  const scene: Scene = {
    get database() {
      return database
    },
    get sql() {
      return database.sql
    },
    get sendGrid() {
      return sendGrid
    },
    get worker() {
      return new Worker(database.sql)
    },
    get mail() {
      const [mail] = sendGrid.accepted
      if (!mail) throw new Error('no mail was accepted')
      const [text, html] = mail.content
      return { subject: mail.subject, text: text?.value ?? '', html: html?.value ?? '' }
    },
    get variables() {
      return {
        DATABASE_URL: database.url,
        SENDGRID_BASE_URL: sendGrid.url,
        SENDGRID_API_KEY: API_KEY,
        FROM_EMAIL: 'alerts@example.com',
        ALERT_EMAIL_TO: 'oncall@example.com',
      }
    },
    digest: (args, variables) => scene.startDigest(args, variables).finished,
    startDigest(args = [], variables = {}) {
      const { child, finished } = start(['digest', ...args], { ...scene.variables, ...variables })
      return { child, finished: finished.then((result) => withoutSecrets(result, database)) }
    },
    report: (variables, options) => reportHere({ ...scene.variables, ...variables }, options),
    preview: (variables, options) => previewHere({ ...scene.variables, ...variables }, options),
    check: (variables, options) => checkHere({ ...scene.variables, ...variables }, options),
    async marked() {
      const rows = await database.sql`
        select id
        from research_jobs
        where last_alerted_at >= coalesce(finished_at, claimed_at, created_at)
        order by id`
      return rows.map(({ id }) => Number(id))
    },
  }
  return scene
}

/** Whatever a run went through, neither the key nor the database's password is in what it printed. */
function withoutSecrets(finished: Finished, { url }: TestDatabase): Finished {
  const { password } = new URL(url)
  for (const secret of [API_KEY, password])
    if (secret && (finished.stdout + finished.stderr).includes(secret)) throw new Error('a secret was printed')
  return finished
}
