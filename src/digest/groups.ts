import { hash } from 'node:crypto'
import { howItDied, type Job, kindOf } from '../job.js'
import { cut, detached, shortened } from '../text/words.js'
import { errorPattern } from './pattern.js'
import { commonTemplate, isMember, type Pattern, patternOf, stretchOf, type Template } from './template.js'

/** A design figure: what a human reads through at three in the morning. */
export const JOBS_LISTED = 10
/** More patterns of one kind than this that differ in one stretch only are one group. */
const HANDFUL = 5
/** Bounds on memory, whatever fails: patterns told apart of one kind and of all, and different ones counted. */
const PATTERNS_OF_KIND = 256
const PATTERNS = 2_000
const PATTERNS_COUNTED = 100_000
const KINDS = 2_000
const VARIANTS = 50
const VARIANT_LENGTH = 60

/** A job in a list; its error is said once, for all of them. */
export type Listed = Omit<Job, 'error'>

/** Failures that stand together, in figures, and the latest of them. */
export interface Cluster {
  readonly count: number
  /** When the first and the last of them failed, in milliseconds since the epoch. */
  readonly first: number
  readonly last: number
  /** How they died, in words; undefined when not all of them died alike. */
  readonly death: string | undefined
  readonly latest: Job
  /** Latest first, at most ten. */
  readonly jobs: readonly Listed[]
}

/** Failures of one source and job type whose errors differ only in what identifies the job, or in one stretch. */
export interface Group extends Cluster {
  readonly kind: string
  /** Whether their errors are the same to the letter. */
  readonly alike: boolean
  /** How many different patterns it stands for. */
  readonly patterns: number
  /** What else stands in the stretch in which the errors differ, the most frequent first. */
  readonly variants: readonly Variant[]
}

export interface Variant {
  readonly text: string
  readonly count: number
}

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

/** Failures as they stream in, of which only figures and the latest are kept. */
export class Gathering {
  count = 0
  private first = Number.POSITIVE_INFINITY
  private last = Number.NEGATIVE_INFINITY
  private death: string | undefined
  private latest: Job | undefined
  private jobs: Listed[] = []
  /** The last one that was listed when they were sorted the last time. */
  private least: Listed | undefined

  add(job: Job): void {
    this.include(1, job.failedAt, job.failedAt, howItDied(job), job)
    this.list(job)
  }

  merge(other: Cluster): void {
    this.include(other.count, other.first, other.last, other.death, other.latest)
    for (const job of other.jobs) this.list(job)
  }

  private include(count: number, first: number, last: number, death: string | undefined, latest: Job): void {
    this.death = this.count === 0 || this.death === death ? death : undefined
    this.count += count
    this.first = Math.min(this.first, first)
    this.last = Math.max(this.last, last)
    if (this.latest === undefined || laterFirst(latest, this.latest) < 0) this.latest = kept(latest)
  }

  result(): Cluster {
    const { count, first, last, death, latest } = this
    if (latest === undefined) throw new Error('nothing was gathered')
    this.trim()
    return { count, first, last, death, latest, jobs: this.jobs }
  }

  /** Sorted only now and then: a storm comes in any order, and most of it is not listed in the end. */
  private list(job: Listed & { readonly error?: string | null }): void {
    if (this.least !== undefined && laterFirst(job, this.least) > 0) return
    const { error, ...listed } = job
    this.jobs.push(listed)
    if (this.jobs.length >= 8 * JOBS_LISTED) this.trim()
  }

  private trim(): void {
    this.jobs = this.jobs.sort(laterFirst).slice(0, JOBS_LISTED)
    this.least = this.jobs[JOBS_LISTED - 1]
  }
}

/** Infinite times are equal to each other, and have no difference. */
export function laterFirst(a: Listed, b: Listed): number {
  return b.failedAt === a.failedAt ? b.id - a.id : b.failedAt - a.failedAt
}

/** An error is kept as far as it can be shown. */
export function kept(job: Job): Job {
  return { ...job, error: job.error === null ? null : shortened(job.error) }
}

/** One pattern, or the template of several, and the failures that fit it. */
class Building {
  readonly gathering = new Gathering()
  readonly variants = new Map<string, number>()
  patterns = 1
  alike = true
  private letter: string | undefined

  constructor(
    readonly pattern: Pattern,
    readonly template?: Template,
  ) {}

  add(job: Job, text: string): void {
    const letter = shortened(job.error ?? '')
    this.letter ??= letter
    this.alike = this.alike && this.letter === letter
    this.gathering.add(job)
    if (this.template) this.vary(patternOf(text), 1)
  }

