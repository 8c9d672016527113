import { type Job, kindOf } from '../job.js'
import { dissect } from '../text/traceback.js'
import { detached, plural } from '../text/words.js'
import { laterFirst } from './cluster.js'
import { type Group, type Grouped, GroupTally } from './group.js'
import { fill, GONE, isStatus, mask, valuesByWord, valuesThatAreCauses } from './mask.js'
import { commonTemplates, type Pattern, patternOf, spansOf, type Template } from './template.js'

/*
 * Numbers of values tell: what takes a few values over many jobs is a cause, and each is a group of its own; what takes
 * about as many values as there are jobs identifies them.
 */
const FEW_VALUES = 12
const JOBS_PER_VALUE = 3
/** Bounds on memory, whatever fails: groups of one branch; kinds, and groups beyond one of each kind. */
const PARTS = 32
const KINDS = 2_000
const GROUPS = 500
/** After how many new shapes templates are searched, and by what these must have grown before the next search. */
const SEARCHED_FIRST = 128
const SEARCHED_AGAIN = 1.25

/** Failures of one shape, or of the template of several, kept apart by the values in their slots. */
class Branch {
  private readonly parts = new Map<string, { readonly values: readonly string[]; readonly tally: GroupTally }>()
  /** Slots that identify. */
  private readonly closed = new Set<number>()

  constructor(
    readonly pattern: Pattern,
    readonly template?: Template,
  ) {}

  get size(): number {
    return this.parts.size
  }

  get kinds(): readonly string[] {
    return [...this.parts.values()].flatMap(({ tally }) => tally.names)
  }

  get count(): number {
    let sum = 0
    for (const { tally } of this.parts.values()) sum += tally.count
    return sum
  }

  tallyOf(shape: string, values: readonly string[]): GroupTally {
    return this.partOf(this.template ? this.ownValues(shape.split(' '), values) : values)
  }

  take(other: Branch): void {
    for (const { values, tally } of other.parts.values())
      this.partOf(this.ownValues(other.pattern.words, values)).take(tally)
  }

  groups(): readonly Group[] {
    this.close((slot) => !this.isCause(slot))
    return Array.from(this.parts.values(), ({ tally }) =>
      tally.group(this.template !== undefined, (headline) => this.say(headline)),
    )
  }

  private partOf(values: readonly string[]): GroupTally {
    const own = values.map((value, slot) => (this.closed.has(slot) ? GONE : value))
    const key = own.join('\0')
    const known = this.parts.get(key)
    if (known) return known.tally
    if (this.parts.size >= PARTS) {
      this.closeWidest(values.length)
      return this.partOf(values)
    }
    const tally = new GroupTally()
    this.parts.set(detached(key), { values: own.map(detached), tally })
    return tally
  }

  /** What is no cause goes first. */
  private closeWidest(slots: number): void {
    const open = Array.from({ length: slots }, (_, slot) => slot).filter((slot) => !this.closed.has(slot))
    const width = (slot: number): number => this.valuesOf(slot).size + (this.isCause(slot) ? 0 : PARTS)
    const [widest] = open.sort((a, b) => width(b) - width(a))
    this.close((slot) => slot === widest)
  }

  private close(isClosed: (slot: number) => boolean): void {
    const parts = [...this.parts.values()]
    for (const slot of parts[0]?.values.keys() ?? []) if (isClosed(slot)) this.closed.add(slot)
    this.parts.clear()
    for (const { values, tally } of parts) this.partOf(values).take(tally)
  }

  private valuesOf(slot: number): ReadonlySet<string> {
    return new Set(Array.from(this.parts.values(), ({ values }) => values[slot] ?? GONE))
  }

  private isCause(slot: number): boolean {
    const values = this.valuesOf(slot)
    const most = Math.min(...Array.from(values, valuesThatAreCauses))
    return values.size <= most || (most > 0 && values.size <= FEW_VALUES && this.count >= JOBS_PER_VALUE * values.size)
  }

  /** A template's own, and the first status in its stretches. */
  private ownValues(words: readonly string[], values: readonly string[]): readonly string[] {
    if (!this.template) return values
    const isOwn = this.owns(words)
    const byWord = valuesByWord(words, values)
    const status = byWord
      .filter((_, index) => !isOwn(index))
      .flat()
      .find(isStatus)
    return [...byWord.filter((_, index) => isOwn(index)).flat(), status ?? GONE]
  }

  private owns(words: readonly string[]): (index: number) => boolean {
    const { template } = this
    const spans = template
      ? (spansOf(template, { words, causes: template.causes }) ?? [])
      : [[0, words.length] as const]
    return (index) => spans.some(([start, end]) => start <= index && index < end)
  }

  /** The words that the group has in common, and the values that are causes; what identifies is "…". */
  private say(headline: string): string {
    const { shape, values } = mask(headline)
    const words = shape.split(' ')
    const isOwn = this.owns(words)
    const byWord = valuesByWord(words, values)
    const statusSlot = byWord.filter((_, index) => isOwn(index)).flat().length
    let slot = 0
    const said = words.map((word, index) => {
      const shown = (byWord[index] ?? []).map((value) => {
        const isSaid = isOwn(index) ? !this.closed.has(slot++) : isStatus(value) && !this.closed.has(statusSlot)
        return isSaid ? value : GONE
      })
      const isSaid = isOwn(index) || shown.some((value) => value !== GONE)
      return isSaid ? fill(word, shown) : `${GONE}${/[:;,)]?$/.exec(word)?.[0]}`
    })
    return said.join(' ').replace(/(?:… )+(?=…)/g, '')
  }
}

