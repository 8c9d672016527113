import { hash } from 'node:crypto'
import type { Job } from '../job.js'
import { detached } from '../text/words.js'
import { Grouping } from './grouping.js'
import { errorPattern } from './pattern.js'
import type { GroupTally } from './tally.js'

/** The failures of one kind as they stream in, grouped by error. Time and memory are linear, and memory is bounded. */
export class KindTally {
  count = 0
  last = Number.NEGATIVE_INFINITY
  private readonly grouping = new Grouping()
  private lastText: string | undefined
  private lastGroup: GroupTally | undefined

  constructor(readonly name: string) {}

  /** How many groups it holds. */
  get size(): number {
    return this.grouping.size
  }

  add(job: Job): void {
    this.count += 1
    this.last = Math.max(this.last, job.failedAt)
    const text = detached(errorPattern(job.error?.unredacted ?? ''))
    // Usually the same error as the last one.
    if (text !== this.lastText) this.lastGroup = undefined
    this.lastText = text
    this.lastGroup ??= this.grouping.groupOf(hash('sha1', text, 'base64'), text)
    this.lastGroup.add(job, text)
  }

  halve(): void {
    this.grouping.halve()
    // It may be gone.
    this.lastGroup = undefined
  }

  result(): readonly GroupTally[] {
    return this.grouping.result()
  }
}
