import { JOBS_KEPT, VARIANTS, VARIANTS_KEPT } from '../caps.js'
import { deathOf, inOrderOfCreation, type Job, type JobError, kindOf } from '../job.js'
import { headline } from '../text/traceback.js'
import { detached, oneLine } from '../text/words.js'
import { DELIMITER, GONE, hide, mask, unframed } from './shape.js'

/** The failures of one kind: "spotify/match_song". */
export interface Kind {
  readonly name: string
  readonly count: number
  readonly latest: Job
}

/** Figures of failures shown together, and the latest jobs. */
export interface Failures {
  readonly count: number
  /** Times of the first and the last failure, in milliseconds since the epoch. */
  readonly first: number
  readonly last: number
  /** How the jobs died, in words; undefined unless all died alike. */
  readonly death: string | undefined
  /** Whether all errors are identical. */
  readonly alike: boolean
  readonly latest: Job
  /** Latest first, not all of them. */
  readonly jobs: readonly Job[]
  /** The most frequent first. */
  readonly kinds: readonly Kind[]
}

/** Failures with one error. */
export interface Group extends Failures {
  /** The redacted headline; "…" is what identifies a job. */
  readonly headline: string
  /**
   * Of a merged group: headlines of at most twelve different errors, redacted, most frequent first. Errors with an
   * ending of their own are preferred. Empty otherwise.
   */
  readonly variants: readonly { readonly text: string; readonly count: number }[]
}

/** The groups that get a section: every kind has one before any has two. */
export function chosen(groups: readonly Group[], most: number): readonly Group[] {
  return firstOfEach(groups, most, ({ kinds }) => kinds.map(({ name }) => name))
}

/** At most `most` of `all`, in their order, preferring those with a new name. */
function firstOfEach<T>(all: readonly T[], most: number, names: (each: T) => Iterable<string>): readonly T[] {
  const some = new Set([...new Set([...withNewNames(all, names), ...all])].slice(0, most))
  return all.filter((each) => some.has(each))
}

/** Those with a name that none before them has. */
export function withNewNames<T>(all: readonly T[], names: (each: T) => Iterable<string>): readonly T[] {
  const seen = new Set<string>()
  return all.filter((each) => {
    const known = seen.size
    for (const name of names(each)) seen.add(name)
    return seen.size > known
  })
}

type Counts = Map<string, { count: number; latest: Job }>

interface Figures extends Pick<Failures, 'count' | 'first' | 'last' | 'death' | 'alike'> {
  readonly error: string
}

/** Counts failures as they stream in; keeps figures and the latest jobs. */
export class FailureTally {
  readonly kinds: Counts = new Map()
  private readonly variants: Counts = new Map()
  private figures: Figures | undefined
  private jobs: Job[] = []

  constructor(private readonly kept = JOBS_KEPT) {}

  get count(): number {
    return this.figures?.count ?? 0
  }

  /** `variant` tells different errors of a merged group apart. */
  add(job: Job, variant = ''): void {
    const { failedAt: time, error } = job
    const died = { death: deathOf(job).how, error: error?.unredacted ?? '' }
    this.figures = joined(this.figures, { count: 1, first: time, last: time, ...died, alike: true })
    this.list([job])
    increase(this.kinds, kindOf(job), 1, job)
    this.countVariant(variant, 1, job)
  }

  take({ figures, jobs, kinds, variants }: FailureTally): void {
    if (figures) this.figures = joined(this.figures, figures)
    this.list(jobs)
    for (const [name, { count, latest }] of kinds) increase(this.kinds, name, count, latest)
    for (const [variant, { count, latest }] of variants) this.countVariant(variant, count, latest)
  }

  /** Throws if there are none. */
  failures(): Failures {
    const jobs = this.jobs.sort(laterFirst).slice(0, this.kept)
    if (!this.figures) throw new Error('nothing was gathered')
    const { count, first, last, death, alike } = this.figures
    const kinds = Array.from(this.kinds, ([name, each]) => ({ name, ...each }))
    kinds.sort((a, b) => b.count - a.count || laterFirst(a.latest, b.latest))
    return { count, first, last, death, alike, latest: jobs[0] as Job, jobs, kinds }
  }

  /** `text` is the masked headline of all failures; only a merged group has variants. */
  group(text: string, isMerged: boolean): Group {
    const failures = this.failures()
    const variants = isMerged ? this.shownVariants() : []
    return { ...failures, headline: saying(text, failures.latest.error), variants }
  }

  private list(jobs: readonly Job[]): void {
    this.jobs.push(...jobs)
    if (this.jobs.length >= 2 * this.kept) this.jobs = this.jobs.sort(laterFirst).slice(0, this.kept)
  }

  /** Beyond the bound the rarer half is forgotten, so that new variants can still overtake the rest. */
  private countVariant(variant: string, count: number, latest: Job): void {
    const isNew = !this.variants.has(variant)
    if (isNew && this.variants.size >= VARIANTS_KEPT) {
      const rarest = [...this.variants].sort(([, a], [, b]) => a.count - b.count)
      for (const [rare] of rarest.slice(0, VARIANTS_KEPT / 2)) this.variants.delete(rare)
    }
    increase(this.variants, isNew ? detached(variant) : variant, count, latest)
  }

  private shownVariants(): Group['variants'] {
    const lines = Array.from(this.variants.values(), ({ count, latest }) => ({
      text: oneLine(headline(`${latest.error ?? ''}`)),
      count,
    }))
    lines.sort((a, b) => b.count - a.count)
    return firstOfEach(lines, VARIANTS, ({ text }) => [text.split(' ').slice(-2).join()])
  }
}

function joined(one: Figures | undefined, other: Figures): Figures {
  if (!one) return other
  return {
    count: one.count + other.count,
    first: Math.min(one.first, other.first),
    last: Math.max(one.last, other.last),
    death: one.death === other.death ? one.death : undefined,
    error: one.error,
    alike: one.alike && other.alike && one.error === other.error,
  }
}

function increase(counts: Counts, name: string, count: number, latest: Job): void {
  const known = counts.get(name)
  if (!known) counts.set(name, { count, latest })
  else {
    known.count += count
    if (laterFirst(latest, known.latest) < 0) known.latest = latest
  }
}

/** The difference of two infinite times is NaN. */
export function laterFirst(a: Job, b: Job): number {
  return b.failedAt === a.failedAt ? inOrderOfCreation(b, a) : b.failedAt - a.failedAt
}

/** Keeps the words that the redacted error has too: what masking leaves of a credential is not recognised. */
function saying(text: string, error: JobError | null): string {
  const redacted = mask(headline(`${error ?? ''}`))
  const safe = new Set(`${redacted} ${hide(redacted, () => true)} … …:`.split(' '))
  const words = unframed(text).split(' ')
  const said = words.map((word) => (safe.has(word) ? word : GONE)).join(' ')
  return said.replaceAll(DELIMITER, '').replace(/… (?=…)/g, '')
}
