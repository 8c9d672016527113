import { randomUUID } from 'node:crypto'
import type { Sql } from 'postgres'
import { REFRESH } from '../../src/chains.js'

/** What the queue's own worker, janitor, chain code and admin page do to a row, statement by statement. */
export interface NewJob {
  readonly source?: string
  readonly jobType?: string
  readonly targetType?: string
  readonly targetId?: string
  readonly payload?: unknown
  readonly maxAttempts?: number
}

const SERVICE_DOWN = 'Spotify match failed: 503'

export class Worker {
  constructor(private readonly sql: Sql) {}

  async enqueue(job: NewJob = {}): Promise<number> {
    const [row] = await this.sql`
      insert into research_jobs (source, job_type, target_type, target_id, payload, max_attempts)
      values (
        ${job.source ?? 'spotify'}, ${job.jobType ?? 'match_song'}, ${job.targetType ?? 'song'},
        ${job.targetId ?? randomUUID()}, ${this.sql.json((job.payload ?? {}) as never)}, ${job.maxAttempts ?? 5}
      )
      returning id`
    return Number(row?.id)
  }

  async claim(id: number): Promise<void> {
    await this.sql`
      update research_jobs
      set status = 'running', attempts = attempts + 1, claimed_at = now(), claimed_by = 'host:1:worker'
      where id = ${id} and status = 'queued'`
  }

  async succeed(id: number): Promise<void> {
    await this.sql`
      update research_jobs
      set status = 'done', result = '{"ok": true}', finished_at = now(), last_error = null
      where id = ${id} and status = 'running'`
  }

  /** A retryable error: queued again while attempts are left, dead after the last one. */
  async fail(id: number, error: string): Promise<void> {
    await this.sql`
      update research_jobs
      set status = case when attempts >= max_attempts then 'dead' else 'queued' end,
        finished_at = case when attempts >= max_attempts then now() end,
        run_after = case when attempts >= max_attempts then run_after else now() + interval '1 minute' end,
        claimed_at = case when attempts >= max_attempts then claimed_at end,
        claimed_by = case when attempts >= max_attempts then claimed_by end,
        last_error = ${error}
      where id = ${id} and status = 'running'`
  }

  async failPermanently(id: number, error: string): Promise<void> {
    await this.sql`
      update research_jobs
      set status = 'dead', finished_at = now(), last_error = ${error}
      where id = ${id} and status = 'running'`
  }

  async exhaustQuota(id: number): Promise<void> {
    await this.sql`
      update research_jobs
      set status = 'queued', attempts = attempts - 1, claimed_at = null, claimed_by = null,
        run_after = now() + interval '1 day', last_error = 'quota_exhausted'
      where id = ${id} and status = 'running'`
  }

  /** The janitor, on a job whose worker was killed. */
  async reap(id: number): Promise<void> {
    await this.sql`
      update research_jobs
      set status = case when attempts >= max_attempts then 'dead' else 'queued' end,
        finished_at = case when attempts >= max_attempts then now() end,
        claimed_at = null, claimed_by = null,
        last_error = coalesce(last_error || ' | ', '') || case
          when attempts >= max_attempts then 'reaped: max_attempts exhausted (likely worker OOM/crash loop)'
          else 'reaped: stuck in running'
        end
      where id = ${id} and status = 'running'`
  }

  async cancel(id: number): Promise<void> {
    await this.sql`
      update research_jobs
      set status = 'dead', finished_at = now(), last_error = coalesce(last_error, 'cancelled by admin')
      where id = ${id} and status in ('queued', 'running')`
  }

  async retry(id: number): Promise<void> {
    await this.sql`
      update research_jobs
      set status = 'queued', attempts = 0, run_after = now(), claimed_at = null, claimed_by = null,
        finished_at = null, last_error = null
      where id = ${id} and status in ('done', 'failed', 'dead')`
  }

  /** Enqueues and claims a job; its id. */
  async running(job: NewJob = {}): Promise<number> {
    const id = await this.enqueue(job)
    await this.claim(id)
    return id
  }

  /** Enqueues, claims and kills a job in one go; its id. */
  async dead(job: NewJob = {}, error = SERVICE_DOWN): Promise<number> {
    const id = await this.running({ maxAttempts: 1, ...job })
    await this.failPermanently(id, error)
    return id
  }

  /** Very many jobs that died at once, so long ago. In `error`, %1$s is a number and %2$s a UUID of each job's own. */
  async storm(count: number, job: NewJob = {}, error = SERVICE_DOWN, ago = '0'): Promise<void> {
    await this.sql`
      insert into research_jobs (source, job_type, target_type, target_id, status, attempts, claimed_at, finished_at, last_error)
      select
        ${job.source ?? 'spotify'}, ${job.jobType ?? 'match_song'}, ${job.targetType ?? 'song'}, gen_random_uuid(),
        'dead', 1, now() - ${ago}::interval, now() - ${ago}::interval, format(${error}, number, gen_random_uuid())
      from generate_series(1, ${count}::int) as number`
  }

  /**
   * Runs a refresh up to the named step: the steps before it are done, and it is left running.
   * Returns the ids, in the chain's order.
   */
  async refresh(upTo: string, startedAt = new Date()): Promise<readonly number[]> {
    const last = REFRESH.steps.findIndex(({ name }) => name === upTo)
    const ids: number[] = []
    for (const [index, { name, jobType, targetId }] of REFRESH.steps.slice(0, last + 1).entries()) {
      const feed = jobType === 'refresh_catalog' ? { feed: name } : {}
      const payload = { ...feed, chain_started_at: startedAt.toISOString().replace('Z', '000+00:00') }
      const id = await this.running({
        source: 'apple',
        jobType,
        targetType: 'catalog',
        targetId,
        payload,
        maxAttempts: 1,
      })
      if (index < last) await this.succeed(id)
      ids.push(id)
    }
    return ids
  }

  /** Moves a job's times into the past, as a whole. */
  async age(ids: number | readonly number[], interval: string): Promise<void> {
    await this.sql`
      update research_jobs
      set created_at = created_at - ${interval}::interval,
        claimed_at = claimed_at - ${interval}::interval,
        finished_at = finished_at - ${interval}::interval
      where id in ${this.sql([ids].flat())}`
  }
}
