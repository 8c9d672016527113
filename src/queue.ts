import type postgres from 'postgres'
import { type ChainDefinition, lastStep } from './chains.js'
import { type Backlog, type Job, readError, type Window } from './job.js'
import { isServerError, type Sql } from './postgres/session.js'
import { redact } from './text/redact.js'

/** The database is not as digest needs it, and says how it can be; nothing was attempted. */
export class NotPrepared extends Error {
  override readonly name = 'NotPrepared'
}

type Fragment = postgres.PendingQuery<postgres.Row[]>
type OnFailure = (job: Job) => void

const failedAt = (sql: Sql): Fragment => sql`coalesce(finished_at, claimed_at, created_at)`

/** Final, and not an admin's cancel. A dead job may have attempts left: its error was permanent. */
const failedForGood = (sql: Sql): Fragment => sql`
  (status = 'dead' or (status = 'failed' and attempts >= max_attempts))
    and last_error is distinct from 'cancelled by admin'`

/** An admin's retry leaves last_alerted_at alone, so a mark older than the failure is a mark of an earlier one. */
const notReported = (sql: Sql): Fragment => sql`
  (last_alerted_at is null or last_alerted_at < ${failedAt(sql)})`

const due = (sql: Sql, { since, includeAlerted }: Window): Fragment => sql`
  ${failedForGood(sql)}
    and ${includeAlerted ? sql`true` : notReported(sql)}
    and ${failedAt(sql)} >= ${start(sql, since)}`

/** A Date cannot be before all of PostgreSQL's times. */
const start = (sql: Sql, since: Window['since']): Fragment =>
  since === 'all' ? sql`'-infinity'::timestamptz` : sql`${since}::timestamptz`

/** Epochs instead of timestamps: no DateStyle, no time zone, and infinity is a number. Not extract(), which is numeric and slow. */
const milliseconds = (sql: Sql, time: Fragment): Fragment => sql`date_part('epoch', ${time}) * 1000`

/** Of the payload only what is needed leaves the server: it may be anything, and of any size. */
const columns = (sql: Sql): Fragment => sql`
  job.id,
  source,
  job_type,
  target_type,
  target_id,
  status,
  attempts,
  max_attempts,
  ${milliseconds(sql, sql`run_after`)} as run_after,
  ${milliseconds(sql, sql`claimed_at`)} as claimed_at,
  ${milliseconds(sql, sql`finished_at`)} as finished_at,
  ${milliseconds(sql, failedAt(sql))} as failed_at,
  last_error,
  status = 'dead' and last_error is not distinct from 'cancelled by admin' as cancelled,
  case when length(payload ->> 'chain_started_at') <= 64 then payload ->> 'chain_started_at' end as chain`

/** The same few names stand in every row. */
const names = new Map<string, string>()
const NAMES_KEPT = 1_000

function redactedName(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size >= NAMES_KEPT) names.clear()
  const redacted = redact(name)
  names.set(name, redacted)
  return redacted
}

function toJob(row: postgres.Row): Job {
  return {
    id: Number(row.id),
    source: redactedName(row.source),
    jobType: redactedName(row.job_type),
    targetType: redactedName(row.target_type),
    targetId: row.target_id,
    status: row.status,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    runAfter: row.run_after,
    claimedAt: row.claimed_at,
    finishedAt: row.finished_at,
    failedAt: row.failed_at,
    ...readError(row.last_error),
    cancelled: row.cancelled,
    chain: row.chain,
  }
}

const NEEDED_POLICIES = { read: 'r', mark: 'r,w' }

/**
 * Throws NotPrepared unless this role can read every row, or mark every row as well: row-level security hides rows
 * without a word, and a run that is blind would be silent for ever. A policy "using (true)" hides nothing.
 */
