import { redact } from './text/redact.js'

/** A row of research_jobs. Times are milliseconds since the epoch, ±Infinity included; names are redacted. */
export interface Job {
  /** A bigint: a number is not exact beyond 2^53. */
  readonly id: bigint
  readonly source: string
  readonly jobType: string
  readonly targetType: string
  readonly targetId: string
  readonly status: string
  readonly attempts: number
  readonly maxAttempts: number
  /** Its last attempt cannot have begun before this. */
  readonly runAfter: number
  /** Set while a worker holds the job, and kept unless a retry, a requeue or the janitor clears it. */
  readonly claimedAt: number | null
  readonly finishedAt: number | null
  /** When it failed, if it did: the first that is set of finished_at, claimed_at and created_at. */
  readonly failedAt: number
  readonly error: JobError | null
  /** The janitor ended it. */
  readonly reaped: boolean
  /** An admin ended it before it had an error. */
  readonly cancelled: boolean
  /** payload.chain_started_at as it stands there; null when absent or too long to be a time. */
  readonly chain: string | null
}

/** Which failures a run reports: those since `since`; those reported before only with `includeAlerted`. */
export interface Window {
  readonly since: Date | 'all'
  readonly includeAlerted: boolean
}

/** Failures before the window that were never reported; `oldest` in milliseconds since the epoch. */
export interface Backlog {
  readonly count: number
  readonly oldest: number | null
}

/** That no refresh has succeeded for too long. */
export interface Overdue {
  /** The last success, else the oldest refresh job on record; in milliseconds since the epoch. */
  readonly anchor: number
  /** A success is expected that often, in milliseconds. */
  readonly after: number
}

const REAPED_FOR_GOOD = 'reaped: max_attempts exhausted (likely worker OOM/crash loop)'
/** What the janitor appends to an error, separator included. */
const JANITOR =
  /(\s{0,4}(?:[|;]\s{0,4})?\breaped: (?:stuck in running|max_attempts exhausted \(likely worker OOM\/crash loop\)))/

/**
 * last_error as the server sent it (queue/row.ts), trimmed. Jobs are compared and grouped by `unredacted`. An error is
 * shown by toString(), which redacts, and which template strings and JSON call; a group's headline is made of
 * `unredacted`, and keeps only words that toString() has (digest/group.ts).
 */
export class JobError {
  readonly unredacted: string
  #shown: string | undefined

  constructor(text: string) {
    this.unredacted = text.trim()
  }

  get reaped(): boolean {
    return this.unredacted.endsWith(REAPED_FOR_GOOD)
  }

  /**
   * Redacted. The janitor's words are split off first: a credential that the worker's cut left open would swallow
   * them, and a rule for the end of a text would not match in front of them.
   */
  toString(): string {
    this.#shown ??= this.unredacted.split(JANITOR).map(redact).join('').trim()
    return this.#shown
  }

  toJSON(): string {
    return this.toString()
  }
}

/** A job as its row was read: neither redacted nor trimmed. */
export interface RawJob extends Omit<Job, 'id' | 'error' | 'reaped'> {
  readonly id: string
  readonly error: string | null
}

/** Redacted names: the same few stand in every row. */
const names = new Map<string, string>()
const NAMES_KEPT = 1_000

function redactedName(name: string): string {
  const redacted = names.get(name) ?? redact(name)
  if (names.size < NAMES_KEPT) names.set(name, redacted)
  return redacted
}

/**
 * A row → a job. Names are redacted here, the error when it is shown; the other texts are a UUID, a known status, and
 * a time or nothing. Overwrites the row: copies would take 30 MB in a storm.
 */
export function toJob(row: RawJob): Job {
  const error = row.error === null ? null : new JobError(row.error)
  return Object.assign(row as unknown as Job, {
    id: BigInt(row.id),
    source: redactedName(row.source),
    jobType: redactedName(row.jobType),
    targetType: redactedName(row.targetType),
    error,
    reaped: error?.reaped === true,
  })
}

/** Ids are given in the order in which jobs are created. */
export function inOrderOfCreation(a: Pick<Job, 'id'>, b: Pick<Job, 'id'>): number {
  return Number(a.id - b.id)
}

/** "spotify/match_song" */
export function kindOf({ source, jobType }: Pick<Job, 'source' | 'jobType'>): string {
  return `${source}/${jobType}`
}

/** How a job came to its end, as far as its row tells, and what to do. */
export interface Death {
  readonly how: string
  readonly advice: string
}

const RETRY = 'Fix the cause, then retry.'

/** An admin closed the job: no worker leaves an error of these endings with the status dead. */
function isClosed({ unredacted }: JobError): boolean {
  return unredacted === 'quota_exhausted' || unredacted.endsWith('reaped: stuck in running')
}

/** How a job died, by the rules of the queue's worker; `at` is when, if the sentence is to say so. */
export function deathOf(job: Omit<Job, 'error'> & { readonly error?: Job['error'] }, at?: string): Death {
  const { status, attempts, maxAttempts, claimedAt, reaped, error } = job
  const attempt = `attempt ${attempts} of ${maxAttempts}`
  if (reaped)
    return {
      how: `Given up${at ? ` at ${at},` : ''} after 90 minutes without an end: the worker died (out of memory, a restart), or is still at it`,
      advice: 'See in the log of the worker which of the two; if it died, retry.',
    }
  if (status === 'dead' && error && isClosed(error))
    return {
      how: `Closed by an admin while it ${claimedAt === null ? 'waited for a retry' : 'ran'}`,
      advice: 'Nothing to do, if that was meant.',
    }
  if (attempts >= maxAttempts) {
    const which = maxAttempts === 1 ? 'only attempt' : `last attempt (${attempts} of ${maxAttempts})`
    return { how: `Failed on the ${which}`, advice: RETRY }
  }
  if (claimedAt !== null) {
    const doubt = attempts > 1 ? ', or cancelled while it ran' : ''
    return { how: `Not retried by the worker (permanent error on ${attempt}${doubt})`, advice: RETRY }
  }
  const when = attempts === 0 ? 'before the first attempt' : `while waiting for a retry, after ${attempt}`
  return { how: `Closed ${when} (cancelled by an admin?)`, advice: 'If nobody meant to close it, retry.' }
}

const JANITOR_LAST = new RegExp(`(?:${JANITOR.source})+$`)

/** An error, or its headline, without the words that the janitor appended; empty if there are no others. */
export function ownError(error: Job['error'] | string): string {
  return `${error ?? ''}`.replace(JANITOR_LAST, '')
}
