import { expect, onTestFinished, test } from 'vitest'
import { DAY } from '../../src/text/time.js'
import { migrateHere } from '../support/run.js'
import { useScene } from '../support/scene.js'

// A run believes nothing that it was not shown: the mail goes when the marks have been seen, and not before.

const scene = useScene()

/** Whatever the table has for this test, and how it is taken away again. */
async function have(make: string, undo: string): Promise<void> {
  await scene.sql.unsafe(make)
  onTestFinished(async () => void (await scene.sql.unsafe(undo)))
}

function trigger(when: string, body: string): Promise<void> {
  return have(
    `create function meddle() returns trigger language plpgsql as $$ begin ${body} end $$;
    create ${when} on research_jobs for each row execute function meddle()`,
    'drop trigger meddle on research_jobs; drop function meddle()',
  )
}

/** Neither the digest nor its check takes the marks for granted, and nothing is lost. */
async function expectNothingSent(exitCode: 1 | 2, says: RegExp): Promise<void> {
  const finished = await scene.report()
  const checked = await scene.check()
  expect(finished.summary.msg).toMatch(says)
  expect(finished.summary).not.toHaveProperty('stack')
  expect(checked.stdout.split('\n').filter((line) => line.startsWith('✗'))).toHaveLength(1)
  expect({ digest: finished.code, check: checked.code }).toEqual({ digest: exitCode, check: exitCode })
  expect(scene.sendGrid.accepted).toEqual([])
}

const SUSPECT = /could not be marked: probably a trigger or a rule on research_jobs/

test.each([
  [
    'skips the update of finished jobs',
    'trigger meddle before update',
    "if old.status = 'dead' then return null; end if; return new;",
  ],
  [
    'skips the update of some jobs',
    'trigger meddle before update',
    'if old.id % 2 = 0 then return null; end if; return new;',
  ],
  ['undoes the mark', 'trigger meddle before update', 'return old;'],
  [
    'makes the mark older than the failure',
    'trigger meddle before update',
    "new.last_alerted_at = '2020-01-01'; return new;",
  ],
  [
    'takes the mark off again',
    'trigger meddle after update of last_alerted_at',
    'if new.last_alerted_at is not null then update research_jobs set last_alerted_at = null where id = new.id; end if; return null;',
  ],
  [
    'takes the mark off again in a block that catches errors, which is a subtransaction',
    'trigger meddle after update of last_alerted_at',
    'if new.last_alerted_at is not null then begin update research_jobs set last_alerted_at = null where id = new.id; exception when others then null; end; end if; return null;',
  ],
  [
    'takes the mark off again at COMMIT',
    'constraint trigger meddle after update on research_jobs deferrable initially deferred for each row when (new.last_alerted_at is not null) execute function meddle() --',
    'update research_jobs set last_alerted_at = null where id = new.id; return null;',
  ],
])('a trigger that %s: exit 1, nothing is sent, and the line names the likely cause', async (_, when, body) => {
  await scene.worker.dead()
  await scene.worker.dead()
  await trigger(when, body)
  await expectNothingSent(1, SUSPECT)
})

test('a rule that swallows updates: exit 1, and nothing is sent', async () => {
  await scene.worker.dead()
  await have('create rule meddle as on update to research_jobs do instead nothing', 'drop rule meddle on research_jobs')
  await expectNothingSent(1, /rule/)
})

test('an earlier mark is no proof: a trigger that skips the mark of what is reported again', async () => {
  await scene.worker.dead()
  await scene.report()
  await trigger('trigger meddle before update', 'return null;')
  const { code, summary } = await scene.report({}, { since: DAY, includeAlerted: true })
  expect(code).toBe(1)
  expect(summary.msg).toMatch(SUSPECT)
  expect(scene.sendGrid.accepted).toHaveLength(1)
})

test('a trigger that skips the mark of an overdue refresh: exit 1, and nothing is sent', async () => {
  const steps = await scene.worker.refresh('rebuild_index')
  await scene.worker.succeed(steps.at(-1) as number)
  await scene.worker.age(steps, '20 days')
  await trigger('trigger meddle before update', "if old.status = 'done' then return null; end if; return new;")
  const { code, summary } = await scene.report({ REFRESH_OVERDUE_AFTER: '14d' })
  expect(code).toBe(1)
  expect(summary.msg).toMatch(SUSPECT)
  expect(scene.sendGrid.requests).toEqual([])
})

