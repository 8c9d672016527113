import { deathOf, inOrderOfCreation, type Job } from '../job.js'

/** A design figure: what a human reads through at three in the morning. */
export const JOBS_LISTED = 10

/** A job in a list; its error is said once, for all of them. */
export type Listed = Omit<Job, 'error'>

/** Failures that stand together, in figures, and the latest of them. */
export interface Cluster {
  readonly count: number
  /** When the first and the last of them failed, in milliseconds since the epoch. */
  readonly first: number
  readonly last: number
  /** How they died, in words; undefined when not all of them died alike. */
  readonly death: string | undefined
  readonly latest: Job
  /** Latest first, at most ten. */
  readonly jobs: readonly Listed[]
}

/** Failures as they stream in, of which only figures and the latest are kept. */
export class ClusterTally {
  count = 0
  private first = Number.POSITIVE_INFINITY
  private last = Number.NEGATIVE_INFINITY
  private death: string | undefined
  private latest: Job | undefined
  private readonly jobs: Listed[] = []

  add(job: Job): void {
    const { failedAt } = job
    this.merge({ count: 1, first: failedAt, last: failedAt, death: deathOf(job).how, latest: job, jobs: [job] })
  }

  merge({ count, first, last, death, latest, jobs }: Cluster): void {
    this.death = this.count === 0 || this.death === death ? death : undefined
    this.count += count
    this.first = Math.min(this.first, first)
    this.last = Math.max(this.last, last)
    if (this.latest === undefined || laterFirst(latest, this.latest) < 0) this.latest = latest
    for (const job of jobs) this.list(job)
  }

  result(): Cluster {
    const { count, first, last, death, latest, jobs } = this
    if (latest === undefined) throw new Error('nothing was gathered')
    return { count, first, last, death, latest, jobs }
  }

  private list({ error, ...job }: Listed & { readonly error?: unknown }): void {
    const place = this.jobs.findIndex((other) => laterFirst(job, other) < 0)
    if (place < 0 && this.jobs.length >= JOBS_LISTED) return
    this.jobs.splice(place < 0 ? this.jobs.length : place, 0, job)
    if (this.jobs.length > JOBS_LISTED) this.jobs.pop()
  }
}

/** Two infinite times are equal, but their difference is not a number. */
export function laterFirst(a: Listed, b: Listed): number {
  return b.failedAt === a.failedAt ? inOrderOfCreation(b, a) : b.failedAt - a.failedAt
}
