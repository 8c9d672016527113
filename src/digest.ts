import { parseChainStart } from './chains.js'
import type { Backlog, Job, Window } from './failures.js'
import { type Chain, type ChainContext, chainSection } from './ladder.js'
import { oneLine } from './redact.js'

/** A design figure: what a human reads through at three in the morning. */
const SECTIONS_SHOWN = 20
const JOBS_SHOWN = 10

/** Failures alike enough to be read as one: of one chain, or of one source, job type and error. */
export interface Cluster {
  readonly count: number
  /** When the first and the last of them failed, in milliseconds since the epoch. */
  readonly first: number
  readonly last: number
  /** How they died, in words; undefined when not all of them died alike. */
  readonly death: string | undefined
  /** The latest of them, latest first; at least one. */
  readonly jobs: readonly [Job, ...Job[]]
}

export interface Digest {
  readonly now: Date
  readonly window: Window
  readonly count: number
  /** Latest first. */
  readonly chains: readonly Chain[]
  /** Noisiest first. */
  readonly groups: readonly Cluster[]
  /** What lies beyond the caps. */
  readonly omitted: { readonly sections: number; readonly jobs: number }
  readonly older: Backlog
}

/** Failures as they stream in: counts all of them, keeps only what a digest can show. */
export class Tally {
  readonly ids: number[] = []
  private readonly chains = new Map<string, Cluster>()
  private readonly groups = new Map<string, Cluster>()

  add(job: Job): void {
    this.ids.push(job.id)
    if (job.chain !== null && parseChainStart(job.chain) !== undefined)
      put(this.chains, `${job.source}\0${job.chain}`, job)
    else put(this.groups, `${job.source}\0${job.jobType}\0${errorPattern(job.error)}`, job)
  }

  get count(): number {
    return this.ids.length
  }

  /** The chains that the digest will show, latest failure first. */
  get shownChains(): readonly Cluster[] {
    return [...this.chains.values()].sort((a, b) => b.last - a.last || b.count - a.count).slice(0, SECTIONS_SHOWN)
  }

  digest(context: ChainContext, older: Backlog, window: Window, now: Date): Digest {
    const clusters = this.shownChains
    const chains = clusters.map((cluster) => understood(cluster, context, now))
    const groups = [...this.groups.values()]
      .sort((a, b) => b.count - a.count || b.last - a.last)
      .slice(0, SECTIONS_SHOWN)
    const shown = [...clusters, ...groups]
    return {
      now,
      window,
      count: this.count,
      chains: chains.filter((chain) => chain !== undefined),
      groups: [...clusters.filter((_, index) => chains[index] === undefined), ...groups],
      omitted: {
        sections: this.chains.size + this.groups.size - shown.length,
        jobs: this.count - shown.reduce((sum, { count }) => sum + count, 0),
      },
      older,
    }
  }
}

/** Undefined for a chain whose rows make no sense; its failures are reported like any others. */
function understood(cluster: Cluster, context: ChainContext, now: Date): Chain | undefined {
  try {
    return chainSection(cluster, context, now)
  } catch {
    return undefined
  }
}

function put(clusters: Map<string, Cluster>, key: string, job: Job): void {
  const cluster = clusters.get(key)
  clusters.set(
    key,
    cluster
      ? {
          count: cluster.count + 1,
          first: Math.min(cluster.first, job.failedAt),
          last: Math.max(cluster.last, job.failedAt),
          death: cluster.death === howItDied(job) ? cluster.death : undefined,
          jobs: withLatest(cluster.jobs, job),
        }
      : { count: 1, first: job.failedAt, last: job.failedAt, death: howItDied(job), jobs: [job] },
  )
}

function withLatest(jobs: Cluster['jobs'], job: Job): Cluster['jobs'] {
  const oldest = jobs.at(-1) as Job
  if (jobs.length === JOBS_SHOWN && laterFirst(job, oldest) > 0) return jobs
  return [...jobs, job].sort(laterFirst).slice(0, JOBS_SHOWN) as unknown as Cluster['jobs']
}

function laterFirst(a: Job, b: Job): number {
  return b.failedAt === a.failedAt ? b.id - a.id : b.failedAt - a.failedAt
}

/** An error without what differs from job to job: URLs, quoted values, UUIDs, numbers and ids. */
export function errorPattern(error: string | null): string {
  // Cut once more in the end: a cut between ids of different lengths leaves different remainders.
  return (
    oneLine((error ?? '').slice(0, 4_000))
      .replace(/[a-z]{2,10}:\/\/[^\s"'<>)]+/gi, 'URL')
      // The apostrophe of "couldn't" opens nothing.
      .replace(/"[^"]*"|`[^`]*`|(?<!\w)'(?:[^']|'(?=\w))*'/g, 'VALUE')
      .replace(/(?<![\w-])[\w-]*\d[\w-]*/g, 'N')
      .slice(0, 1_000)
  )
}

const REAPED = 'reaped: max_attempts exhausted (likely worker OOM/crash loop)'

/** How the job came to its end, in words; see the rows each way of dying leaves behind. */
export function howItDied({ status, attempts, maxAttempts, claimedAt, error }: Job): string {
  const tally = `${attempts} of ${maxAttempts}`
  if (error?.endsWith(REAPED)) return `stuck and reaped by the janitor on attempt ${tally}`
  if (status === 'dead' && attempts < maxAttempts)
    return claimedAt === null
      ? `closed while waiting for a retry (an admin cancel?) after attempt ${tally}`
      : `permanent error on attempt ${tally}`
  return maxAttempts === 1 ? `failed on its only attempt (${tally})` : `retries used up (${tally})`
}
