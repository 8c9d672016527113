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
  const seen = new Set<string>()
  const first = groups.filter(({ kinds }) => {
    const isNew = kinds.some(({ name }) => !seen.has(name))
    for (const { name } of kinds) seen.add(name)
    return isNew
  })
  const some = new Set([...new Set([...first, ...groups])].slice(0, most))
  return groups.filter((group) => some.has(group))
}

const VARIANTS = 12
const VARIANTS_KEPT = 50
const VARIANT_LENGTH = 160

interface Variant {
  readonly example: JobError | null
  count: number
}

/** The failures of a group as they stream in. */
export class GroupTally {
  readonly cluster = new ClusterTally()
  private readonly kinds = new Map<string, { name: string; count: number; latest: Job }>()
  private readonly variants = new Map<string, Variant>()
  private error: string | undefined
  private alike = true

  get count(): number {
    return this.cluster.count
  }

  get names(): readonly string[] {
    return [...this.kinds.keys()]
  }

  /** `variant` tells its variants apart. */
  add(job: Job, kind: string, variant: string): void {
    this.compare(job.error?.unredacted ?? '')
    this.cluster.add(job)
    this.countKind(kind, job, 1)
    this.countVariant(variant, job.error, 1)
  }

  take(other: GroupTally): void {
    this.compare(other.error)
    this.alike &&= other.alike
    this.cluster.merge(other.cluster.result())
    for (const { name, latest, count } of other.kinds.values()) this.countKind(name, latest, count)
    for (const [shape, { example, count }] of other.variants) this.countVariant(shape, example, count)
  }

  /** `say` puts the redacted headline of an example into words; variants are of a merged group only. */
  group(isMerged: boolean, say: (headline: string) => string): Group {
    const cluster = this.cluster.result()
    const variants = isMerged ? this.shownVariants() : []
    return {
      ...cluster,
      kinds: [...this.kinds.values()].sort((a, b) => b.count - a.count || laterFirst(a.latest, b.latest)),
      headline: say(headline(`${cluster.latest.error ?? ''}`)),
      alike: this.alike,
      variants: variants.map(({ example, count }) => ({ text: lineOf(example), count })),
      others: isMerged ? this.count - variants.reduce((sum, { count }) => sum + count, 0) : 0,
    }
  }

  private compare(error: string | undefined): void {
    this.error ??= error
    this.alike &&= this.error === error
  }

  private countKind(name: string, job: Job, count: number): void {
    const known = this.kinds.get(name)
    const latest = known && laterFirst(known.latest, job) < 0 ? known.latest : job
    this.kinds.set(name, { name, count: (known?.count ?? 0) + count, latest })
  }

  private countVariant(shape: string, example: JobError | null, count: number): void {
    const known = this.variants.get(shape)
    if (known) known.count += count
    else {
      if (this.variants.size >= VARIANTS_KEPT) this.forgetVariants()
      this.variants.set(detached(shape), { example, count })
    }
  }

  /** The rarer half, the older ones among equals: what is left can still be overtaken by what comes. */
  private forgetVariants(): void {
    const rarest = [...this.variants].sort(([, a], [, b]) => a.count - b.count)
    for (const [shape] of rarest.slice(0, VARIANTS_KEPT / 2)) this.variants.delete(shape)
  }

  private shownVariants(): readonly Variant[] {
    const all = [...this.variants.values()].sort((a, b) => b.count - a.count)
    if (all.length <= VARIANTS) return all
    const endings = all.toReversed().map((variant) => [lineOf(variant.example).split(' ').slice(-2).join(' '), variant])
    const first = new Set(new Map(endings as [string, Variant][]).values())
    const [ofEach, further] = [all.filter((each) => first.has(each)), all.filter((each) => !first.has(each))]
    const shown = new Set([...ofEach, ...further].slice(0, VARIANTS))
    return all.filter((variant) => shown.has(variant))
  }
}

function lineOf(error: JobError | null): string {
  return cut(oneLine(headline(`${error ?? ''}`)), VARIANT_LENGTH)
}
