/** Every cap of the mail. What lies beyond one is counted, and named by its source and job type. */

/** Bytes. Gmail clips HTML at about 102 KB, and then hides what matters behind a link. */
export const HTML_LIMIT = 90_000
export const TEXT_LIMIT = 60_000

/** How much of everything is shown. */
export interface Caps {
  /** Sections of failures. */
  readonly sections: number
  /** Jobs of one section. */
  readonly jobs: number
  /** Steps of the refresh, and failures of its other runs. */
  readonly steps: number
  readonly otherRuns: number
  /** Job types of one section that have a link, those that are only named, and variants of its error. */
  readonly kinds: number
  readonly named: number
  readonly variants: number
  /** Lines of one error, and characters of its first line. */
  readonly errorLines: number
  readonly error: number
}

/** The first rung whose mail stays within the limits is sent. */
export const RUNGS: readonly Caps[] = [
  {
    sections: 20,
    jobs: 10,
    steps: 12,
    otherRuns: 10,
    kinds: 10,
    named: 100,
    variants: 12,
    errorLines: 12,
    error: 1_000,
  },
  { sections: 20, jobs: 3, steps: 12, otherRuns: 10, kinds: 5, named: 40, variants: 5, errorLines: 4, error: 300 },
  { sections: 20, jobs: 1, steps: 8, otherRuns: 3, kinds: 3, named: 10, variants: 0, errorLines: 1, error: 100 },
  { sections: 2, jobs: 1, steps: 4, otherRuns: 1, kinds: 1, named: 0, variants: 0, errorLines: 1, error: 60 },
]

/** Jobs listed per section when there are more than a few sections. */
export const FEW_SECTIONS = 3
export const JOBS_OF_MANY = 3
/** A section of more jobs shows one of them as an example. */
export const JOBS_LISTED_OF = 50
/** Runs that are named in the section of an overdue refresh. */
export const RUNS_TRIED = 5
/** Ids in the plain mail. */
export const PLAIN_IDS = 500
export const PLAIN_KINDS = 300

/** Characters. */
export const SUBJECT = 77
export const SUBJECT_KIND = 26
export const PREHEADER = 140
export const NAME = 60
export const KIND = 100
export const HEADING_ERROR = 120
export const OVERVIEW_ERROR = 70
export const LISTED_ERROR = 200
