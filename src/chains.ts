import type { Job } from './job.js'
import { parseTime } from './text/time.js'

/** Days after which the queue's own clean-up deletes jobs that are done, the last success included. */
export const SUCCESSES_KEPT_DAYS = 30

/** A step of the refresh; job type and target id identify it. */
export interface Step {
  readonly name: string
  readonly jobType: string
  readonly targetId: string
  /**
   * What follows while it has failed; the mail says that of the furthest step that is broken, with "the catalog of
   * 16 Nov, 7 days old," in place of {catalog}.
   */
  readonly consequence: string
  /** What to do when it fails a second time. */
  readonly failedAgain?: string
}

const download = (name: string, targetId: string): Step => ({
  name,
  jobType: 'refresh_catalog',
  targetId,
  consequence: 'Songs are matched against {catalog} until a refresh finishes.',
})

/** The last step of the refresh; its success is the refresh's. */
export const LAST_STEP: Step = {
  name: 'rebuild_index',
  jobType: 'rebuild_index',
  targetId: '11111111-1111-1111-1111-dddddddddddd',
  consequence:
    'The old index was deleted before the new one was built: until a rebuild succeeds, matching against Apple finds little or nothing, and its jobs end as done.',
  failedAgain:
    "If it fails again, a download is incomplete (one can be done without its files): start again from albums with the page's Start button.",
}

/** The chain whose steps are known in advance, so that those without a row can be shown as not started. */
export const REFRESH = {
  name: 'Apple Music refresh',
  source: 'apple',
  targetType: 'catalog',
  /** Path of its admin page. */
  page: '/apple-music-catalog',
  /** What the page's Start button does, and what it costs. */
  startAgain: 'downloads everything again (30\u00a0GB)',
  /** A step's row is inserted only when the step before has succeeded. */
  steps: [
    download('albums', '11111111-1111-1111-1111-aaaaaaaaaaaa'),
    download('songs', '11111111-1111-1111-1111-bbbbbbbbbbbb'),
    download('artists', '11111111-1111-1111-1111-cccccccccccc'),
    LAST_STEP,
  ],
} as const

/** The step of the refresh that the job is, of any pass; undefined if none. */
export function stepOf({ source, targetType, targetId, jobType }: Job): Step | undefined {
  if (source !== REFRESH.source || targetType !== REFRESH.targetType) return undefined
  return REFRESH.steps.find((step) => step.targetId === targetId && step.jobType === jobType)
}

/** payload.chain_started_at → milliseconds since the epoch; undefined unless it is an ISO 8601 time. */
export function parseChainStart(text: string | null): number | undefined {
  return text !== null && text.length > 10 ? parseTime(text) : undefined
}
