import type { Job } from './job.js'
import { parseTime } from './text/time.js'

/** The queue's own clean-up deletes jobs that are done after that long, and with them the last success. */
export const SUCCESSES_KEPT_DAYS = 30

/**
 * The chain whose steps are known in advance, so that the ones without a row can be shown as not started. Each step's
 * row is inserted only when the step before it has succeeded; its fixed target id tells it apart.
 */
export const REFRESH = {
  source: 'apple',
  targetType: 'catalog',
  title: 'Apple Music catalog refresh',
  shortTitle: 'Apple Music refresh',
  page: '/apple-music-catalog',
  consequence: 'Matchers keep using the catalog of the last successful refresh',
  steps: [
    { name: 'albums', jobType: 'refresh_catalog', targetId: '11111111-1111-1111-1111-aaaaaaaaaaaa' },
    { name: 'songs', jobType: 'refresh_catalog', targetId: '11111111-1111-1111-1111-bbbbbbbbbbbb' },
    { name: 'artists', jobType: 'refresh_catalog', targetId: '11111111-1111-1111-1111-cccccccccccc' },
    { name: 'rebuild_index', jobType: 'rebuild_index', targetId: '11111111-1111-1111-1111-dddddddddddd' },
  ],
} as const
type KnownStep = (typeof REFRESH.steps)[number]

/** Its success is what makes a refresh count. */
export const LAST_STEP = REFRESH.steps.at(-1) as KnownStep

/** Whether the job is this step, of whichever run. */
export function isStep({ targetId, jobType }: KnownStep, job: Job): boolean {
  return job.targetId === targetId && job.jobType === jobType
}

/** payload.chain_started_at → milliseconds since the epoch; undefined unless it is an ISO 8601 time. */
export function parseChainStart(text: string): number | undefined {
  return text.length > 10 ? parseTime(text) : undefined
}
