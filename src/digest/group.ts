import type { Job } from '../job.js'
import { cut } from '../text/words.js'
import { type Cluster, ClusterTally, laterFirst } from './cluster.js'
import { errorPattern } from './pattern.js'
import { rarerHalf } from './rarest.js'
import { type Pattern, patternOf, stretchOf, type Template } from './template.js'

/** As many as ever make it into a mail, and more. */
const VARIANTS = 50
const VARIANT_LENGTH = 60

/** Failures of one source and job type whose errors differ only in what identifies the job, or in one stretch. */
export interface Group extends Cluster {
  readonly kind: string
  /** How many jobs of that kind failed in all. */
  readonly ofKind: number
  /** Whether their errors are the same to the letter. */
  readonly alike: boolean
  /** How many different patterns it stands for. */
  readonly patterns: number
  /** What else stands in the stretch in which the errors differ, the most frequent first. */
  readonly variants: readonly { readonly text: string; readonly count: number }[]
}

/** One pattern, or the template of several, and the failures that fit it. */
export class GroupTally {
  readonly cluster = new ClusterTally()
  readonly variants = new Map<string, number>()
  patterns = 1
  alike = true
  private error: string | undefined

  constructor(
    readonly pattern: Pattern,
    readonly template?: Template,
  ) {}

  add(job: Job, text: string): void {
    const error = job.error?.unredacted ?? ''
    this.error ??= error
    this.alike = this.alike && this.error === error
    this.cluster.add(job)
    if (this.template) this.vary(patternOf(text), 1)
  }

  /** Takes over a group that fits the template. */
  take(other: GroupTally): void {
    this.alike = false
    this.cluster.merge(other.cluster.result())
    this.vary(other.pattern, other.cluster.count)
  }

  group(kind: string, ofKind: number): Group {
    const cluster = this.cluster.result()
    const own = this.variantOf(patternOf(errorPattern(`${cluster.latest.error ?? ''}`)))
    const variants = [...this.variants]
      .filter(([text]) => text !== own)
      .map(([text, count]) => ({ text, count }))
      .toSorted((a, b) => b.count - a.count)
    return { ...cluster, kind, ofKind, alike: this.alike, patterns: this.patterns, variants }
  }

  private vary(pattern: Pattern, count: number): void {
    const text = this.variantOf(pattern)
    if (text === undefined) return
    const known = this.variants.get(text)
    if (known === undefined && this.variants.size >= VARIANTS) this.forgetRarest()
    this.variants.set(text, (known ?? 0) + count)
  }

  private forgetRarest(): void {
    for (const [text] of rarerHalf(this.variants, ([, count]) => count)) this.variants.delete(text)
  }

  private variantOf(pattern: Pattern): string | undefined {
    const stretch = this.template && stretchOf(this.template, pattern)
    return stretch === undefined ? undefined : cut(stretch, VARIANT_LENGTH)
  }
}

export function noisiestFirst(a: Group, b: Group): number {
  return b.count - a.count || laterFirst(a.latest, b.latest)
}
