import { LAST_STEP, REFRESH } from '../chains.js'
import type { Job, Overdue, Window } from '../job.js'
import type { Fragment, Sql } from '../postgres/session.js'
import { columns, milliseconds, start, toJob } from './row.js'

const isRefresh = (sql: Sql): Fragment => sql`
  source = ${REFRESH.source}
    and target_type = ${REFRESH.targetType}
    and target_id in ${sql(REFRESH.steps.map((step) => step.targetId))}`

/** Of a refresh's jobs the one by which it ran to its end. */
const isSuccess = (sql: Sql): Fragment => sql`
  target_id = ${LAST_STEP.targetId}
    and job_type = ${LAST_STEP.jobType}
    and status = 'done'`

/** The job from which the overdue rule counts, and what the rule says now. */
export interface Anchor extends Overdue {
  /** The mark of this job says that the refresh was reported as overdue. */
  readonly id: bigint
  /** Whether it is the last success; otherwise it is the oldest refresh job on record. */
  readonly succeeded: boolean
  /** Overdue, and to be reported. */
  readonly isDue: boolean
}

/**
 * Undefined when no refresh is on record. It is due when the anchor is too old and that was not reported: a success
 * has its own mark; without one, any refresh job that was marked since the deadline has said it. What was reported
 * counts again only if asked for, and if the deadline lies inside the window.
 */
export async function readAnchor(
  sql: Sql,
  after: number,
  { since, includeAlerted }: Window,
): Promise<Anchor | undefined> {
  const [row] = await sql`
    with refresh as (
      select id, created_at, finished_at, last_alerted_at, ${isSuccess(sql)} as succeeded
      from research_jobs
      where ${isRefresh(sql)}
    ),
    anchor as (
      select
        id,
        succeeded,
        case when succeeded then coalesce(finished_at, created_at) else created_at end as time,
        case when succeeded then last_alerted_at else max(last_alerted_at) over () end as mark
      from refresh
      order by succeeded desc, case when succeeded then finished_at end desc nulls last, created_at, id
      limit 1
    ),
    expected as (
      select *, time + ${`${after} milliseconds`}::interval as deadline
      from anchor
    )
    select
      id,
      ${milliseconds(sql, sql`time`)} as anchor,
      succeeded,
      deadline < clock_timestamp()
        and (
          mark is null
          or mark < deadline
          or ${includeAlerted} and deadline >= ${start(sql, since)}
        ) as "isDue"
    from expected`
  return row && { ...(row as Anchor), id: BigInt(row.id), after }
}

/** False when another session has locked its row. */
export async function lockAnchor(sql: Sql, { id }: Anchor): Promise<boolean> {
  const rows = await sql`
    select
    from research_jobs
    where id = ${`${id}`}
    for update skip locked`
  return rows.length > 0
}

/** Jobs read of one chain, and of all refreshes: many more than they have steps, and few enough for the memory. */
const CHAIN_JOBS_READ = 100
const LATEST_JOBS_READ = 500

/**
 * The jobs of these chains, in any state and in the order of their creation; the first hundred of each chain.
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

/** Of all refreshes: what is queued or running, then the latest jobs, newest first. */
export async function readLatestJobs(sql: Sql): Promise<readonly Job[]> {
  const rows = await sql`
    select ${columns(sql)}
    from research_jobs as job
    where ${isRefresh(sql)}
    order by status in ('queued', 'running') desc, job.id desc
    limit ${LATEST_JOBS_READ}`
  return rows.map(toJob)
}

/** The job by which a refresh last ran to its end. */
export async function readLastSuccess(sql: Sql): Promise<Job | undefined> {
  const rows = await sql`
    select ${columns(sql)}
    from research_jobs as job
    where ${isRefresh(sql)}
      and ${isSuccess(sql)}
    order by finished_at desc nulls last
    limit 1`
  return rows.map(toJob)[0]
}
