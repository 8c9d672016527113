import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Ended } from '../support/run.js'
import { useScene } from '../support/scene.js'

const scene = useScene()

/** The account that the README's first step makes, on a table with row-level security, as Supabase has it. */
const NAME = () => `digest_${scene.database.name}`
let url: string
beforeEach(async () => {
  const { sql } = scene
  await sql`create role ${sql(NAME())} login password 'seen-by-nobody'`
  await sql`grant select, update (last_alerted_at) on research_jobs to ${sql(NAME())}`
  await sql`alter table research_jobs enable row level security`
  const account = new URL(scene.database.url)
  account.username = NAME()
  account.password = 'seen-by-nobody'
  url = account.href
})
afterEach(async () => {
  const { sql } = scene
  await sql`alter table research_jobs disable row level security`
  for (const { policyname } of await sql`select policyname from pg_policies where tablename = 'research_jobs'`)
    await sql`drop policy ${sql(policyname)} on research_jobs`
  await sql`drop owned by ${sql(NAME())}`
  await sql`drop role ${sql(NAME())}`
})

const report = () => scene.report({ DATABASE_URL: url })
const preview = () => scene.preview({ DATABASE_URL: url })

function expectBlind({ code, summary }: Ended): void {
  expect({ code, outcome: summary.outcome }).toEqual({ code: 2, outcome: 'not prepared' })
  expect(summary.msg).toContain(`row-level security hides rows of research_jobs from the role ${NAME()}`)
  expect(summary.msg).toContain('bypassrls')
  expect(scene.sendGrid.requests).toHaveLength(0)
}

test('an account that sees no row is told so, instead of nothing to report', async () => {
  await scene.worker.dead()
  expectBlind(await report())
  expectBlind(await preview())
})

test('an account that sees all rows but may mark none is told so, and its dry run works', async () => {
  const id = await scene.worker.dead()
  await scene.sql`create policy look on research_jobs for select using (true)`
  expectBlind(await report())
  const { code, ids } = await preview()
  expect({ code, ids }).toEqual({ code: 0, ids: [id] })
})

test.each([
  ['shows some rows only', `for all using (source = 'apple')`],
  ['lets mark some rows only', `for all using (true) with check (source = 'apple')`],
  ['is for somebody else', `for all to pg_monitor using (true)`],
  ['restricts what another one allows', `as restrictive for all using (source = 'apple')`],
])('a policy that %s hides rows', async (_, policy) => {
  await scene.worker.dead()
  if (policy.startsWith('as')) await scene.sql`create policy everything on research_jobs for all using (true)`
  await scene.sql.unsafe(`create policy partial on research_jobs ${policy}`)
  expectBlind(await report())
})

test.each([
  ['one for all', ['for all using (true)']],
  ['one to look and one to mark', ['for select using (true)', 'for update using (true) with check (true)']],
])('policies that hide nothing are fine: %s', async (_, policies) => {
  const id = await scene.worker.dead()
  for (const [index, policy] of policies.entries())
    await scene.sql.unsafe(`create policy all_${index} on research_jobs ${policy}`)
  expect((await report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(await scene.marked()).toEqual([id])
})

test('an account with bypassrls is fine', async () => {
  const id = await scene.worker.dead()
  await scene.sql`alter role ${scene.sql(NAME())} bypassrls`
  expect((await report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect(await scene.marked()).toEqual([id])
})
