import { LAST_STEP, REFRESH } from '../chains.js'
import type { Job, Window } from '../job.js'
import type { Fragment, Sql } from '../postgres/session.js'
import { mark } from './failures.js'
import { explain } from './prepared.js'
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
 * Whether the anchor is too old and nobody has heard of it. A success has its own mark. Without one, any refresh job
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

/** That no refresh has succeeded for too long. */
export interface Lapse {
  /** Undefined when none is on record. */
  readonly lastSuccess: Job | undefined
  /** Its end or, without one, when the oldest refresh job on record was created; milliseconds since the epoch. */
  readonly anchor: number
  /** How long a refresh may take to succeed, in milliseconds. */
  readonly after: number
}

/** The anchor as it stands; undefined when no refresh is on record. */
export async function readAnchor(sql: Sql, after: number): Promise<Lapse | undefined> {
  const [row] = await sql`
    select ${milliseconds(sql, sql`since`)} as since, succeeded
    from (${anchor(sql)}) as anchor`.catch(explain)
  return row && { lastSuccess: row.succeeded ? await readLastSuccess(sql) : undefined, anchor: row.since, after }
}

/** The anchor, when it is overdue and nobody was told; `id` is the job whose mark says so. */
export async function readLapse(
  sql: Sql,
  after: number,
  window: Window,
): Promise<{ readonly id: bigint; readonly lapse: Lapse } | undefined> {
  const [row] = await sql`
    select id
    from (${anchor(sql)}) as anchor
    where ${overdue(sql, after, window)}`.catch(explain)
  const lapse = row && (await readAnchor(sql, after))
  return lapse && { id: BigInt(row.id), lapse }
}

/** The same, marked. Undefined also when somebody else has locked the row. Throws as `mark`. */
export async function claimLapse(sql: Sql, after: number, window: Window): ReturnType<typeof readLapse> {
  const found = await readLapse(sql, after, window)
  const row = sql`
    select id
    from research_jobs
    where id = ${`${found?.id}`}`
  return found && (await mark(sql, row, () => {})) > 0 ? found : undefined
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
    where ${isRefresh(sql)}
    order by status in ('queued', 'running') desc, job.id desc
    limit ${LATEST_JOBS_READ}`.catch(explain)
  return rows.map(toJob)
}

/** The job by which a refresh last succeeded. Rejects with NotPrepared or the server's error. */
export async function readLastSuccess(sql: Sql): Promise<Job | undefined> {
  const [row] = await sql`
    with success as (${lastSuccess(sql)})
    select ${columns(sql)}
    from success as job`.catch(explain)
  return row && toJob(row)
}
