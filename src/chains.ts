import type { Job } from './job.js'
import { parseTime } from './text/time.js'

/** Days after which the queue's own clean-up deletes jobs that are done, the last success included. */
export const SUCCESSES_KEPT_DAYS = 30

/** A step of a known chain; job type and target id identify it. */
export interface KnownStep {
  readonly name: string
  readonly jobType: string
  readonly targetId: string
  /**
   * What follows while it has failed; the mail says that of the furthest step that is broken. mail/refresh.ts puts "the
   * catalog of 16 Nov, 7 days old," in place of {catalog}, and otherwise says the last success apart.
   */
  readonly consequence: string
  /** What to do when it fails a second time. */
  readonly failedAgain?: string
}

/** A chain whose steps are known in advance, so that those without a row can be shown as not started. */
export interface KnownChain {
  readonly name: string
  readonly source: string
  readonly targetType: string
  /** Path of its admin page. */
  readonly page: string
  /** What the page's Start button does, and what it costs. */
  readonly startAgain: string
  /** A step's row is inserted only when the step before has succeeded. */
  readonly steps: readonly KnownStep[]
}

const download = (name: string, targetId: string): KnownStep => ({
  name,
  jobType: 'refresh_catalog',
  targetId,
  consequence: 'Songs are matched against {catalog} until a refresh finishes.',
})

export const REFRESH = {
  name: 'Apple Music refresh',
  source: 'apple',
  targetType: 'catalog',
  page: '/apple-music-catalog',
  startAgain: 'downloads everything again (30\u00a0GB)',
  steps: [
    download('albums', '11111111-1111-1111-1111-aaaaaaaaaaaa'),
    download('songs', '11111111-1111-1111-1111-bbbbbbbbbbbb'),
    download('artists', '11111111-1111-1111-1111-cccccccccccc'),
    {
      name: 'rebuild_index',
      jobType: 'rebuild_index',
      targetId: '11111111-1111-1111-1111-dddddddddddd',
      consequence:
        'The old index was deleted before the new one was built: until a rebuild succeeds, matching against Apple finds little or nothing, and its jobs end as done.',
      failedAgain:
        "If it fails again, a download is incomplete (one can be done without its files): start again from albums with the page's Start button.",
    },
  ],
} as const satisfies KnownChain

/** The last step of the refresh; its success is the refresh's. */
export const LAST_STEP = REFRESH.steps[3]

/** The step that the job is, of any pass; undefined if none. */
export function stepOf({ source, targetType, steps }: KnownChain, job: Job): KnownStep | undefined {
  if (job.source !== source || job.targetType !== targetType) return undefined
  return steps.find(({ targetId, jobType }) => job.targetId === targetId && job.jobType === jobType)
}

/** payload.chain_started_at → milliseconds since the epoch; undefined unless it is an ISO 8601 time. */
export function parseChainStart(text: string | null): number | undefined {
  return text !== null && text.length > 10 ? parseTime(text) : undefined
}
