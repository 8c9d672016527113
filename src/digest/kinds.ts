import { type Job, kindOf } from '../job.js'
import { type Group, noisiestFirst } from './group.js'
import { type Kind, KindTally, type Room } from './kind.js'

/** A bound on memory: kinds whose failures are grouped. */
const KINDS = 2_000

/** Failures that belong to no chain, by source and job type. */
export class Kinds {
  private readonly kinds = new Map<string, KindTally>()
  /** Of kinds beyond the bound only the figures are known. */
  private readonly others = new Map<string, { count: number; last: number }>()
  private readonly room: Room = { patterns: 0, counted: 0 }

  add(job: Job): void {
    const key = `${job.source}\0${job.jobType}`
    const kind = this.kinds.get(key) ?? this.opened(key, job)
    if (kind) {
      kind.add(job)
      return
    }
    const { count, last } = this.others.get(kindOf(job)) ?? { count: 0, last: Number.NEGATIVE_INFINITY }
    this.others.set(kindOf(job), { count: count + 1, last: Math.max(last, job.failedAt) })
  }

  /** Noisiest first. */
  result(): readonly Kind[] {
    const kinds = [...this.kinds.values()].map((kind) => kind.result())
    const others = [...this.others].map(([name, figures]) => ({
      name,
      ...figures,
      patterns: 1,
      countedAll: false,
      groups: [],
    }))
    return [...kinds, ...others].sort((a, b) => b.count - a.count || b.last - a.last)
  }

  private opened(key: string, job: Job): KindTally | undefined {
    if (this.kinds.size >= KINDS) return undefined
    const kind = new KindTally(kindOf(job), this.room)
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
