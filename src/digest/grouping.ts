import { rarerHalf } from './rarest.js'
import { GroupTally } from './tally.js'
import { isMember, type Pattern, patternOf, type Template } from './template.js'
import { commonTemplates } from './templates.js'

/** More patterns of one kind than this that differ in one stretch only are one group. */
const HANDFUL = 5
/** A bound on memory, whatever fails. */
const GROUPS_OF_KIND = 256
/** After how many new groups templates are searched, and by what these must have grown before the next search. */
const SEARCHED_FIRST = 16
const SEARCHED_AGAIN = 1.25

/** The groups of one kind, as many as fit: when they are too many, those with the fewest failures are let go. */
export class Grouping {
  private readonly exact = new Map<string, GroupTally>()
  private templates: GroupTally[] = []
  private opened = 0
  private searchAt = SEARCHED_FIRST

  get size(): number {
    return this.exact.size + this.templates.length
  }

  groupOf(key: string, text: string): GroupTally {
    const known = this.exact.get(key)
    if (known) return known
    const pattern = patternOf(text)
    return this.fitting(pattern) ?? this.fittingLater(pattern) ?? this.open(key, pattern)
  }

  result(): readonly GroupTally[] {
    this.search()
    return [...this.exact.values(), ...this.templates]
  }

  /** Their failures stay in the figures of the kind. */
  halve(): void {
    const rare = new Set(rarerHalf([...this.exact.values(), ...this.templates], ({ cluster }) => cluster.count))
    for (const [key, group] of this.exact) if (rare.has(group)) this.exact.delete(key)
    this.templates = this.templates.filter((group) => !rare.has(group))
  }

  private fitting(pattern: Pattern): GroupTally | undefined {
    return this.templates.find(({ template }) => template && isMember(template, pattern))
  }

  private fittingLater(pattern: Pattern): GroupTally | undefined {
    if (this.opened < this.searchAt) return undefined
    this.searchAt = SEARCHED_AGAIN * this.opened
    this.search()
    return this.fitting(pattern)
  }

  private open(key: string, pattern: Pattern): GroupTally {
    if (this.size >= GROUPS_OF_KIND) this.halve()
    this.opened += 1
    const group = new GroupTally(pattern)
    this.exact.set(key, group)
    return group
  }

  private search(): void {
    const patterns = [...this.exact.values()].map(({ pattern }) => pattern)
    for (const template of commonTemplates(patterns, HANDFUL)) this.merge(template)
  }

  private merge(template: Template): void {
    const members = [...this.exact].filter(([, { pattern }]) => isMember(template, pattern))
    const group = new GroupTally({ words: [], causes: template.causes }, template)
    for (const [key, member] of members) {
      group.take(member)
      this.exact.delete(key)
    }
    this.templates.push(group)
  }
}
