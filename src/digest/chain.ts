import { type Cluster, Tally } from './group.js'

/** Failures that belong to one chain, or to all runs of a known one. */
export interface ChainFailures extends Omit<Cluster, 'kinds'> {
  /** How many of each source and job type. */
  readonly kinds: ReadonlyMap<string, number>
}

export class ChainTally extends Tally {
  result(): ChainFailures {
    const cluster = this.cluster()
    return { ...cluster, kinds: new Map(cluster.kinds.map(({ name, count }) => [name, count])) }
  }
}
