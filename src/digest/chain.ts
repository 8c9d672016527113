import { type Job, kindOf } from '../job.js'
import { type Cluster, ClusterTally, JOBS_LISTED, laterFirst } from './cluster.js'

/** Failures that belong to one chain, or to all runs of a known one. */
export interface ChainFailures extends Cluster {
  /** With their errors, the latest first. */
  readonly jobs: readonly Job[]
  /** How many of each source and job type. */
  readonly kinds: ReadonlyMap<string, number>
}

/** The failures of a chain as they stream in, of which the latest `kept` are kept. */
export class ChainTally {
  private readonly cluster = new ClusterTally()
  private readonly kinds = new Map<string, number>()
  private jobs: Job[] = []

  constructor(private readonly kept = JOBS_LISTED) {}

  add(job: Job): void {
    this.cluster.add(job)
    this.kinds.set(kindOf(job), (this.kinds.get(kindOf(job)) ?? 0) + 1)
    this.jobs.push(job)
    if (this.jobs.length >= 2 * this.kept) this.trim()
  }

  result(): ChainFailures {
    this.trim()
    return { ...this.cluster.result(), jobs: this.jobs, kinds: this.kinds }
  }

  private trim(): void {
    this.jobs = this.jobs.sort(laterFirst).slice(0, this.kept)
  }
}
