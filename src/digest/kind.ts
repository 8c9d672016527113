import { hash } from 'node:crypto'
import type { Job } from '../job.js'
import { detached } from '../text/words.js'
import { type Group, GroupTally, noisiestFirst } from './group.js'
import { errorPattern } from './pattern.js'
import { isMember, type Pattern, patternOf, type Template } from './template.js'
import { commonTemplates } from './templates.js'

/** More patterns of one kind than this that differ in one stretch only are one group. */
const HANDFUL = 5
/** Bounds on memory, whatever fails: patterns told apart of one kind and of all, and different ones counted. */
const PATTERNS_OF_KIND = 256
const PATTERNS = 2_000
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
  private readonly exact = new Map<string, GroupTally>()
  private readonly templates: GroupTally[] = []
  private readonly seen = new Set<string>()
  private countedAll = true
  private searchAt = 4 * HANDFUL
  private lastText: string | undefined
  private lastGroup: GroupTally | undefined

  constructor(
    private readonly name: string,
    private readonly room: Room,
  ) {}

  add(job: Job): void {
    this.count += 1
    this.last = Math.max(this.last, job.failedAt)
    const text = errorPattern(job.error)
    // In a storm one error follows the other.
    const group = text === this.lastText ? this.lastGroup : this.groupOf(text)
    this.lastText = text
    this.lastGroup = group
    group?.add(job, text)
    if (this.exact.size >= this.searchAt) this.search()
  }

  private groupOf(text: string): GroupTally | undefined {
    const key = hash('sha1', text, 'base64')
    const isNew = this.isNew(key)
    const known = this.exact.get(key)
    if (known) return known
    const pattern = patternOf(detached(text))
    return this.fitting(pattern, isNew) ?? this.opened(key, pattern)
  }

  result(): Kind {
    this.search()
    const groups = [...this.exact.values(), ...this.templates].map((group) => group.group(this.name, this.count))
    return {
      name: this.name,
      count: this.count,
      last: this.last,
      patterns: this.seen.size,
      countedAll: this.countedAll,
      groups: groups.sort(noisiestFirst),
    }
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

  private fitting(pattern: Pattern, isNew: boolean): GroupTally | undefined {
    const found = this.templates.find(({ template }) => template && isMember(template, pattern))
    if (found && isNew) found.patterns += 1
    return found
  }

  private opened(key: string, pattern: Pattern): GroupTally | undefined {
    const first = this.exact.size === 0 && this.templates.length === 0
    if (this.exact.size + this.templates.length >= PATTERNS_OF_KIND || this.room.patterns >= (first ? 2 : 1) * PATTERNS)
      return undefined
    this.room.patterns += 1
    const group = new GroupTally(pattern)
    this.exact.set(key, group)
    return group
  }

  /** Merges the patterns that differ in one stretch. Next time when there are four times as many. */
  private search(): void {
    const patterns = [...this.exact.values()].map(({ pattern }) => pattern)
    for (const template of commonTemplates(patterns, HANDFUL)) this.merge(template)
    this.searchAt = Math.max(4 * HANDFUL, 4 * this.exact.size)
    // It may have been merged into another.
    this.lastText = undefined
  }

  private merge(template: Template): void {
    const members = [...this.exact].filter(([, { pattern }]) => isMember(template, pattern))
    const group = new GroupTally({ words: [], causes: template.causes }, template)
    group.patterns = members.length
    for (const [key, member] of members) {
      group.take(member)
      this.exact.delete(key)
    }
    this.room.patterns -= members.length - 1
    this.templates.push(group)
  }
}

/** What all kinds share of the bounds. */
export interface Room {
  patterns: number
  counted: number
}