interface Figures {
  readonly name: string
  count: number
  last: number
}

/** The failures as they stream in. Time is linear, and memory bounded: the rarest groups are let go. */
export class Grouping {
  private readonly kinds = new Map<string, Figures>()
  private readonly otherKinds = new Set<string>()
  private shapes = new Map<string, Branch>()
  private templates: Branch[] = []
  private opened = 0
  private searchAt = SEARCHED_FIRST
  private room = GROUPS
  private latest: { readonly error: string; readonly variant: string; readonly tally: GroupTally } | undefined

  add(job: Job): void {
    const kind = kindOf(job)
    const isKept = this.kinds.has(kind) || this.kinds.size < KINDS
    if (!isKept) this.otherKinds.add(detached(kind))
    this.count(isKept ? kind : '', job)
    if (!isKept) return
    const error = job.error?.unredacted ?? ''
    // Usually the same error as the last one.
    if (error !== this.latest?.error) this.latest = this.placeOf(error)
    this.latest.tally.add(job, kind, this.latest.variant)
  }

  result(): Grouped {
    this.search()
    const groups = this.branches().flatMap((branch) => branch.groups())
    const kinds = Array.from(this.kinds, ([name, { count, last }]) => ({
      name: name === '' ? plural(this.otherKinds.size, 'more job type') : name,
      count,
      last,
    }))
    return {
      kinds: kinds.sort((a, b) => b.count - a.count || b.last - a.last),
      groups: groups.sort((a, b) => b.count - a.count || laterFirst(a.latest, b.latest)),
    }
  }

  private count(name: string, { failedAt }: Job): void {
    const known = this.kinds.get(name)
    if (!known) this.kinds.set(name, { name, count: 1, last: failedAt })
    else {
      known.count += 1
      known.last = Math.max(known.last, failedAt)
    }
  }

  private placeOf(error: string) {
    const { headline, frame } = dissect(error)
    const { shape, values } = mask(headline)
    const branch = this.branchOf(shape, frame)
    const before = branch.size
    const tally = branch.tallyOf(shape, values)
    this.room -= branch.size - before
    const causes = values.map((value) => (valuesThatAreCauses(value) > 1 ? value : GONE))
    return { error, tally, variant: fill(shape, causes) }
  }

  private branchOf(shape: string, frame: string): Branch {
    const key = `${frame}\n${shape}`
    const known = this.shapes.get(key)
    if (known) return known
    const pattern = patternOf(shape, frame)
    return this.fitting(pattern) ?? this.fittingLater(pattern) ?? this.open(detached(key), detached(shape), frame)
  }

  private fitting(pattern: Pattern): Branch | undefined {
    return this.templates.find(({ template }) => template && spansOf(template, pattern))
  }

  private fittingLater(pattern: Pattern): Branch | undefined {
    if (this.opened < this.searchAt) return undefined
    this.searchAt = SEARCHED_AGAIN * this.opened
    this.search()
    return this.fitting(pattern)
  }

  private open(key: string, shape: string, frame: string): Branch {
    if (this.room <= 0) this.makeRoom()
    this.opened += 1
    const branch = new Branch(patternOf(shape, detached(frame)))
    this.shapes.set(key, branch)
    return branch
  }

  private branches(): readonly Branch[] {
    return [...this.shapes.values(), ...this.templates]
  }

  private search(): void {
    const patterns = Array.from(this.shapes.values(), ({ pattern }) => pattern)
    for (const template of commonTemplates(patterns)) {
      const merged = new Branch({ words: [], causes: template.causes }, template)
      for (const [key, branch] of this.shapes)
        if (spansOf(template, branch.pattern)) {
          merged.take(branch)
          this.shapes.delete(key)
        }
      this.templates.push(merged)
    }
    // The most specific one is tried first.
    this.templates.sort((a, b) => (b.template?.length ?? 0) - (a.template?.length ?? 0))
  }

  /** Of each kind the noisiest stays, and of all the others the noisiest; what goes stays in the kinds' figures. */
  private makeRoom(): void {
    const seen = new Set<string>()
    const branches = Array.from(this.branches(), (branch) => ({ branch, count: branch.count })).toReversed()
    this.room = GROUPS
    const kept = new Set(
      branches
        .sort((a, b) => b.count - a.count)
        .filter(({ branch: { kinds, size } }) => {
          const isFirst = kinds.some((kind) => !seen.has(kind))
          for (const kind of kinds) seen.add(kind)
          if (!isFirst) this.room -= size
          return isFirst || this.room > GROUPS / 2
        })
        .map(({ branch }) => branch),
    )
    this.room = Math.max(this.room, GROUPS / 2)
    this.shapes = new Map([...this.shapes].filter(([, branch]) => kept.has(branch)))
    this.templates = this.templates.filter((branch) => kept.has(branch))
    this.latest = undefined
  }
}
