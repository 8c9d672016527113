import { LAST_STEP, REFRESH } from '../chains.js'
import type { Job, Window } from '../job.js'
import type { Fragment, Sql } from '../postgres/session.js'
import { mark } from './failures.js'
import { columns, milliseconds, start, toJob } from './row.js'

const isRefresh = (sql: Sql): Fragment => sql`
  source = ${REFRESH.source}
    and target_type = ${REFRESH.targetType}
    and target_id in ${sql(REFRESH.steps.map((step) => step.targetId))}`

/** The job by which a refresh last ran to its end. */
const lastSuccess = (sql: Sql): Fragment => sql`
  select *
  from research_jobs
  where ${isRefresh(sql)}
    and target_id = ${LAST_STEP.targetId}
    and job_type = ${LAST_STEP.jobType}
    and status = 'done'
  order by finished_at desc nulls last
  limit 1`

/** What the overdue rule counts from: the last success or, where none is on record, the oldest job of any refresh. */
const anchor = (sql: Sql): Fragment => sql`
  select *
  from (
    select id, coalesce(finished_at, created_at) as since, last_alerted_at, true as succeeded
    from (${lastSuccess(sql)}) as success
    union all
    (
      select id, created_at, last_alerted_at, false
      from research_jobs
      where ${isRefresh(sql)}
      order by created_at, id
      limit 1
    )
  ) as candidate
  order by succeeded desc
  limit 1`

/**
 * True if the anchor is too old and that was not reported. A success has its own mark. Without one, any refresh job
 * that was reported since the deadline has said it. What was reported counts again only if asked for, and if the
 * deadline lies inside the window.
 */
const overdue = (sql: Sql, after: number, { since, includeAlerted }: Window): Fragment => {
  const deadline = sql`since + ${`${after} milliseconds`}::interval`
  return sql`
  ${deadline} < clock_timestamp()
    and (
      case
        when succeeded then last_alerted_at is null or last_alerted_at < ${deadline}
        else not exists (
          select
          from research_jobs as job
          where ${isRefresh(sql)}
            and job.last_alerted_at >= ${deadline}
        )
      end
      or ${includeAlerted ? sql`${deadline} >= ${start(sql, since)}` : sql`false`}
    )`
}

/** What the overdue rule says now; times in milliseconds since the epoch. */
export interface Lapse {
  /** The job whose mark says that the lapse was reported. */
  readonly id: bigint
  /** The end of the last success or, without one, when the oldest refresh job on record was created. */
  readonly anchor: number
  readonly succeeded: boolean
  /** How long a refresh may take to succeed. */
  readonly after: number
  /** Overdue, and to be reported. */
  readonly isDue: boolean
}

/** Undefined when no refresh is on record. */
export async function readLapse(sql: Sql, after: number, window: Window): Promise<Lapse | undefined> {
  const [row] = await sql`
    select id, ${milliseconds(sql, sql`since`)} as since, succeeded, ${overdue(sql, after, window)} as is_due
    from (${anchor(sql)}) as anchor`
  return row && { id: BigInt(row.id), anchor: row.since, succeeded: row.succeeded, after, isDue: row.is_due }
}

/** Marks the lapse as reported. False when another session has locked its row. Throws as `mark`. */
export async function markLapse(sql: Sql, { id }: Lapse): Promise<boolean> {
  const row = sql`
    select id
    from research_jobs
    where id = ${`${id}`}`
  return (await mark(sql, row, () => {})) > 0
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

/** The job by which a refresh last succeeded. Rejects with NotPrepared or the server's error. */
export async function readLastSuccess(sql: Sql): Promise<Job | undefined> {
  const [row] = await sql`
    with success as (${lastSuccess(sql)})
    select ${columns(sql)}
    from success as job`
  return row && toJob(row)
}
