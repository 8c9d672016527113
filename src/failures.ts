import type postgres from 'postgres'
import { type ChainDefinition, lastStep } from './chains.js'
import { isServerError, type Sql } from './database.js'
import { redact } from './redact.js'

/** A row of research_jobs. Times are milliseconds since the epoch, ±Infinity included; texts are redacted. */
export interface Job {
  readonly id: number
  readonly source: string
  readonly jobType: string
  readonly targetType: string
  readonly targetId: string
  readonly status: string
  readonly attempts: number
  readonly maxAttempts: number
  /** Set while a worker holds the job, kept when that worker ends it, cleared by everybody else. */
  readonly claimedAt: number | null
  readonly finishedAt: number | null
  /** When it failed, if it did: the column that is there of finished, claimed and created. */
  readonly failedAt: number
  readonly error: string | null
  /** payload.chain_started_at as it stands there; null when absent or too long to be a time. */
  readonly chain: string | null
}

/** Which failures a run reports: those since `since`, and among them the ones already reported only if asked for. */
export interface Window {
  readonly since: Date
  readonly includeAlerted: boolean
}

export class MissingMigration extends Error {
  override readonly name = 'MissingMigration'
}

type Fragment = postgres.PendingQuery<postgres.Row[]>

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
    and ${failedAt(sql)} >= ${since}`

/** Epochs instead of timestamps: no DateStyle, no time zone, and infinity is a number. */
const milliseconds = (sql: Sql, time: Fragment): Fragment => sql`(extract(epoch from ${time}) * 1000)::float8`

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
  ${milliseconds(sql, sql`claimed_at`)} as claimed_at,
  ${milliseconds(sql, sql`finished_at`)} as finished_at,
  ${milliseconds(sql, failedAt(sql))} as failed_at,
  last_error,
  case when length(payload ->> 'chain_started_at') <= 64 then payload ->> 'chain_started_at' end as chain`

function toJob(row: postgres.Row): Job {
  return {
    id: Number(row.id),
    source: redact(row.source),
    jobType: redact(row.job_type),
    targetType: redact(row.target_type),
    targetId: row.target_id,
    status: row.status,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    claimedAt: row.claimed_at,
    finishedAt: row.finished_at,
    failedAt: row.failed_at,
    error: row.last_error === null ? null : redact(row.last_error),
    chain: row.chain,
  }
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
export async function claimFailures(sql: Sql, window: Window, onFailure: (job: Job) => void): Promise<number> {
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
    .forEach((row) => {
      onFailure(toJob(row))
    })
    .catch(explain)
  return count
}

/** The same failures, left as they are. */
export async function readFailures(sql: Sql, window: Window, onFailure: (job: Job) => void): Promise<void> {
  await sql`
    select ${columns(sql)}
    from research_jobs as job
    where ${due(sql, window)}`
    .forEach((row) => {
      onFailure(toJob(row))
    })
    .catch(explain)
}

/** Failures before the window that nobody was ever told about; `oldest` in milliseconds since the epoch. */
export interface Backlog {
  readonly count: number
  readonly oldest: number | null
}

export async function countOlder(sql: Sql, { since }: Window): Promise<Backlog> {
  const [row] = await sql`
    select
      count(*)::float8 as count,
      ${milliseconds(sql, sql`min(${failedAt(sql)})`)} as oldest
    from research_jobs
    where ${failedForGood(sql)}
      and ${notReported(sql)}
      and ${failedAt(sql)} < ${since}`
  return { count: row?.count, oldest: row?.oldest }
}

const CHAIN_JOBS_READ = 500

/**
 * All jobs of these chains, whatever their state, in the order they were created. Materialized, or the planner
 * would walk the primary key in search of the first ones.
 */
export async function readChainJobs(sql: Sql, chains: readonly string[]): Promise<readonly Job[]> {
  if (chains.length === 0) return []
  const rows = await sql`
    with chain as materialized (
      select *
      from research_jobs
      where payload ->> 'chain_started_at' in ${sql(chains as string[])}
    )
    select ${columns(sql)}
    from chain as job
    order by job.id
    limit ${CHAIN_JOBS_READ}`
  return rows.map(toJob)
}

/** The latest jobs of a known chain, newest first: what became of it since. */
export async function readLatestJobs(sql: Sql, chain: ChainDefinition): Promise<readonly Job[]> {
  const rows = await sql`
    select ${columns(sql)}
    from research_jobs as job
    where source = ${chain.source}
      and target_type = ${chain.targetType}
      and target_id in ${sql(chain.steps.map((step) => step.targetId))}
    order by job.id desc
    limit ${CHAIN_JOBS_READ}`
  return rows.map(toJob)
}

/** The last time the chain ran to its end. */
export async function readLastSuccess(sql: Sql, chain: ChainDefinition): Promise<Job | undefined> {
  const { jobType, targetId } = lastStep(chain)
  const [row] = await sql`
    select ${columns(sql)}
    from research_jobs as job
    where source = ${chain.source}
      and job_type = ${jobType}
      and target_type = ${chain.targetType}
      and target_id = ${targetId}
      and status = 'done'
    order by finished_at desc nulls last
    limit 1`
  return row && toJob(row)
}

/** The id by which the server can say later whether this transaction was committed. */
export async function currentTransactionId(sql: Sql): Promise<string> {
  const [row] = await sql`select pg_current_xact_id()::text as id`
  return row?.id
}

function explain(error: unknown): never {
  if (isServerError(error) && error.code === '42703' && error.message.includes('last_alerted_at'))
    throw new MissingMigration('research_jobs has no column last_alerted_at: run "job-alert migrate" first')
  if (isServerError(error) && error.code === '42P01')
    throw new MissingMigration('there is no table research_jobs here: check the database that DATABASE_URL names')
  throw error
}
