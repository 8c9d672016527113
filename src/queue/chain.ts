import { LAST_STEP, REFRESH } from '../chains.js'
import type { Job, Window } from '../job.js'
import type { Fragment, Sql } from '../postgres/session.js'
import { explain } from './prepared.js'
import { columns, start, toJob } from './row.js'

/** The job by which a refresh last ran to its end. */
const lastSuccess = (sql: Sql): Fragment => sql`
  select *
  from research_jobs
  where source = ${REFRESH.source}
    and job_type = ${LAST_STEP.jobType}
    and target_type = ${REFRESH.targetType}
    and target_id = ${LAST_STEP.targetId}
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

/**
 * Marks the last successful refresh when it is longer than `after` milliseconds ago and nobody has heard of that.
 * Undefined when it is not overdue, or reported already.
 */
export async function claimLapse(sql: Sql, after: number, window: Window): Promise<Job | undefined> {
  const [row] = await sql`
    with success as (${lastSuccess(sql)}),
    due as (
      select id
      from research_jobs
      where id = (select id from success where ${overdue(sql, after, window)})
      for update skip locked
    )
    update research_jobs as job
    set last_alerted_at = greatest(clock_timestamp(), finished_at)
    where job.id = (select id from due)
    returning ${columns(sql)}`.catch(explain)
  return row && toJob(row)
}

/** The same job, left as it is. */
export function readLapse(sql: Sql, after: number, window: Window): Promise<Job | undefined> {
  return readLastSuccess(sql, overdue(sql, after, window))
}

/** Jobs read of one chain, and of all refreshes: many more than they have steps, and few enough for the memory. */
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
    order by job.id`.catch(explain)
  return rows.map(toJob)
}

/** Of all refreshes: what is queued or running, then the latest jobs, newest first. */
export async function readLatestJobs(sql: Sql): Promise<readonly Job[]> {
  const rows = await sql`
    select ${columns(sql)}
    from research_jobs as job
    where source = ${REFRESH.source}
      and target_type = ${REFRESH.targetType}
      and target_id in ${sql(REFRESH.steps.map((step) => step.targetId))}
    order by status in ('queued', 'running') desc, job.id desc
    limit ${LATEST_JOBS_READ}`.catch(explain)
  return rows.map(toJob)
}

/** The job by which a refresh last succeeded, if `condition` holds. Rejects with NotPrepared or the server's error. */
export async function readLastSuccess(sql: Sql, condition = sql`true`): Promise<Job | undefined> {
  const [row] = await sql`
    with success as (${lastSuccess(sql)})
    select ${columns(sql)}
    from success as job
    where ${condition}`.catch(explain)
  return row && toJob(row)
}
