import { CHAINS, EXAMPLES, KINDS, PASSES, REFRESH_JOBS } from '../caps.js'
import { parseChainStart, stepOf } from '../chains.js'
import { type Backlog, type Job, JobError, kindOf, type Overdue, type Window } from '../job.js'
import { type Failures, FailureTally, type Group, laterFirst } from './group.js'
import { Grouping } from './grouping.js'

/** What the database says about the refresh besides the failures. */
export interface ChainContext {
  /** Jobs of the passes with failures to report. */
  readonly jobs: readonly Job[]
  /** What is queued or running, then the latest jobs of all passes. */
  readonly latest: readonly Job[]
  /** The last job of the last pass that succeeded. */
  readonly lastSuccess: Job | undefined
}

/** What the database says besides the failures. */
export interface Context extends ChainContext {
  /** Undefined unless to be reported now. */
  readonly overdue: Overdue | undefined
  readonly older: Backlog
  /** Due as well, but left to the next run. */
  readonly waiting?: number
}

/** What is to be said; the mail puts it into words. */
export interface Digest {
  readonly now: Date
  readonly window: Window
  readonly count: number
  readonly ids: readonly bigint[]
  /** Times of the first and the last failure, in milliseconds since the epoch. */
  readonly first: number
  readonly last: number
  /** Failures of each kind, in the order in which kinds came. */
  readonly kinds: ReadonlyMap<string, number>
  /** At most ten, for the plain mail. */
  readonly examples: readonly Job[]
  /** Failures of the refresh, all passes together. */
  readonly refresh: Failures | undefined
  /** Failures of other chains, the chain that failed last first. */
  readonly chains: readonly Failures[]
  /** The other failures, by error. */
  readonly groups: readonly Group[]
  readonly context: Context
}

const UNREADABLE = new JobError('(this row could not be read; the log of job-alert says why)')

/** Counts failures as they stream in, and keeps only what a digest can show. */
export class Tally {
  readonly ids: bigint[] = []
  /** Why rows could not be understood, to be logged; the first ten. Such a row is in the mail by its id alone. */
  readonly faults: { readonly id: bigint; readonly fault: unknown }[] = []
  private first = Number.POSITIVE_INFINITY
  private last = Number.NEGATIVE_INFINITY
  private readonly counts = new Map<string, number>()
  private readonly examples: Job[] = []
  private refresh: FailureTally | undefined
  private readonly chains = new Map<string, FailureTally>()
  private readonly grouped = new Grouping()

  add(job: Job): void {
    try {
      this.count(job)
    } catch (fault) {
      if (this.faults.length < EXAMPLES) this.faults.push({ id: job.id, fault })
      this.count({ ...job, error: UNREADABLE, chain: null })
    }
  }

  /** If it throws, the job is not counted. */
  private count(job: Job): void {
    const kind = kindOf(job)
    const known = this.counts.get(kind)
    const isNamed = known !== undefined || this.counts.size < KINDS
    const chain = this.chainOf(job)
    if (chain) chain.add(job)
    else if (isNamed) this.grouped.add(job)
    if (isNamed) this.counts.set(kind, (known ?? 0) + 1)
    this.ids.push(job.id)
    this.first = Math.min(this.first, job.failedAt)
    this.last = Math.max(this.last, job.failedAt)
    this.examples[this.ids.length % EXAMPLES] = job
  }

  /** chain_started_at of the passes that failed last. */
  refreshStarts(): readonly string[] {
    const jobs = this.refresh?.failures().jobs ?? []
    return [...new Set(jobs.map(({ chain }) => chain as string))].slice(0, PASSES)
  }

  digest(context: Context, window: Window, now: Date): Digest {
    const chains = [...this.chains.values()].map((chain) => chain.failures())
    const { grouped } = this
    let groups: readonly Group[] | undefined
    return {
      now,
      window,
      count: this.ids.length,
      ids: this.ids,
      first: this.first,
      last: this.last,
      kinds: this.counts,
      examples: this.examples.filter(Boolean),
      refresh: this.refresh?.failures(),
      chains: chains.sort((a, b) => laterFirst(a.latest, b.latest)),
      // Made when rendered: a fault in grouping leaves the plain mail.
      get groups() {
        groups ??= grouped.result()
        return groups
      },
      context,
    }
  }

  private chainOf(job: Job): FailureTally | undefined {
    if (parseChainStart(job.chain) === undefined) return undefined
    if (stepOf(job)) {
      this.refresh ??= new FailureTally(REFRESH_JOBS)
      return this.refresh
    }
    const key = `${job.source}\0${job.chain}`
    const known = this.chains.get(key)
    if (known || this.chains.size >= CHAINS) return known
    const chain = new FailureTally()
    this.chains.set(key, chain)
    return chain
  }
}
