import { type Job, kindOf } from '../job.js'
import { dissect } from '../text/traceback.js'
import { detached } from '../text/words.js'
import { bringers, FailureTally, type Group, laterFirst } from './group.js'
import { areCauses, causesLike, GONE, hide, mask, shapeOf, valuesOf } from './mask.js'
import { type TitleMask, titleMasksOf } from './titles.js'

/** Bounds on memory, whatever fails: groups of one family, kinds, and groups beyond one of each kind. */
const PARTS = 32
const KINDS = 2_000
const GROUPS = 500
/** How many more families must have come before masks are searched again. */
const SEARCHED_AGAIN = 1.5

/** Failures whose texts differ in marked values only, kept apart by those that may be causes. */
class Family {
  readonly parts = new Map<string, FailureTally>()
  private readonly hidden = new Set<number>()

  constructor(readonly isMerged: boolean) {}

  get count(): number {
    return [...this.parts.values()].reduce((sum, { count }) => sum + count, 0)
  }

  names(): readonly string[] {
    return [...this.parts.values()].flatMap(({ kinds }) => [...kinds.keys()])
  }

  tallyOf(text: string): FailureTally {
    const own = this.hidden.size > 0 ? hide(text, (place) => this.hidden.has(place)) : text
    const known = this.parts.get(own)
    if (known) return known
    if (this.parts.size >= PARTS) {
      this.makeRoom()
      return this.tallyOf(text)
    }
    const tally = new FailureTally()
    this.parts.set(detached(own), tally)
    return tally
  }

  groups(): readonly Group[] {
    this.hideWhatIdentifies()
    return Array.from(this.parts, ([text, tally]) => tally.group(text, this.isMerged))
  }

  /** What is no cause goes first, then what has the most values. */
  private makeRoom(): void {
    this.hideWhatIdentifies()
    const sizes = this.values().map(({ size }) => size)
    if (this.parts.size >= PARTS) this.hide([sizes.indexOf(Math.max(...sizes))])
  }

  private hideWhatIdentifies(): void {
    const values = this.values()
    this.hide([...values.keys()].filter((place) => !haveCauses(values[place] ?? new Set(), this.count)))
  }

  private hide(places: readonly number[]): void {
    for (const place of places) this.hidden.add(place)
    const parts = [...this.parts]
    this.parts.clear()
    for (const [text, tally] of parts) this.tallyOf(text).take(tally)
  }

  /** The different values at each place. */
  private values(): readonly ReadonlySet<string>[] {
    const texts = Array.from(this.parts.keys(), valuesOf)
    return (texts[0] ?? []).map((_, place) => new Set(texts.map((values) => values[place] ?? GONE)))
  }
}

/** Whether the values at one place are causes. As many may be as three quarters of them allow; beside a hidden one none. */
function haveCauses(values: ReadonlySet<string>, jobs: number): boolean {
  const allowed = Array.from(values, causesLike).sort((a, b) => a - b)
  const most = allowed[0] === 0 ? 0 : (allowed[Math.floor(allowed.length / 4)] ?? 0)
  return values.size <= most || (most > 0 && areCauses(values.size, jobs))
}

/** The failures as they stream in. Time is linear, and memory bounded: the rarest families are let go. */
export class Grouping {
  private readonly kinds = new Set<string>()
  private readonly masks: TitleMask[] = []
  private families = new Map<string, Family>()
  private room = GROUPS
  private opened = 0
  private searchAt = 0
  private latest: { readonly error: string; readonly variant: string; readonly tally: FailureTally } | undefined

  add(job: Job): void {
    const kind = kindOf(job)
    if (!this.kinds.has(kind) && this.kinds.size >= KINDS) return
    this.kinds.add(kind)
    const error = job.error?.unredacted ?? ''
    // Usually the same error as the last one.
    if (error !== this.latest?.error) this.latest = { error, ...this.placeOf(error) }
    this.latest.tally.add(job, this.latest.variant)
  }

  /** Noisiest first. What is in none of them was too varied to be kept apart. */
  result(): readonly Group[] {
    this.search(true)
    const groups = [...this.families.values()].flatMap((family) => family.groups())
    return groups.sort((a, b) => b.count - a.count || laterFirst(a.latest, b.latest))
  }

  /** Each text has the frame on a line before it: one error raised in two places is two. */
  private placeOf(error: string) {
    const { headline, frame } = dissect(error)
    const text = `${frame}\n${mask(headline)}`
    if (this.room <= 0) this.makeRoom()
    const shape = shapeOf(text)
    const known = this.families.get(shape)
    const tally = known && !known.isMerged ? known.tallyOf(text) : this.tallyOf(text, this.masked(text))
    if (tally.count === 0) this.room -= 1
    return { variant: shape, tally }
  }

  private tallyOf(text: string, masked: string | undefined): FailureTally {
    const own = masked ?? text
    const shape = shapeOf(own)
    const family = this.families.get(shape) ?? new Family(masked !== undefined)
    if (family.parts.size === 0) {
      this.families.set(detached(shape), family)
      this.opened += 1
    }
    return family.tallyOf(own)
  }

  private masked(text: string): string | undefined {
    for (const mask of this.masks) {
      const masked = mask.masked(text)
      if (masked !== undefined) return masked
    }
    return undefined
  }

  /** Finds new masks, and merges the families that one fits. */
  private search(isLast: boolean): void {
    const plain = [...this.families].filter(([, { isMerged }]) => !isMerged)
    this.masks.push(
      ...titleMasksOf(
        plain.flatMap(([, { parts }]) => [...parts.keys()]),
        isLast,
      ),
    )
    for (const [shape, { parts }] of plain)
      for (const [text, tally] of parts) {
        const masked = this.masked(text)
        if (masked === undefined) break
        this.families.delete(shape)
        this.tallyOf(text, masked).take(tally)
      }
  }

  /** Of each kind the noisiest stays, and of all the others the noisiest. */
  private makeRoom(): void {
    if (this.opened >= this.searchAt) {
      const before = this.families.size
      this.search(false)
      // A search that merged less than half is not worth repeating soon.
      if (this.families.size > before / 2) this.searchAt = SEARCHED_AGAIN * this.opened
    }
    const sorted = [...this.families].sort(([, a], [, b]) => b.count - a.count)
    const needed = new Set(bringers(sorted, ([, family]) => family.names()))
    let size = 0
    this.families = new Map(
      sorted.filter((each) => {
        size += each[1].parts.size
        return size <= GROUPS / 2 || needed.has(each)
      }),
    )
    this.room = GROUPS / 2
    this.latest = undefined
  }
}
