import { isStep, parseChainStart, REFRESH } from '../chains.js'
import { inOrderOfCreation, type Job, kindOf } from '../job.js'
import { type Cluster, ClusterTally, JOBS_LISTED, laterFirst } from './cluster.js'
import { type Outlook, outlook } from './outlook.js'
import { knownSteps, type Step, stepOf } from './steps.js'

/** The failures of one chain: jobs of one source with one chain_started_at. */
export interface ChainFailures extends Cluster {
  /** With their errors. */
  readonly jobs: readonly Job[]
  /** How many of each source and job type. */
  readonly kinds: ReadonlyMap<string, number>
}

/** The failures of one chain as they stream in. */
export class ChainTally {
  private readonly cluster = new ClusterTally()
  private readonly kinds = new Map<string, number>()
  private jobs: readonly Job[] = []

  add(job: Job): void {
    this.cluster.add(job)
    this.kinds.set(kindOf(job), (this.kinds.get(kindOf(job)) ?? 0) + 1)
    this.jobs = [...this.jobs, job].sort(laterFirst).slice(0, JOBS_LISTED)
  }

  result(): ChainFailures {
    return { ...this.cluster.result(), jobs: this.jobs, kinds: this.kinds }
  }
}

/** A chain that failed, as far as its rows tell. */
export interface Chain {
  readonly title: string
  readonly shortTitle: string
  /** Path of its own admin page, if it has one. */
  readonly page: string | undefined
  /** The failure to report first: of the step furthest in the chain, where it stands. */
  readonly leading: Job
  /** Name of its step. */
  readonly failedAt: string
  readonly startedAt: number
  readonly steps: readonly Step[]
  /** Undefined unless it is the refresh. */
  readonly outlook: Outlook | undefined
}

/** What the database says about the chains beyond the failures themselves. */
export interface ChainContext {
  /** Every job of the chains concerned, in the order of creation. */
  readonly jobs: readonly Job[]
  /** Of the refresh: what is queued or running, then the latest jobs of all its runs. */
  readonly latest: readonly Job[]
  readonly lastSuccess: Job | undefined
}

/** The failures of one chain → its section, with the steps that have no row. */
export function chainFrom(failures: ChainFailures, context: ChainContext, now: Date): Chain {
  const { latest } = failures
  const startedAt = parseChainStart(latest.chain ?? '') ?? latest.failedAt
  const jobs = jobsOf(failures, context)
  const isKnown = jobs.some(({ source, targetType }) => source === REFRESH.source && targetType === REFRESH.targetType)
  const unknown = { title: `${latest.source} chain`, shortTitle: `${latest.source} chain`, page: undefined }
  const { title, shortTitle, page } = isKnown ? REFRESH : unknown
  const own = isKnown ? knownSteps(jobs, now) : []
  const others = jobs.filter((job) => !(isKnown && REFRESH.steps.some((step) => isStep(step, job))))
  const otherSteps = others.map((job) => stepOf(job.jobType, job, now))
  const { name, job: leading } = furthestFailure(failures, own.length > 0 ? own : otherSteps)
  return {
    title,
    shortTitle,
    page,
    leading,
    failedAt: name,
    startedAt,
    steps: [...own, ...otherSteps],
    outlook: isKnown ? outlook(own, leading, startedAt, context, now) : undefined,
  }
}

/** The chain's rows, with each failure once, as it was when it was claimed. */
function jobsOf({ latest: { source, chain }, jobs }: ChainFailures, context: ChainContext): readonly Job[] {
  const read = [...context.jobs, ...context.latest].filter((job) => job.source === source && job.chain === chain)
  return [...new Map([...read, ...jobs].map((job) => [job.id, job])).values()].sort(inOrderOfCreation)
}

/** Among the failures to report; a job that is no step of the chain counts only where there is no other. */
function furthestFailure({ jobs, latest }: ChainFailures, steps: readonly Step[]): { name: string; job: Job } {
  const ids = new Set(jobs.map(({ id }) => id))
  const furthest = steps.findLast(({ job }) => job && ids.has(job.id))
  return furthest?.job ? { name: furthest.name, job: furthest.job } : { name: latest.jobType, job: latest }
}
