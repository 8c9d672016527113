import { hash } from 'node:crypto'
import type { Job } from '../job.js'
import { detached } from '../text/words.js'
import { type Group, type GroupTally, noisiestFirst } from './group.js'
import { Grouping } from './grouping.js'
import { errorPattern } from './pattern.js'

/** A bound on memory, whatever fails: different patterns that are counted, of all kinds. */
const PATTERNS_COUNTED = 100_000

/** All failures of one source and job type that belong to no chain. */
export interface Kind {
  readonly name: string
  readonly count: number
  /** When the last of them failed, in milliseconds since the epoch. */
  readonly last: number
  /** Different patterns of error; at least that many if `countedAll` is false. */
  readonly patterns: number
  readonly countedAll: boolean
  /** Noisiest first. What is in none of them was too varied to be kept apart. */
  readonly groups: readonly Group[]
}

/** The failures of one kind as they stream in, grouped by error. Time and memory are linear, and memory is bounded. */
export class KindTally {
  private count = 0
  private last = Number.NEGATIVE_INFINITY
  private patterns = 0
  private countedAll = true
  private readonly grouping = new Grouping()
  private lastText: string | undefined
  private lastGroup: GroupTally | undefined

  /** `seen` are the patterns that all kinds have counted, by their hashes. */
  constructor(
    private readonly name: string,
    private readonly seen: Set<string>,
  ) {}

  /** How many groups it holds. */
  get size(): number {
    return this.grouping.size
  }

  add(job: Job): void {
    this.count += 1
    this.last = Math.max(this.last, job.failedAt)
    const text = errorPattern(`${job.error ?? ''}`)
    // In a storm one error follows the other.
    if (text !== this.lastText) this.lastGroup = undefined
    this.lastText = text
    this.lastGroup ??= this.groupOf(job, text)
    this.lastGroup.add(job, text)
  }

  halve(): void {
    this.grouping.halve()
    // It may be gone.
    this.lastGroup = undefined
  }

  result(): Kind {
    const groups = this.grouping.result().map((group) => group.group(this.name, this.count))
    return {
      name: this.name,
      count: this.count,
      last: this.last,
      patterns: this.patterns,
      countedAll: this.countedAll,
      groups: groups.sort(noisiestFirst),
    }
  }

  private groupOf({ source, jobType }: Job, text: string): GroupTally {
    const key = hash('sha1', `${source}\0${jobType}\0${text}`, 'base64')
    return this.grouping.groupOf(key, detached(text), this.isNew(key))
  }

  private isNew(key: string): boolean {
    if (this.seen.has(key)) return false
    this.countedAll = this.seen.size < PATTERNS_COUNTED
    if (!this.countedAll) return false
    this.seen.add(key)
    this.patterns += 1
    return true
  }
}
