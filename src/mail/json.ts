import { parseChainStart } from '../chains.js'
import type { Digest } from '../digest/digest.js'
import { type Backlog, deathOf, type Job, type Window } from '../job.js'
import { isDate } from '../text/time.js'
import { Pages, type Presentation } from './presentation.js'

/** What is known once all failures are written. */
interface JsonEnd {
  readonly subject: string | null
  readonly digest: Pick<Digest, 'context'> | undefined
  readonly older: Backlog
  readonly waiting: number
}

/**
 * The digest for scripts: every failure, without caps, written as the rows come, because there may be more than memory
 * holds. Fields are named as in the log. Times are ISO 8601 in UTC, or null.
 */
export class JsonDigest {
  /** Printed before the next failure. */
  private before: string

  constructor(
    private readonly print: (text: string) => Promise<void>,
    { since }: Window,
    private readonly presentation: Presentation,
  ) {
    const { environment = null } = presentation
    const from = since === 'all' ? null : since.toISOString()
    this.before = `{\n  "environment": ${JSON.stringify(environment)},\n  "since": ${JSON.stringify(from)},\n  "failures": [`
  }

  /** Resolves when the reader has taken all. */
  async add(jobs: readonly Job[]): Promise<void> {
    if (jobs.length === 0) return
    const written = jobs.map((job) => `\n    ${failure(job, this.presentation)}`)
    const before = this.before
    this.before = ','
    await this.print(before + written.join(','))
  }

  async end({ subject, digest, older, waiting }: JsonEnd): Promise<void> {
    const { overdue, lastSuccess } = digest?.context ?? {}
    const rest = {
      subject,
      overdue: overdue
        ? { lastSuccess: iso(lastSuccess?.finishedAt ?? null), anchor: iso(overdue.anchor), afterMs: overdue.after }
        : null,
      olderUnreported: { count: older.count, oldest: iso(older.oldest) },
      waiting,
    }
    const fields = Object.entries(rest).map(([key, value]) => `,\n  "${key}": ${JSON.stringify(value)}`)
    await this.print(`${this.before === ',' ? '\n  ' : this.before}]${fields.join('')}\n}\n`)
  }
}

/** The id is written apart: JSON.stringify refuses a bigint. */
function failure(job: Job, { adminBaseUrl }: Presentation): string {
  const { id, source, jobType, targetType, targetId, status, attempts, maxAttempts, error } = job
  const rest = {
    ...{ source, jobType, targetType, targetId, status, attempts, maxAttempts },
    howItDied: deathOf(job).how,
    failedAt: iso(job.failedAt),
    chainStartedAt: iso(parseChainStart(job.chain) ?? null),
    error,
    url: new Pages(adminBaseUrl).job(id),
  }
  return `{"id":${id},${JSON.stringify(rest).slice(1)}`
}

function iso(time: number | null): string | null {
  return time !== null && isDate(time) ? new Date(time).toISOString() : null
}
