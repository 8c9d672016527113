/*
 * Every cap of a mail, in the order in which a failure meets them: what a run claims and reads, what the digest keeps,
 * what the mail shows. Jobs beyond a cap are counted, and their kinds named, as far as kinds are kept.
 */

/** Failures in one mail: as many as half a processor claims within the default RUN_TIMEOUT. The rest waits. */
export const FAILURES_PER_MAIL = 100_000
/** Characters that the server sends of a name, and of the beginning and the end of a longer error. */
export const NAME_READ = 200
export const ERROR_HEAD = 2_500
export const ERROR_TAIL = 1_000
/** Jobs read to tell the state of a pass, of each pass and of all: many more than there are steps. */
export const CHAIN_JOBS = 100
export const LATEST_JOBS = 500

/** Bounds on memory. Failures of further chains are grouped by error; those of further kinds are only counted. */
export const CHAINS = 500
/** Passes with failures whose other jobs are read, and failures kept of all passes. */
export const PASSES = 20
export const REFRESH_JOBS = 500
export const KINDS = 2_000
/** Compared of a headline: characters, and words, because characters alone end elsewhere where an id is longer. */
export const HEADLINE_READ = 1_000
export const HEADLINE_WORDS = 80
/** Groups: where there are more, the rarer half goes, but one of each kind stays. */
export const GROUPS = 500
/** Groups of one shape. */
export const PARTS = 32
/** Of a group: its latest jobs, and its most frequent errors, of which twelve may be shown. */
export const JOBS_KEPT = 10
export const VARIANTS_KEPT = 50
export const VARIANTS = 12
/** In the plain mail. */
export const EXAMPLES = 10

/** Bytes. Gmail clips HTML at about 102 KB, and hides the rest behind a link. */
export const HTML_LIMIT = 90_000
export const TEXT_LIMIT = 60_000

/** How much the mail shows. */
export interface Caps {
  /** Sections of other chains, and as many of groups. */
  readonly sections: number
  /** Jobs of one list. */
  readonly jobs: number
  /** Kinds of one section with a link, then those that are only named. */
  readonly linkedKinds: number
  readonly namedKinds: number
  /** Lines or variants of an error; characters of its headline and of each variant. */
  readonly lines: number
  readonly error: number
  /** Kinds named in a last section. */
  readonly lastKinds: number
}

/** Each rung shows less; the first that fits is sent. If the last does not fit, fewer kinds are named. */
export const RUNGS: readonly Omit<Caps, 'lastKinds'>[] = [
  { sections: 20, jobs: 10, linkedKinds: 10, namedKinds: 100, lines: 12, error: 1_000 },
  { sections: 20, jobs: 3, linkedKinds: 5, namedKinds: 40, lines: 4, error: 300 },
  { sections: 20, jobs: 1, linkedKinds: 3, namedKinds: 10, lines: 1, error: 100 },
  { sections: 2, jobs: 1, linkedKinds: 1, namedKinds: 1, lines: 1, error: 60 },
]

/** Jobs listed per section when there are more than a few sections. */
export const FEW_SECTIONS = 3
export const JOBS_OF_MANY = 3
/** A section with more jobs lists one as an example. */
export const JOBS_LISTED_OF = 50
/** A step that was queued more often shows its last jobs. */
export const JOBS_OF_A_STEP = 3
/** Passes listed when the refresh is overdue. */
export const PASSES_TRIED = 5
/** Kinds and ids in the plain mail. */
export const PLAIN_KINDS = 300
export const PLAIN_IDS = 500

/** Characters. */
export const SUBJECT = 77
export const SUBJECT_KIND = 26
export const PREHEADER = 140
export const NAME = 60
export const KIND = 100
export const HEADING_ERROR = 120
export const OVERVIEW_ERROR = 70
export const LISTED_ERROR = 200
export const VARIANT = 160
/** Each line of an error but the headline. */
export const ERROR_LINE = 160
