import { GROUPS, PARTS } from '../caps.js'
import type { Job } from '../job.js'
import { dissect } from '../text/traceback.js'
import { detached } from '../text/words.js'
import { FailureTally, type Group, laterFirst, withNewNames } from './group.js'
import { areCauses, causesLike, GONE, hide, mask, shapeOf, type TitleRule, titleRulesOf, valuesOf } from './shape.js'

/** Growth in families that is worth another search, as a factor. */
const SEARCHED_AGAIN = 1.5

/** Failures of one shape, kept apart by those delimited values that may be causes. */
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
    const own = hide(text, (place) => this.hidden.has(place))
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

  /** Hides what is no cause, else the place of the most values. */
  private makeRoom(): void {
    this.hideWhatIdentifies()
    const sizes = this.values().map(({ size }) => size)
    if (this.parts.size >= PARTS) this.hideAt([sizes.indexOf(Math.max(...sizes))])
  }

  private hideWhatIdentifies(): void {
    const values = this.values()
    this.hideAt([...values.keys()].filter((place) => !haveCauses(values[place] ?? new Set(), this.count)))
  }

  private hideAt(places: readonly number[]): void {
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

/**
 * Whether the values at one place are causes: if three in four of them are of a form that allows as many values as
 * there are (causesLike), or if they are few over many jobs (areCauses). Where one is masked, none is a cause.
 */
function haveCauses(values: ReadonlySet<string>, jobs: number): boolean {
  if (values.has(GONE)) return false
  const allowed = Array.from(values, causesLike).sort((a, b) => a - b)
  const most = allowed[Math.floor(allowed.length / 4)] ?? 0
  return values.size <= most || areCauses(values.size, jobs)
}

/**
 * Groups failures as they stream in, in linear time. Memory is bounded: the rarest families go. Titles are searched
 * when room runs out, and at the end; families that differ only in titles are merged then.
 */
export class Grouping {
  private readonly rules: TitleRule[] = []
  private families = new Map<string, Family>()
  private room = GROUPS
  private opened = 0
  private searchAt = 0
  private latest: { readonly error: string; readonly variant: string; readonly tally: FailureTally } | undefined

  add(job: Job): void {
    const error = job.error?.unredacted ?? ''
    // Usually the same error as the last one.
    if (error !== this.latest?.error) this.latest = { error, ...this.placeOf(error) }
    this.latest.tally.add(job, this.latest.variant)
  }

  /** The largest first. A failure in no group was too rare to be kept. */
  result(): readonly Group[] {
    this.search(true)
    const groups = [...this.families.values()].flatMap((family) => family.groups())
    return groups.sort((a, b) => b.count - a.count || laterFirst(a.latest, b.latest))
  }

  /**
   * The frame stands on a line before the text: one error raised in two places is two. A shape that has a family needs
   * no rule: a search has moved every family that fits one.
   */
  private placeOf(error: string) {
    const { headline, frame } = dissect(error)
    const text = `${frame}\n${mask(headline)}`
    if (this.room <= 0) this.makeRoom()
    const shape = shapeOf(text)
    const tally = this.tallyOf(text, this.families.has(shape) ? undefined : this.withoutTitles(text))
    if (tally.count === 0) this.room -= 1
    return { variant: shape, tally }
  }

  private tallyOf(text: string, untitled: string | undefined): FailureTally {
    const own = untitled ?? text
    const shape = shapeOf(own)
    const known = this.families.get(shape)
    if (known) return known.tallyOf(own)
    const family = new Family(untitled !== undefined)
    this.families.set(detached(shape), family)
    this.opened += 1
    return family.tallyOf(own)
  }

  private withoutTitles(text: string): string | undefined {
    for (const rule of this.rules) {
      const untitled = rule.withoutTitles(text)
      if (untitled !== undefined) return untitled
    }
    return undefined
  }

  /** Finds new rules, and merges the families that fit one. */
  private search(isLast: boolean): void {
    const plain = [...this.families].filter(([, { isMerged }]) => !isMerged)
    this.rules.push(
      ...titleRulesOf(
        plain.flatMap(([, { parts }]) => [...parts.keys()]),
        isLast,
      ),
    )
    for (const [shape, { parts }] of plain) {
      const [some = ''] = parts.keys()
      if (this.withoutTitles(some) === undefined) continue
      // Once: the family that takes the parts may have the same shape.
      this.families.delete(shape)
      for (const [text, tally] of parts) this.tallyOf(text, this.withoutTitles(text)).take(tally)
    }
  }

  /** Keeps the largest family of each kind, and of the rest the largest. */
  private makeRoom(): void {
    if (this.opened >= this.searchAt) {
      const before = this.families.size
      this.search(false)
      // A search that merged less than half is not worth repeating soon.
      if (this.families.size > before / 2) this.searchAt = SEARCHED_AGAIN * this.opened
    }
    const sorted = [...this.families].sort(([, a], [, b]) => b.count - a.count)
    const needed = new Set(withNewNames(sorted, ([, family]) => family.names()))
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