export async function demandAllRows(sql: Sql, to: keyof typeof NEEDED_POLICIES): Promise<void> {
  const [row] = await sql`
    with policy as (
      select
        polpermissive as permissive,
        polcmd::text as command,
        pg_get_expr(polqual, polrelid) as condition,
        coalesce(pg_get_expr(polwithcheck, polrelid), 'true') as check
      from pg_policy
      where polrelid = 'research_jobs'::regclass
        and exists (select from unnest(polroles) as role where role = 0 or pg_has_role(role, 'usage'))
    )
    select
      current_user as role,
      row_security_active('research_jobs') and (
        exists (select from policy where not permissive)
        or exists (
          select
          from unnest(string_to_array(${NEEDED_POLICIES[to]}, ',')) as needed
          where not exists (
            select from policy where command in (needed, '*') and condition = 'true' and policy.check = 'true'
          )
        )
      ) as hides`.catch(explain)
  if (row?.hides)
    throw new NotPrepared(
      `row-level security hides rows of research_jobs from the role ${row.role}: run "alter role ${row.role} bypassrls", or give the role policies for select and update with "using (true)"`,
    )
}

/** One run at a time. False when another one holds the lock; it is released with the transaction. */
export async function lockOutOtherRuns(sql: Sql): Promise<boolean> {
  const [row] = await sql`select pg_try_advisory_xact_lock(hashtextextended('job-alert digest', 0)) as locked`
  return row?.locked === true
}

/**
 * Marks every due failure and hands each to `onFailure` as it arrives; returns how many were marked.
 * Rows that somebody else has locked are left for the next run. The mark is the clock's time, not now(): a job may
 * have died after this transaction began. It is never before failed_at, which another clock may have written.
 * The ids go through an array, because the planner cannot know how few they are, and a join would read the table.
 */
export async function claimFailures(sql: Sql, window: Window, onFailure: OnFailure): Promise<number> {
  const { count } = await sql`
    with due as (
      select id
      from research_jobs
      where ${due(sql, window)}
      for update skip locked
    )
    update research_jobs as job
    set last_alerted_at = greatest(clock_timestamp(), ${failedAt(sql)})
    where job.id = any(array(select id from due))
    returning ${columns(sql)}`
    .forEach((row) => void onFailure(toJob(row)))
    .catch(explain)
  return count
}

/** The same failures, left as they are. */
export async function readFailures(sql: Sql, window: Window, onFailure: OnFailure): Promise<number> {
  const { count } = await sql`
    select ${columns(sql)}
    from research_jobs as job
    where ${due(sql, window)}`
    .forEach((row) => void onFailure(toJob(row)))
    .catch(explain)
  return count
}

/** What was never reported and lies before the window. */
export function countOlder(sql: Sql, { since }: Window): Promise<Backlog> {
  return counted(sql, sql`${failedForGood(sql)} and ${notReported(sql)} and ${failedAt(sql)} < ${start(sql, since)}`)
}

/** What the next run would report. */
export function countDue(sql: Sql, window: Window): Promise<Backlog> {
  return counted(sql, due(sql, window))
}

async function counted(sql: Sql, condition: Fragment): Promise<Backlog> {
  const [row] = await sql`
    select count(*)::float8 as count, ${milliseconds(sql, sql`min(${failedAt(sql)})`)} as oldest
    from research_jobs
    where ${condition}`
  return { count: row?.count, oldest: row?.oldest }
}

/** The job by which the chain last ran to its end. */
const lastSuccess = (sql: Sql, chain: ChainDefinition): Fragment => sql`
  select *
  from research_jobs
  where source = ${chain.source}
    and job_type = ${lastStep(chain).jobType}
    and target_type = ${chain.targetType}
    and target_id = ${lastStep(chain).targetId}
    and status = 'done'
  order by finished_at desc nulls last
  limit 1`

/**
 * Its own mark says whether this lapse was reported: the next success is another row. What was reported counts again
 * only if asked for, and if the lapse began inside the window.
 */
const overdue = (sql: Sql, after: number, { since, includeAlerted }: Window): Fragment => {
  const allowed = sql`${`${after} milliseconds`}::interval`
  return sql`
  finished_at < clock_timestamp() - ${allowed}
    and (
      last_alerted_at is null
      or last_alerted_at < finished_at
      or ${includeAlerted ? sql`finished_at + ${allowed} >= ${start(sql, since)}` : sql`false`}
    )`
}

