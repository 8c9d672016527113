import { type Job, kindOf } from '../job.js'
import { type Group, noisiestFirst } from './group.js'
import { type Kind, KindTally } from './kind.js'

/** Bounds on memory: kinds whose failures are grouped, and groups of all kinds, not counting one of each kind. */
const KINDS = 2_000
const GROUPS = 2_000

/** Failures that belong to no chain, by source and job type. */
export class Kinds {
  private readonly kinds = new Map<string, KindTally>()
  /** Of kinds beyond the bound only the figures are known. */
  private readonly others = new Map<string, Kind>()
  private readonly seen = new Set<string>()
  private groups = 0

  add(job: Job): void {
    const key = `${job.source}\0${job.jobType}`
    const kind = this.kinds.get(key) ?? this.opened(key, job)
    if (kind) this.addTo(kind, job)
    else this.count(job)
  }

  private addTo(kind: KindTally, job: Job): void {
    const before = kind.size
    kind.add(job)
    this.groups += kind.size - before
    if (this.groups > GROUPS + this.kinds.size) this.makeRoom()
  }

  /** At the cost of the kind that has the most groups, which keeps half of them. */
  private makeRoom(): void {
    const widest = [...this.kinds.values()].reduce((a, b) => (b.size > a.size ? b : a))
    const before = widest.size
    widest.halve()
    this.groups -= before - widest.size
  }

  private count(job: Job): void {
    const name = kindOf(job)
    const { count, last } = this.others.get(name) ?? { count: 0, last: Number.NEGATIVE_INFINITY }
    const figures = { count: count + 1, last: Math.max(last, job.failedAt) }
    this.others.set(name, { name, ...figures, patterns: 1, countedAll: false, groups: [] })
  }

  /** Noisiest first. */
  result(): readonly Kind[] {
    const kinds = [...this.kinds.values()].map((kind) => kind.result())
    return [...kinds, ...this.others.values()].sort((a, b) => b.count - a.count || b.last - a.last)
  }

  private opened(key: string, job: Job): KindTally | undefined {
    if (this.kinds.size >= KINDS) return undefined
    const kind = new KindTally(kindOf(job), this.seen)
    this.kinds.set(key, kind)
    return kind
  }
}

/** The groups that get a section: one of each kind before any kind has a second. Noisiest kind first, then group. */
export function chosen(kinds: readonly Kind[], most: number): readonly Group[] {
  const first = kinds.flatMap(({ groups }) => groups.slice(0, 1)).slice(0, most)
  const further = kinds.flatMap(({ groups }) => groups.slice(1)).sort(noisiestFirst)
  const some = new Set([...first, ...further.slice(0, most - first.length)])
  return kinds.flatMap(({ groups }) => groups.filter((group) => some.has(group)))
}