  /** Takes over a group that fits the template. */
  take(other: Building): void {
    this.alike = false
    this.gathering.merge(other.gathering.result())
    this.vary(other.pattern, other.gathering.count)
  }

  group(kind: string): Group {
    const cluster = this.gathering.result()
    const own = this.variantOf(patternOf(errorPattern(cluster.latest.error)))
    const variants = [...this.variants]
      .filter(([text]) => text !== own)
      .map(([text, count]) => ({ text, count }))
      .toSorted((a, b) => b.count - a.count)
    return { ...cluster, kind, alike: this.alike, patterns: this.patterns, variants }
  }

  private vary(pattern: Pattern, count: number): void {
    const text = this.variantOf(pattern)
    if (text === undefined) return
    const known = this.variants.get(text)
    if (known !== undefined || this.variants.size < VARIANTS) this.variants.set(text, (known ?? 0) + count)
  }

  private variantOf(pattern: Pattern): string | undefined {
    const stretch = this.template && stretchOf(this.template, pattern)
    return stretch === undefined ? undefined : cut(stretch, VARIANT_LENGTH)
  }
}

/** The failures of one kind as they stream in, grouped by error. Time and memory are linear, and memory is bounded. */
class KindTally {
  private count = 0
  private last = Number.NEGATIVE_INFINITY
  private readonly exact = new Map<string, Building>()
  private readonly templates: Building[] = []
  private readonly seen = new Set<string>()
  private countedAll = true
  private searchAt = 4 * HANDFUL
  private lastText: string | undefined
  private lastGroup: Building | undefined

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

  private groupOf(text: string): Building | undefined {
    const key = hash('sha1', text, 'base64')
    const isNew = this.isNew(key)
    const known = this.exact.get(key)
    if (known) return known
    const pattern = patternOf(detached(text))
    return this.fitting(pattern, isNew) ?? this.opened(key, pattern)
  }

  result(): Kind {
    this.search()
    const groups = [...this.exact.values(), ...this.templates].map((building) => building.group(this.name))
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

  private fitting(pattern: Pattern, isNew: boolean): Building | undefined {
    const found = this.templates.find(({ template }) => template && isMember(template, pattern))
    if (found && isNew) found.patterns += 1
    return found
  }

  private opened(key: string, pattern: Pattern): Building | undefined {
    const first = this.exact.size === 0 && this.templates.length === 0
    if (this.exact.size + this.templates.length >= PATTERNS_OF_KIND || this.room.patterns >= (first ? 2 : 1) * PATTERNS)
      return undefined
    this.room.patterns += 1
    const building = new Building(pattern)
    this.exact.set(key, building)
    return building
  }

  /** Merges the patterns that differ in one stretch. Next time when there are four times as many. */
  private search(): void {
    for (;;) {
      const template = commonTemplate(
        [...this.exact.values()].map(({ pattern }) => pattern),
        HANDFUL,
      )
      if (template === undefined) break
      this.merge(template)
    }
    this.searchAt = Math.max(4 * HANDFUL, 4 * this.exact.size)
    // It may have been merged into another.
    this.lastText = undefined
  }

  private merge(template: Template): void {
    const members = [...this.exact].filter(([, { pattern }]) => isMember(template, pattern))
    const building = new Building({ words: [], numbers: template.numbers }, template)
    building.patterns = members.length
    for (const [key, member] of members) {
      building.take(member)
      this.exact.delete(key)
    }
    this.room.patterns -= members.length - 1
    this.templates.push(building)
  }
}

/** What all kinds share of the bounds. */
interface Room {
  patterns: number
  counted: number
}

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
    return [...kinds, ...others].sort((a, b) => b.count - a.count)
  }

  private opened(key: string, job: Job): KindTally | undefined {
    if (this.kinds.size >= KINDS) return undefined
    const kind = new KindTally(kindOf(job), this.room)
    this.kinds.set(key, kind)
    return kind
  }
}

/** The groups that get a section: one of each kind before any kind has a second. Noisiest first. */
export function chosen(kinds: readonly Kind[], most: number): readonly Group[] {
  const first = kinds.flatMap(({ groups }) => groups.slice(0, 1)).slice(0, most)
  const further = kinds.flatMap(({ groups }) => groups.slice(1)).sort(noisiestFirst)
  return [...first, ...further.slice(0, most - first.length)].sort(noisiestFirst)
}

function noisiestFirst(a: Group, b: Group): number {
  return b.count - a.count || laterFirst(a.latest, b.latest)
}
