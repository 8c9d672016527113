import { isStep, LAST_STEP, parseChainStart, REFRESH } from '../chains.js'
import { inOrderOfCreation, type Job } from '../job.js'
import { HOUR } from '../text/time.js'

/** A step of a refresh, by its job. */
export interface StepJob {
  readonly step: string
  readonly job: Job
}

/** A run of the refresh. */
export interface ChainRun {
  readonly startedAt: number
  readonly state: 'succeeded' | 'running' | 'queued' | 'failed' | 'cancelled' | 'stalled'
  /** The step it has reached. */
  readonly reached: StepJob
}

/** Not one that an admin cancelled before it had an error. */
export const hasFailed = ({ status, cancelled }: Job): boolean =>
  (status === 'dead' || status === 'failed') && !cancelled

export const isMoving = ({ status }: Job): boolean => status === 'queued' || status === 'running'

/** Whether a run goes on, be it that it is between two steps just now. */
export const isUnderWay = ({ state }: ChainRun): boolean => state === 'queued' || state === 'running'

/** A run's steps in the refresh's order, those of one step in the order of creation. */
export function runOf(jobs: readonly Job[]): readonly StepJob[] {
  return REFRESH.steps.flatMap((known) =>
    jobs
      .filter((job) => isStep(known, job))
      .sort(inOrderOfCreation)
      .map((job) => ({ step: known.name, job })),
  )
}

type FoundRun = ChainRun & { readonly run: readonly StepJob[] }

/** The runs that were started after that time, newest first, and how far each has come. */
export function runsSince(latest: readonly Job[], startedAt: number, now: Date): readonly FoundRun[] {
  const runs = new Map<number, Job[]>()
  for (const job of latest) {
    const start = parseChainStart(job.chain ?? '')
    if (start !== undefined && start > startedAt) runs.set(start, [...(runs.get(start) ?? []), job])
  }
  return [...runs]
    .sort(([a], [b]) => b - a)
    .flatMap(([start, jobs]) => {
      const run = runOf(jobs)
      const reached = run.findLast(({ job }) => isMoving(job)) ?? run.at(-1)
      return reached ? [{ startedAt: start, state: stateOfRun(reached, now), reached, run }] : []
    })
}

/** Between two steps there is a moment in which no row is running or queued. */
function stateOfRun({ step, job }: StepJob, now: Date): ChainRun['state'] {
  if (job.cancelled) return 'cancelled'
  if (job.status === 'running' || job.status === 'queued') return job.status
  if (job.status !== 'done') return 'failed'
  if (step === LAST_STEP.name) return 'succeeded'
  return isFresh(job, now) ? 'running' : 'stalled'
}

/** A step queues the next one while it ends. When that has not happened for an hour, it will not. */
export function isFresh({ finishedAt }: Job, now: Date): boolean {
  return now.getTime() - (finishedAt ?? 0) < HOUR
}
