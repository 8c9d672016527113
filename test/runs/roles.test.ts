import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { migrateHere } from '../support/run.js'
import { useScene } from '../support/scene.js'

const scene = useScene()
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

test('the role of the README can do all that a digest and its check need, and nothing else to the table', async () => {
  const [, sql = ''] = /<!-- role -->\s+```sql\n(.*?)```/s.exec(README) ?? []
  const name = `job_alert_${scene.database.name}`
  await scene.sql.unsafe(sql.replaceAll(/\bjob_alert\b/g, name))
  const url = new URL(scene.database.url)
  url.username = name
  url.password = 'choose-one'
  const DATABASE_URL = url.href
  try {
    const [, songs] = await scene.worker.refresh('songs')
    await scene.worker.failPermanently(songs as number, 'timed out')
    const overdue = { DATABASE_URL, REFRESH_OVERDUE_AFTER: '14d' }
    expect((await scene.check({ DATABASE_URL })).code).toBe(0)
    expect((await scene.preview(overdue)).message?.subject).toContain('Apple Music refresh failed at songs')
    expect((await scene.report(overdue)).summary).toMatchObject({ outcome: 'sent', found: 1 })
    expect(await scene.marked()).toEqual([songs])
    const attempt = (statement: string) =>
      scene.sql
        .begin(async (sql) => {
          await sql.unsafe(`set local role ${name}`)
          await sql.unsafe(statement)
        })
        .catch((error: Error) => error.message)
    for (const statement of [
      `update research_jobs set status = 'queued'`,
      'delete from research_jobs',
      `insert into research_jobs (source, job_type, target_type, target_id) values ('a', 'b', 'c', gen_random_uuid())`,
    ])
      expect(await attempt(statement)).toContain('permission denied')
  } finally {
    await scene.sql.unsafe(`drop owned by ${name}; drop role ${name}`)
  }
})

test('the roll-back of the README leaves the table as it was, and no role', async () => {
  const role = `job_alert_${scene.database.name}`
  const owner = `owner_${scene.database.name}`
  const [, creation = ''] = /<!-- role -->\s+```sql\n(.*?)```/s.exec(README) ?? []
  const [, statements = ''] = /then run\n\n((?: {4}.*\n)+)/.exec(README) ?? []
  expect(statements).toContain('drop column if exists last_alerted_at')
  // A hosted database gives nobody a superuser: the owner of the table does it all.
  await scene.sql.unsafe(`
    create role ${owner} createrole;
    alter table research_jobs owner to ${owner};
    grant create on schema public to ${owner}`)
  const connection = await scene.sql.reserve()
  await connection.unsafe(`set role ${owner}`)
  for (const statement of `${creation}\n${statements}`
    .replaceAll(/\bjob_alert\b/g, role)
    .trim()
    .split(/;\s*/))
    await connection.unsafe(statement)
  await connection.unsafe('reset role')
  connection.release()
  expect(await scene.sql`select from pg_roles where rolname = ${role}`).toEqual([])
  await scene.sql.unsafe(`reassign owned by ${owner} to current_user; drop owned by ${owner}; drop role ${owner}`)
  const left = await scene.sql`
    select attname as name from pg_attribute where attrelid = 'research_jobs'::regclass and attname = 'last_alerted_at' and not attisdropped
    union all
    select relname from pg_class where relname in ('research_jobs_unreported_failures', 'research_jobs_chain')`
  expect(left).toEqual([])
  expect((await migrateHere(scene.variables)).code).toBe(0)
  expect((await scene.report()).code).toBe(0)
})
