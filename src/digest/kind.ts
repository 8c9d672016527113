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
  private readonly grouping = new Grouping()
  private readonly seen = new Set<string>()
  private countedAll = true
  private lastText: string | undefined
  private lastGroup: GroupTally | undefined

  constructor(
    private readonly name: string,
    private readonly room: Room,
  ) {}

  /** How many groups it holds. */
  get size(): number {
    return this.grouping.size
  }

  add(job: Job): void {
    this.count += 1
    this.last = Math.max(this.last, job.failedAt)
    const text = errorPattern(job.error)
    // In a storm one error follows the other.
    const group = text === this.lastText && this.lastGroup ? this.lastGroup : this.groupOf(text)
    this.lastText = text
    this.lastGroup = group
    group.add(job, text)
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
      patterns: this.seen.size,
      countedAll: this.countedAll,
      groups: groups.sort(noisiestFirst),
    }
  }

  private groupOf(text: string): GroupTally {
    const key = hash('sha1', text, 'base64')
    return this.grouping.groupOf(key, detached(text), this.isNew(key))
  }

  private isNew(key: string): boolean {
    if (this.seen.has(key)) return false
    if (this.room.counted >= PATTERNS_COUNTED) {
      this.countedAll = false
      return false
    }
    this.room.counted += 1
    this.seen.add(key)
    return true
  }
}

/** What all kinds share of the bound. */
export interface Room {
  counted: number
}
