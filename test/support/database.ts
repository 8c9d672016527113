import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import postgres from 'postgres'
import { migrateConfig } from '../../src/config.js'
import { migrate } from '../../src/database.js'

/** A database of its own with the queue's table; `sql` is a superuser's pool beside the command under test. */
export interface TestDatabase {
  readonly name: string
  readonly url: string
  readonly sql: postgres.Sql
  drop(): Promise<void>
}

const TABLE = readFileSync(new URL('research_jobs.sql', import.meta.url), 'utf8')

/** `serverUrl` names any database of the server, as an account that may create databases. */
export async function createDatabase(serverUrl: string, { migrated = true } = {}): Promise<TestDatabase> {
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} })
  const name = `job_alert_${randomUUID().replaceAll('-', '')}`
  await admin`create database ${admin(name)} template template0`
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const sql = postgres(url.href, { max: 8, onnotice: () => {} })
  await sql.unsafe(TABLE)
  if (migrated) await migrate(migrateConfig({ DATABASE_URL: url.href }).database, () => {})
  return {
    name,
    url: url.href,
    sql,
    async drop() {
      await sql.end({ timeout: 1 })
      await admin`drop database if exists ${admin(name)} with (force)`
      await admin.end()
    },
  }
}
