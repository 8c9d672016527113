import { afterAll, beforeAll, beforeEach, inject } from 'vitest'
import { type Finished, type Running, start, type Variables } from './command.js'
import { createDatabase, type TestDatabase } from './database.js'
import { type SendGridStandIn, startSendGrid } from './sendgrid.js'
import { Worker } from './worker.js'

/** A database, a stand-in for SendGrid and the command between them; the table is empty before each test. */
export interface Scene {
  readonly database: TestDatabase
  readonly sql: TestDatabase['sql']
  readonly sendGrid: SendGridStandIn
  readonly worker: Worker
  /** What the command needs to run here. */
  readonly variables: Variables
  digest(args?: readonly string[], variables?: Variables): Promise<Finished>
  startDigest(args?: readonly string[], variables?: Variables): Running
  /** Resolves once a run waits for a lock. */
  blocked(): Promise<void>
  /** Ids of the jobs whose mark is not older than their failure. */
  marked(): Promise<readonly number[]>
}

export const API_KEY = 'SG.not-a-real-key-1234.abcdefghijklmnop'

export function useScene(): Scene {
  let database: TestDatabase
  let sendGrid: SendGridStandIn
  beforeAll(async () => {
    database = await createDatabase(inject('serverUrl'))
  })
  beforeEach(async () => {
    await database.sql`truncate research_jobs restart identity`
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
      return { child, finished: finished.then(withoutSecrets) }
    },
    async blocked() {
      const waiting = () => database.sql`
        select 1
        from pg_stat_activity
        where application_name = 'job-alert' and datname = ${database.name} and wait_event_type = 'Lock'`
      while ((await waiting()).length === 0);
    },
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
function withoutSecrets(finished: Finished): Finished {
  const { password } = new URL(inject('serverUrl'))
  for (const secret of [API_KEY, password])
    if (secret && (finished.stdout + finished.stderr).includes(secret)) throw new Error('a secret was printed')
  return finished
}

/** Text part and HTML part of a mail. */
export function parts(mail: { content: readonly { value: string }[] } | undefined): { text: string; html: string } {
  return { text: mail?.content[0]?.value ?? '', html: mail?.content[1]?.value ?? '' }
}
