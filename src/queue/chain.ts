import { CHAIN_JOBS, LATEST_JOBS } from '../caps.js'
import { LAST_STEP, REFRESH } from '../chains.js'
import { type Job, type Overdue, type RawJob, toJob, type Window } from '../job.js'
import type { Fragment, Sql } from '../postgres/session.js'
import { columns, milliseconds, start } from './row.js'

const isRefresh = (sql: Sql): Fragment => sql`
  source = ${REFRESH.source}
    and target_type = ${REFRESH.targetType}
    and target_id in ${sql(REFRESH.steps.map((step) => step.targetId))}`

/** Whether a job of a refresh is its last step, done. */
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
  /** Whether it is overdue and to be reported. */
  readonly isDue: boolean
}

/**
 * The anchor, by a rule of `after` milliseconds; undefined when no refresh is on record. It is due from its deadline
 * on, until a mark at or after the deadline says that this was reported: the mark of the success or, where there is
 * none, of any refresh job. With includeAlerted it is due again if the deadline lies inside the window.
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

/** Locks the anchor's row. False when another session has locked it. */
export async function lockAnchor(sql: Sql, { id }: Anchor): Promise<boolean> {
  const rows = await sql`
    select
    from research_jobs
    where id = ${`${id}`}
    for update skip locked`
  return rows.length > 0
}

/**
 * The first hundred jobs of each of these chains, in any state, in the order of their creation.
 * Materialized, because the planner would otherwise search the whole primary key for them.
 */
export async function readChainJobs(sql: Sql, chains: readonly string[]): Promise<readonly Job[]> {
  if (chains.length === 0) return []
  const rows = await sql<RawJob[]>`
    with chain as materialized (
      select
        *,
        row_number() over (partition by source, payload ->> 'chain_started_at' order by id) as place
      from research_jobs
      where payload ->> 'chain_started_at' in ${sql(chains as string[])}
    )
    select ${columns(sql)}
    from chain as job
    where place <= ${CHAIN_JOBS}
    order by job.id`
  return rows.map(toJob)
}

/** Jobs of all refreshes, 500 at most: the queued and running ones, then the others; each newest first. */
export async function readLatestJobs(sql: Sql): Promise<readonly Job[]> {
  const rows = await sql<RawJob[]>`
    select ${columns(sql)}
    from research_jobs as job
    where ${isRefresh(sql)}
    order by status in ('queued', 'running') desc, job.id desc
    limit ${LATEST_JOBS}`
  return rows.map(toJob)
}

/** The last success of the refresh, if one is on record. */
export async function readLastSuccess(sql: Sql): Promise<Job | undefined> {
  const rows = await sql<RawJob[]>`
    select ${columns(sql)}
    from research_jobs as job
    where ${isRefresh(sql)}
      and ${isSuccess(sql)}
    order by finished_at desc nulls last
    limit 1`
  return rows.map(toJob)[0]
}
