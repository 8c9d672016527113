import { parseChainStart } from '../chains.js'
import type { Overdue } from '../digest/refresh.js'
import { type Backlog, deathOf, type Job, type Window } from '../job.js'
import { isDate } from '../text/time.js'
import { Pages, type Presentation } from './presentation.js'

/** What is known once all failures are written. */
interface JsonEnd {
  readonly subject: string | null
  readonly overdue: Overdue | undefined
  readonly older: Backlog
  readonly waiting: number
}

/**
 * The digest for scripts: every failure, without caps, written as the rows come, because there may be more than memory
 * holds. Names are those of the log. Times are ISO 8601 in UTC, or null where there is none.
 */
export class JsonDigest {
  private count = 0

  constructor(
    private readonly print: (text: string) => Promise<void>,
    private readonly window: Window,
    private readonly presentation: Presentation,
  ) {}

  /** Resolves when the reader has taken them. */
  async add(jobs: readonly Job[]): Promise<void> {
    const written = jobs.map((job) => `\n    ${withId(job.id, failure(job, this.presentation))}`)
    const before = this.count === 0 ? this.head() : ','
    this.count += jobs.length
    if (jobs.length > 0) await this.print(before + written.join(','))
  }

  async end({ subject, overdue, older, waiting }: JsonEnd): Promise<void> {
    const rest = {
      subject,
      overdue: overdue
        ? { lastSuccess: iso(overdue.lastSuccess), anchor: iso(overdue.anchor), afterMs: overdue.after }
        : null,
      olderUnreported: { count: older.count, oldest: iso(older.oldest) },
      waiting,
    }
    const fields = Object.entries(rest).map(([key, value]) => `,\n  "${key}": ${JSON.stringify(value)}`)
    await this.print(`${this.count === 0 ? this.head() : '\n  '}]${fields.join('')}\n}\n`)
  }

  private head(): string {
    const { environment } = this.presentation
    const since = this.window.since === 'all' ? null : this.window.since.toISOString()
    return `{\n  "environment": ${JSON.stringify(environment ?? null)},\n  "since": ${JSON.stringify(since)},\n  "failures": [`
  }
}

function failure(job: Job, { adminBaseUrl }: Presentation): Readonly<Record<string, unknown>> {
  return {
    source: job.source,
    jobType: job.jobType,
    targetType: job.targetType,
    targetId: job.targetId,
    status: job.status,
    attempts: job.attempts,
    maxAttempts: job.maxAttempts,
    howItDied: deathOf(job).how,
    failedAt: iso(job.failedAt),
    chainStartedAt: iso(parseChainStart(job.chain) ?? null),
    error: job.error,
    url: new Pages(adminBaseUrl).job(job.id),
  }
}

/** JSON's numbers are exact, JavaScript's are not. */
function withId(id: bigint, rest: Readonly<Record<string, unknown>>): string {
  return `{"id":${id},${JSON.stringify(rest).slice(1)}`
}

function iso(time: number | null): string | null {
  return time !== null && isDate(time) ? new Date(time).toISOString() : null
}
