import type { Job, JobError } from '../job.js'
import { headline } from '../text/traceback.js'
import { cut, detached, oneLine } from '../text/words.js'
import { type Cluster, ClusterTally, laterFirst } from './cluster.js'

/** Failures with one error, of one or several kinds; "spotify/match_song" is a kind. */
export interface Group extends Cluster {
  /** Its kinds, the most frequent first, each with its own count and latest job. */
  readonly kinds: readonly { readonly name: string; readonly count: number; readonly latest: Job }[]
  /** The redacted headline in which what identifies a job is "…". */
  readonly headline: string
  /** Whether all errors are the same to the letter. */
  readonly alike: boolean
  /**
   * Of a merged group: its different errors, redacted, one line each, most frequent first. Up to twelve all of them,
   * beyond that the most frequent and one of each different ending. Empty otherwise.
   */
  readonly variants: readonly { readonly text: string; readonly count: number }[]
  /** Jobs whose error is none of the variants. */
  readonly others: number
}

/** What a stream of failures comes to. */
export interface Grouped {
  /** Every kind with all its failures, noisiest first; kinds beyond the bound are one entry that says how many. */
  readonly kinds: readonly { readonly name: string; readonly count: number; readonly last: number }[]
  /** Noisiest first. What is in none of them was too varied to be kept apart. */
  readonly groups: readonly Group[]
}

/** The groups that get a section, noisiest first: every kind has one before any has two. */
export function chosen({ groups }: Grouped, most: number): readonly Group[] {
  return firstOfEach(groups, most, namesOf)
}

/** `most` of them in their order: those that bring a new name before the others. */
function firstOfEach<T>(all: readonly T[], most: number, names: (each: T) => Iterable<string>): readonly T[] {
  const some = new Set([...new Set([...bringers(all, names), ...all])].slice(0, most))
  return all.filter((each) => some.has(each))
}

/** Those that bring a name which none before them had. */
export function bringers<T>(all: readonly T[], names: (each: T) => Iterable<string>): readonly T[] {
  const seen = new Set<string>()
  return all.filter((each) => {
    const known = seen.size
    for (const name of names(each)) seen.add(name)
    return seen.size > known
  })
}

function namesOf({ kinds }: Group): readonly string[] {
  return kinds.map(({ name }) => name)
}

const VARIANTS = 12
const VARIANTS_KEPT = 50
const VARIANT_LENGTH = 160

interface Counted {
  count: number
  latest: Job
}

/** The failures of a group as they stream in. */
export class GroupTally {
  private readonly cluster = new ClusterTally()
  private readonly kinds = new Map<string, Counted>()
  private readonly variants = new Map<string, Counted>()
  private error: string | undefined
  private alike = true

  get count(): number {
    return this.cluster.count
  }

  names(): Iterable<string> {
    return this.kinds.keys()
  }

  /** `variant` tells its variants apart. */
  add(job: Job, kind: string, variant: string): void {
    this.compare(job.error?.unredacted ?? '')
    this.cluster.add(job)
    count(this.kinds, kind, 1, job)
    this.countVariant(variant, 1, job)
  }

  take(other: GroupTally): void {
    this.compare(other.error)
    this.alike &&= other.alike
    this.cluster.merge(other.cluster.result())
    for (const [name, { count: jobs, latest }] of other.kinds) count(this.kinds, name, jobs, latest)
    for (const [variant, { count: jobs, latest }] of other.variants) this.countVariant(variant, jobs, latest)
  }

  /** `say` puts the redacted headline of an example into words; variants are of a merged group only. */
  group(isMerged: boolean, say: (headline: string) => string): Group {
    const cluster = this.cluster.result()
    const kinds = Array.from(this.kinds, ([name, counted]) => ({ name, ...counted }))
    const variants = isMerged ? this.shownVariants() : []
    return {
      ...cluster,
      kinds: kinds.sort((a, b) => b.count - a.count || laterFirst(a.latest, b.latest)),
      headline: say(headline(`${cluster.latest.error ?? ''}`)),
      alike: this.alike,
      variants,
      others: isMerged ? this.count - variants.reduce((sum, { count }) => sum + count, 0) : 0,
    }
  }

  private compare(error: string | undefined): void {
    this.error ??= error
    this.alike &&= this.error === error
  }

  /** Beyond the bound the rarer half is forgotten: what is left can still be overtaken by what comes. */
  private countVariant(variant: string, jobs: number, latest: Job): void {
    const isNew = !this.variants.has(variant)
    if (isNew && this.variants.size >= VARIANTS_KEPT) {
      const rarest = [...this.variants].sort(([, a], [, b]) => a.count - b.count)
      for (const [rare] of rarest.slice(0, VARIANTS_KEPT / 2)) this.variants.delete(rare)
    }
    count(this.variants, isNew ? detached(variant) : variant, jobs, latest)
  }

  private shownVariants(): Group['variants'] {
    const lines = Array.from(this.variants.values(), ({ count, latest }) => ({ text: lineOf(latest.error), count }))
    lines.sort((a, b) => b.count - a.count)
    return firstOfEach(lines, VARIANTS, ({ text }) => [text.split(' ').slice(-2).join(' ')])
  }
}

function count(all: Map<string, Counted>, name: string, jobs: number, latest: Job): void {
  const known = all.get(name)
  if (!known) all.set(name, { count: jobs, latest })
  else {
    known.count += jobs
    if (laterFirst(latest, known.latest) < 0) known.latest = latest
  }
}

function lineOf(error: JobError | null): string {
  return cut(oneLine(headline(`${error ?? ''}`)), VARIANT_LENGTH)
}
