import { type Job, kindOf } from '../job.js'
import { dissect } from '../text/traceback.js'
import { detached, plural } from '../text/words.js'
import { laterFirst } from './cluster.js'
import { bringers, type Group, type Grouped, GroupTally } from './group.js'
import { fill, GONE, isStatus, mask, SLOT, valuesThatAreCauses } from './mask.js'
import { commonTemplates, fits, ownWords, Pattern, type Template } from './template.js'

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
const SEARCHED_AGAIN = 1.5

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

  get count(): number {
    let sum = 0
    for (const { tally } of this.parts.values()) sum += tally.count
    return sum
  }

  *names(): Iterable<string> {
    for (const { tally } of this.parts.values()) yield* tally.names()
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
    const key = own.join(SLOT)
    const known = this.parts.get(key)
    if (known) return known.tally
    if (this.parts.size >= PARTS) {
      this.closeWidest(own)
      return this.partOf(values)
    }
    const tally = new GroupTally()
    this.parts.set(detached(key), { values: own.map(detached), tally })
    return tally
  }

  /** What is no cause goes first. */
  private closeWidest(values: readonly string[]): void {
    const width = (slot: number): number => this.valuesOf(slot).size + (this.isCause(slot) ? 0 : PARTS)
    const open = [...values.keys()].filter((slot) => !this.closed.has(slot))
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

  private ownValues(words: readonly string[], values: readonly string[]): readonly string[] {
    return this.ownSlots(words, values).map((slot) => values[slot] ?? GONE)
  }

  /** The slots in the words that are the template's own, and the first status in its stretches. */
  private ownSlots(words: readonly string[], values: readonly string[]): readonly number[] {
    if (!this.template) return [...values.keys()]
    const wordOf = words.flatMap((word, index) => Array<number>(word.split(SLOT).length - 1).fill(index))
    const isOwn = ownWords(this.template, words)
    const isOwnSlot = (slot: number): boolean => isOwn(wordOf[slot] ?? 0)
    const slots = [...values.keys()]
    return [...slots.filter(isOwnSlot), slots.find((slot) => !isOwnSlot(slot) && isStatus(values[slot] ?? '')) ?? -1]
  }

  /** The words that the group has in common, and the values that are causes; what identifies is "…". */
  private say(headline: string): string {
    const { shape, values } = mask(headline)
    const words = shape.split(' ')
    const said = new Set(this.ownSlots(words, values).filter((_, place) => !this.closed.has(place)))
    const isOwn = this.template ? ownWords(this.template, words) : () => true
    const common = words.map((word, index) =>
      isOwn(index) || word.includes(SLOT) ? word : `${GONE}${/[:;,)]?$/.exec(word)?.[0]}`,
    )
    const shown = values.map((value, slot) => (said.has(slot) ? value : GONE))
    return fill(common.join(' '), shown).replace(/(?:… )+(?=…)/g, '')
  }
}

/** The failures as they stream in. Time is linear, and memory bounded: the rarest groups are let go. */
export class Grouping {
  private readonly kinds = new Map<string, { readonly name: string; count: number; last: number }>()
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
    const { count, last } = this.kinds.get(name) ?? { count: 0, last: failedAt }
    this.kinds.set(name, { name, count: count + 1, last: Math.max(last, failedAt) })
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
    const pattern = new Pattern(shape, frame)
    const fitting = () => this.templates.find(({ template }) => template && fits(template, pattern))
    const first = fitting()
    if (first || this.opened < this.searchAt) return first ?? this.open(key, shape, frame)
    this.searchAt = SEARCHED_AGAIN * this.opened
    this.search()
    return fitting() ?? this.open(key, shape, frame)
  }

  private open(key: string, shape: string, frame: string): Branch {
    if (this.room <= 0) this.makeRoom()
    this.opened += 1
    const branch = new Branch(new Pattern(detached(shape), detached(frame)))
    this.shapes.set(detached(key), branch)
    return branch
  }

  private branches(): readonly Branch[] {
    return [...this.shapes.values(), ...this.templates]
  }

  private search(): void {
    const patterns = Array.from(this.shapes.values(), ({ pattern }) => pattern)
    for (const template of commonTemplates(patterns)) {
      const merged = new Branch(new Pattern('', ''), template)
      for (const [key, branch] of this.shapes)
        if (fits(template, branch.pattern)) {
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
    const counted = this.branches().map((branch) => ({ branch, count: branch.count }))
    const sorted = counted.toReversed().sort((a, b) => b.count - a.count)
    const branches = sorted.map(({ branch }) => branch)
    const kept = new Set(bringers(branches, (branch) => branch.names()))
    this.room = GROUPS
    for (const branch of branches) {
      if (!kept.has(branch)) this.room -= branch.size
      if (this.room > GROUPS / 2) kept.add(branch)
    }
    this.room = Math.max(this.room, GROUPS / 2)
    this.shapes = new Map([...this.shapes].filter(([, branch]) => kept.has(branch)))
    this.templates = this.templates.filter((branch) => kept.has(branch))
    this.latest = undefined
  }
}
