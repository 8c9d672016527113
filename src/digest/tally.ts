import { type Job, JobError, kindOf } from '../job.js'
import { headline } from '../text/traceback.js'
import { cut, oneLine } from '../text/words.js'
import { ClusterTally } from './cluster.js'
import type { Group } from './group.js'
import { errorPattern } from './pattern.js'
import { rarerHalf } from './rarest.js'
import type { Pattern, Template } from './template.js'

const VARIANTS_KEPT = 50
const VARIANTS = 12
const VARIANT_LENGTH = 160

interface Variant {
  readonly example: JobError
  count: number
}

/** One pattern, or the template of several, and the failures that fit it. */
export class GroupTally {
  readonly cluster = new ClusterTally()
  private readonly variants = new Map<string, Variant>()
  private readonly kinds = new Map<string, { readonly name: string; count: number; latest: Job }>()
  private alike = true
  private error: string | undefined

  constructor(
    readonly pattern: Pattern,
    readonly template?: Template,
  ) {}

  /** Groups of several kinds with the same key are one. */
  get key(): string {
    return JSON.stringify(this.template ?? this.pattern)
  }

  add(job: Job, text: string): void {
    const error = job.error?.unredacted ?? ''
    this.error ??= error
    this.alike &&= this.error === error
    this.cluster.add(job)
    this.count(job, 1)
    this.vary(text, job.error, 1)
  }

  /** Takes over another group. */
  take(other: GroupTally): void {
    this.error ??= other.error
    this.alike &&= other.alike && this.error === other.error
    this.cluster.merge(other.cluster.result())
    for (const { latest, count } of other.kinds.values()) this.count(latest, count)
    for (const [text, { example, count }] of other.variants) this.vary(text, example, count)
  }

  group(): Group {
    const cluster = this.cluster.result()
    const variants = [...this.variants.values()]
      .toSorted((a, b) => b.count - a.count)
      .slice(0, VARIANTS)
      .map(({ example, count }) => ({ text: cut(oneLine(headline(`${example}`)), VARIANT_LENGTH), count }))
    const said = variants.reduce((sum, { count }) => sum + count, 0)
    const isMerged = this.template !== undefined && variants.length > 1
    return {
      ...cluster,
      kinds: [...this.kinds.values()].toSorted((a, b) => b.count - a.count),
      headline: errorPattern(`${cluster.latest.error ?? ''}`).split('\n')[0] ?? '',
      alike: this.alike,
      variants: isMerged ? variants : [],
      others: isMerged ? cluster.count - said : 0,
    }
  }

  private count(job: Job, count: number): void {
    const name = kindOf(job)
    const known = this.kinds.get(name)
    if (!known) this.kinds.set(name, { name, count, latest: job })
    else {
      known.count += count
      if (job.failedAt > known.latest.failedAt) known.latest = job
    }
  }

  private vary(text: string, example: JobError | null, count: number): void {
    const known = this.variants.get(text)
    if (known) known.count += count
    else {
      if (this.variants.size >= VARIANTS_KEPT) this.forgetRarest()
      this.variants.set(text, { example: example ?? new JobError(''), count })
    }
  }

  private forgetRarest(): void {
    for (const [text] of rarerHalf(this.variants, ([, { count }]) => count)) this.variants.delete(text)
  }
}
