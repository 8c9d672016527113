import { type Job, kindOf } from '../job.js'
import { plural } from '../text/words.js'
import { type Grouped, noisiestFirst } from './group.js'
import { KindTally } from './kind.js'
import { GroupTally } from './tally.js'

/** Bounds on memory: kinds whose failures are grouped, and groups of all kinds, not counting one of each kind. */
const KINDS = 2_000
const GROUPS = 2_000

/** Failures that belong to no chain, by source and job type. */
export class Kinds {
  private readonly kinds = new Map<string, KindTally>()
  private readonly others = { names: new Set<string>(), count: 0, last: Number.NEGATIVE_INFINITY }
  private groups = 0

  add(job: Job): void {
    const key = `${job.source}\0${job.jobType}`
    const kind = this.kinds.get(key) ?? this.opened(key, job)
    if (kind) this.addTo(kind, job)
    else {
      this.others.names.add(key)
      this.others.count += 1
      this.others.last = Math.max(this.others.last, job.failedAt)
    }
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

  result(): Grouped {
    const merged = new Map<string, GroupTally>()
    for (const kind of this.kinds.values())
      for (const group of kind.result()) {
        const { key } = group
        const known = merged.get(key) ?? new GroupTally(group.pattern, group.template)
        known.take(group)
        merged.set(key, known)
      }
    const { names, count, last } = this.others
    const others = count > 0 ? [{ name: plural(names.size, 'more job type'), count, last }] : []
    return {
      kinds: [...this.kinds.values(), ...others]
        .map(({ name, count, last }) => ({ name, count, last }))
        .sort((a, b) => b.count - a.count || b.last - a.last),
      groups: [...merged.values()].map((group) => group.group()).sort(noisiestFirst),
    }
  }

  private opened(key: string, job: Job): KindTally | undefined {
    if (this.kinds.size >= KINDS) return undefined
    const kind = new KindTally(kindOf(job))
    this.kinds.set(key, kind)
    return kind
  }
}