test('a trigger by which the mark of an overdue refresh takes off those of failures: exit 1, and nothing is sent', async () => {
  const steps = await scene.worker.refresh('rebuild_index')
  await scene.worker.succeed(steps.at(-1) as number)
  await scene.worker.age(steps, '20 days')
  await scene.worker.dead()
  await trigger(
    'trigger meddle after update of last_alerted_at',
    "if old.status = 'done' then update research_jobs set last_alerted_at = null where status = 'dead'; end if; return null;",
  )
  const { code, summary } = await scene.report({ REFRESH_OVERDUE_AFTER: '14d' })
  expect(code).toBe(1)
  expect(summary.msg).toMatch(SUSPECT)
  expect(scene.sendGrid.requests).toEqual([])
})

test('a column of another type: exit 2, with the statement that cures it', async () => {
  await scene.worker.dead()
  // Its index depends on the type.
  await scene.sql.unsafe(
    'drop index research_jobs_unreported_failures; alter table research_jobs alter column last_alerted_at type date',
  )
  const [finished, dryRun, checked] = [await scene.report(), await scene.preview(), await scene.check()]
  const [, cure = ''] = /run "(alter table [^"]*)"/.exec(`${finished.summary.msg}`) ?? []
  await scene.sql.unsafe(cure)
  expect([finished.code, dryRun.code, checked.code]).toEqual([2, 2, 2])
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 1 })
  expect((await migrateHere(scene.variables)).code).toBe(0)
})

test('a view in place of the table hides what row-level security would: exit 2', async () => {
  await scene.worker.dead()
  await have(
    'alter table research_jobs rename to jobs; create view research_jobs as select * from jobs where false',
    'drop view research_jobs; alter table jobs rename to research_jobs',
  )
  await expectNothingSent(2, /research_jobs is not a table, and may hide rows/)
  expect((await scene.preview()).code).toBe(2)
})

test('a partitioned table is a table', async () => {
  await have(
    `alter table research_jobs rename to jobs;
    create table research_jobs (like jobs including defaults) partition by list (source);
    create table spotify_jobs partition of research_jobs for values in ('spotify');
    create table other_jobs partition of research_jobs default`,
    'drop table research_jobs; alter table jobs rename to research_jobs',
  )
  const ids = [await scene.worker.dead(), await scene.worker.dead({ source: 'youtube' })]
  expect((await scene.report()).summary).toMatchObject({ outcome: 'sent', found: 2 })
  expect(await scene.marked()).toEqual(ids)
  expect((await scene.report()).summary.outcome).toBe('nothing to report')
})

test('ids beyond 2^53 are exact: in the mail, in its statement and in the JSON', async () => {
  await scene.sql`alter sequence research_jobs_id_seq restart with 9007199254740992`
  await scene.worker.refresh('songs')
  await scene.sql`
    update research_jobs
    set status = 'dead', finished_at = now(), last_error = 'timed out', attempts = 1
    where payload ->> 'feed' = 'songs'`
  await scene.sql`update research_jobs set status = 'done' where payload ->> 'feed' = 'albums'`
  const { stdout } = await scene.digest(['--dry-run', '--format', 'json'])
  expect(stdout).toContain('{"id":9007199254740993,')
  await scene.report()
  expect(scene.mail.text).toMatch(/where id = 9007199254740993\n +and/)
  expect(scene.mail.html).toContain('/research/jobs/9007199254740993')
})

test('settings of the role do not change what is read', async () => {
  await scene.worker.dead()
  const json = async () => JSON.parse((await scene.digest(['--dry-run', '--format', 'json'])).stdout).failures
  const plain = await json()
  const { sql, database } = scene
  const odd = {
    extra_float_digits: '-15',
    standard_conforming_strings: 'off',
    datestyle: 'german',
    timezone: 'Asia/Tokyo',
  }
  for (const [name, value] of Object.entries(odd))
    await sql.unsafe(`alter database ${database.name} set ${name} = '${value}'`)
  const read = await json()
  await sql.unsafe(`alter database ${database.name} reset all`)
  expect(read).toEqual(plain)
})

test.each([
  [
    'may not be written',
    'permission denied for table audit',
    'create table audit (id bigint); revoke all on audit from public',
    'drop table audit',
  ],
  ['is missing', 'relation "audit" does not exist', 'select 1', 'select 1'],
])('an audit table that %s is not taken for research_jobs', async (_, message, make, undo) => {
  await scene.worker.dead()
  const name = `audited_${scene.database.name}`
  await have(
    `create role ${name} login password 'audited'; grant select, update (last_alerted_at) on research_jobs to ${name}; ${make}`,
    `${undo}; drop owned by ${name}; drop role ${name}`,
  )
  await trigger('trigger meddle after update', 'insert into audit values (new.id); return null;')
  const url = new URL(scene.database.url)
  url.username = name
  url.password = 'audited'
  const { code, summary } = await scene.report({ DATABASE_URL: url.href })
  expect(code).toBe(1)
  expect(summary.msg).toContain(message)
  expect(summary.msg).not.toMatch(/select on research_jobs|was not found/)
})
