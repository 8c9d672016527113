import { parseChainStart } from '../chains.js'
import type { Backlog, Job, Window } from '../job.js'
import { type Chain, type ChainContext, type ChainFailures, ChainTally, chainFrom } from './chain.js'
import { laterFirst } from './cluster.js'
import type { Grouped } from './group.js'
import { Grouping } from './grouping.js'
import { isSettled } from './outlook.js'
import { type Lapse, type Overdue, overdueOf } from './overdue.js'

/** Chains that a digest shows, and chains that are told apart at all: failures of further ones go with the kinds. */
export const CHAINS_SHOWN = 20
const CHAINS_KEPT = 500

/** What is to be said; the mail puts it into words. Kinds and groups are of the failures that belong to no chain. */
export interface Digest extends Grouped {
  readonly now: Date
  readonly window: Window
  readonly count: number
  /** When the first and the last of them failed, in milliseconds since the epoch. */
  readonly first: number
  readonly last: number
  /** Those first about which something is to be done, then the latest. */
  readonly chains: readonly ChainSection[]
  /** Chains beyond those. */
  readonly moreChains: readonly ChainFailures[]
  readonly overdue: Overdue | undefined
  readonly older: Backlog
  /** Failures that are due as well, beyond what one mail takes. */
  readonly waiting: number
}

/** What the database says beyond the failures. */
export interface Context extends ChainContext {
  /** Undefined unless it is to be reported. */
  readonly lapse: Lapse | undefined
  /** Failures beyond what one mail takes. */
  readonly waiting: number
}

/** `chain` is undefined where the rows make no sense: its failures are listed bare then. */
export interface ChainSection {
  readonly failures: ChainFailures
  readonly chain: Chain | undefined
}

/** Something of the mail that could not be made; its jobs are in the mail nevertheless. */
export interface Fault {
  readonly error: unknown
  readonly jobIds: readonly bigint[]
}

/** Failures as they stream in: counts all of them, keeps only what a digest can show. */
export class Tally {
  readonly ids: bigint[] = []
  private first = Number.POSITIVE_INFINITY
  private last = Number.NEGATIVE_INFINITY
  private readonly chains = new Map<string, ChainTally>()
  private readonly grouping = new Grouping()

  add(job: Job): void {
    this.ids.push(job.id)
    this.first = Math.min(this.first, job.failedAt)
    this.last = Math.max(this.last, job.failedAt)
    const chain = this.chainOf(job)
    if (chain) chain.add(job)
    else this.grouping.add(job)
  }

  /** The chains that the digest will show. */
  shownChains(): readonly ChainFailures[] {
    return this.sortedChains().slice(0, CHAINS_SHOWN)
  }

  /** `onFault` hears of every section that could not be made. */
  digest(context: Context, older: Backlog, window: Window, now: Date, onFault: (fault: Fault) => void): Digest {
    const chains = this.sortedChains()
    const shown = chains
      .slice(0, CHAINS_SHOWN)
      .map((failures) => ({ failures, chain: understood(failures, context, now, onFault) }))
    return {
      now,
      window,
      count: this.ids.length,
      first: this.first,
      last: this.last,
      chains: shown.sort((a, b) => Number(isSettled(a.chain?.outlook)) - Number(isSettled(b.chain?.outlook))),
      moreChains: chains.slice(CHAINS_SHOWN),
      ...this.grouping.result(),
      overdue: context.lapse && overdueOf(context.lapse, context.latest, now),
      older,
      waiting: context.waiting,
    }
  }

  private sortedChains(): readonly ChainFailures[] {
    return [...this.chains.values()].map((chain) => chain.result()).sort((a, b) => laterFirst(a.latest, b.latest))
  }

  private chainOf(job: Job): ChainTally | undefined {
    if (job.chain === null || parseChainStart(job.chain) === undefined) return undefined
    const key = `${job.source}\0${job.chain}`
    const known = this.chains.get(key)
    if (known || this.chains.size >= CHAINS_KEPT) return known
    const chain = new ChainTally()
    this.chains.set(key, chain)
    return chain
  }
}

/** What a mail is about before anything else: a chain that waits for somebody, a lapse, any other chain, a kind. */
export function leading({ chains, overdue, kinds }: Digest): {
  section?: ChainSection
  overdue?: Overdue
  kind?: Grouped['kinds'][number]
} {
  const [section] = chains
  const [kind] = kinds
  if (section && !(overdue && isSettled(section.chain?.outlook))) return { section }
  if (overdue) return { overdue }
  return kind ? { kind } : {}
}

function understood(
  failures: ChainFailures,
  context: ChainContext,
  now: Date,
  onFault: (fault: Fault) => void,
): Chain | undefined {
  try {
    return chainFrom(failures, context, now)
  } catch (error) {
    onFault({ error, jobIds: failures.jobs.map(({ id }) => id) })
    return undefined
  }
}