/** Of what `migrate` adds: whether it is there and, of an index, whether its build was completed. */
export async function readMigrated(sql: Sql): Promise<Readonly<Record<string, boolean>>> {
  const rows = await sql`
    select 'research_jobs' as name, to_regclass('research_jobs') is not null as fine
    union all
    select 'last_alerted_at', exists (
      select
      from pg_attribute
      where attrelid = to_regclass('research_jobs') and attname = 'last_alerted_at' and not attisdropped
    )
    union all
    select name, exists (select from pg_index where indexrelid = to_regclass(name) and indisvalid)
    from unnest(string_to_array(${INDEXES.join(',')}, ',')) as name`
  return Object.fromEntries(rows.map(({ name, fine }) => [name, fine]))
}

export const INDEXES = ['research_jobs_unreported_failures', 'research_jobs_chain']

/** Marks one row as it is marked already, if there is a row: what a run must be allowed to do. */
export async function tryMark(sql: Sql): Promise<void> {
  await sql`
    update research_jobs
    set last_alerted_at = last_alerted_at
    where id = (select id from research_jobs limit 1 for update skip locked)`.catch(explain)
}

/**
 * Marks the last success of the chain when it is longer than `after` milliseconds ago and nobody has heard of that.
 * Undefined when it is not overdue, or reported already.
 */
export async function claimLapse(
  sql: Sql,
  chain: ChainDefinition,
  after: number,
  window: Window,
): Promise<Job | undefined> {
  const [row] = await sql`
    with anchor as (${lastSuccess(sql, chain)}),
    due as (
      select id
      from research_jobs
      where id = (select id from anchor where ${overdue(sql, after, window)})
      for update skip locked
    )
    update research_jobs as job
    set last_alerted_at = greatest(clock_timestamp(), finished_at)
    where job.id = (select id from due)
    returning ${columns(sql)}`
  return row && toJob(row)
}

/** The same job, left as it is. */
export function readLapse(sql: Sql, chain: ChainDefinition, after: number, window: Window): Promise<Job | undefined> {
  return readLastSuccess(sql, chain, overdue(sql, after, window))
}

/** Of one chain, and of the latest ones of all runs: many more than a chain has steps, and few enough for the memory. */
const CHAIN_JOBS_READ = 100
const LATEST_JOBS_READ = 500

/**
 * The jobs of these chains, whatever their state, in the order they were created; of each chain its first hundred.
 * Materialized, or the planner would walk the primary key in search of them.
 */
export async function readChainJobs(sql: Sql, chains: readonly string[]): Promise<readonly Job[]> {
  if (chains.length === 0) return []
  const rows = await sql`
    with chain as materialized (
      select
        *,
        row_number() over (partition by source, payload ->> 'chain_started_at' order by id) as place
      from research_jobs
      where payload ->> 'chain_started_at' in ${sql(chains as string[])}
    )
    select ${columns(sql)}
    from chain as job
    where place <= ${CHAIN_JOBS_READ}
    order by job.id`
  return rows.map(toJob)
}

/** Of a known chain: what is queued or running, then its latest jobs, newest first. */
export async function readLatestJobs(sql: Sql, chain: ChainDefinition): Promise<readonly Job[]> {
  const rows = await sql`
    select ${columns(sql)}
    from research_jobs as job
    where source = ${chain.source}
      and target_type = ${chain.targetType}
      and target_id in ${sql(chain.steps.map((step) => step.targetId))}
    order by status in ('queued', 'running') desc, job.id desc
    limit ${LATEST_JOBS_READ}`
  return rows.map(toJob)
}

export async function readLastSuccess(
  sql: Sql,
  chain: ChainDefinition,
  condition = sql`true`,
): Promise<Job | undefined> {
  const [row] = await sql`
    with anchor as (${lastSuccess(sql, chain)})
    select ${columns(sql)}
    from anchor as job
    where ${condition}`
  return row && toJob(row)
}

/** What the server says when it is not as digest needs it. */
export function explain(error: unknown): never {
  if (!isServerError(error)) throw error
  if (error.code === '42703' && error.message.includes('last_alerted_at'))
    throw new NotPrepared('research_jobs has no column last_alerted_at: run "job-alert migrate" first')
  if (error.code === '42P01')
    throw new NotPrepared('there is no table research_jobs here: check the database that DATABASE_URL names')
  if (error.code === '42501')
    throw new NotPrepared(
      `${error.message}: the role needs select on research_jobs and update (last_alerted_at); see the README`,
    )
  throw error
}
