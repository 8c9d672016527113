import { LAST_STEP, parseChainStart, REFRESH } from '../chains.js'
import type { Job } from '../job.js'
import { type ChainRun, hasFailed, isFresh, isMoving, runOf, runsSince, type StepJob } from './runs.js'
import { pruned, type Step } from './steps.js'

/** A step to resume at, and the steps that need not be done again. */
export interface Resume extends StepJob {
  readonly keeps: readonly string[]
}

/** A step that is queued or running. */
export interface MovingStep extends StepJob {
  /** Its run, as seen from the one that failed. */
  readonly run: 'this' | 'a newer' | 'an older' | 'another'
  /** Of this run: whether somebody set it going after the failure, or it has been at it since before. */
  readonly resumed: boolean
  /** When its run started, where its row tells. */
  readonly startedAt: number | undefined
}

/** What became of the run after the failure. */
export type Course =
  /** `endedBefore`: it had reached its end, and the step was run again after that. */
  | { readonly kind: 'stands'; readonly endedBefore: number | null }
  /** It reached its end although the step is down as failed: the step had started the next one before. */
  | { readonly kind: 'finished'; readonly at: number }
  /** A later step is queued, running, or was done a moment ago. */
  | { readonly kind: 'continues'; readonly at: StepJob }

/** What the failure means for those who use the result, and whether somebody has to act. */
export interface Outlook {
  readonly course: Course
  readonly lastSuccess: number | null
  /** The latest of the newer runs that succeeded, failed or are under way. */
  readonly newer: ChainRun | undefined
  /** Steps of this or any other run that are queued or running: nothing is to be resumed beside them. */
  readonly moving: readonly MovingStep[]
  /** Where to resume, of this run or of a newer one that failed as well; undefined when that would be wrong. */
  readonly resume: Resume | undefined
  /** Why `resume` is undefined, where nothing else forbids it. */
  readonly obstacle: Obstacle | undefined
}

/** Why a run that failed cannot be resumed. */
export type Obstacle =
  /** A later step was cancelled, or was done without the one after it being queued. */
  | (StepJob & { readonly kind: 'cancelled' | 'done' })
  /** So old that the rows of later steps may have been deleted. */
  | { readonly kind: 'unknown' }

/** `steps` and `leading` of the run that started at `startedAt`, and the latest jobs of all runs → its outlook. */
export function outlook(
  steps: readonly Step[],
  leading: Job,
  startedAt: number,
  { latest, lastSuccess }: { readonly latest: readonly Job[]; readonly lastSuccess: Job | undefined },
  now: Date,
): Outlook {
  const moving = movingSteps(latest, steps, leading, startedAt)
  const course = courseOf(steps, leading, now)
  // A cancelled run is as good as none, and so is one that came to a standstill without failing.
  const newer = runsSince(latest, startedAt, now).find(({ state }) => state !== 'cancelled' && state !== 'stalled')
  const open = newer === undefined ? course.kind === 'stands' : newer.state === 'failed' && course.kind !== 'continues'
  const run = newer?.run ?? stepJobs(steps)
  const obstacle = newer === undefined ? obstacleIn(run, steps) : undefined
  const needed = open && moving.length === 0
  return {
    course,
    lastSuccess: lastSuccess?.finishedAt ?? null,
    newer,
    moving,
    resume: needed && !obstacle ? resume(run) : undefined,
    obstacle: needed ? obstacle : undefined,
  }
}

/** Whether nobody has to act: the run came to its end, or continues, or a newer one succeeded. */
export function isSettled(outlook: Outlook | undefined): boolean {
  return outlook !== undefined && (outlook.course.kind !== 'stands' || outlook.newer?.state === 'succeeded')
}

/** When its last attempt began, as far as the row tells: the janitor clears the claim. */
const begunAt = ({ claimedAt, runAfter }: Job): number => claimedAt ?? runAfter

function stepJobs(steps: readonly Step[]): readonly StepJob[] {
  return steps.flatMap(({ name, job }) => (job ? [{ step: name, job }] : []))
}

function movingSteps(
  latest: readonly Job[],
  steps: readonly Step[],
  leading: Job,
  started: number,
): readonly MovingStep[] {
  const all = [...runOf(latest), ...stepJobs(steps)].filter(({ job }) => isMoving(job))
  return [...new Map(all.map((each) => [each.job.id, each])).values()].map((each) => {
    const startedAt = parseChainStart(each.job.chain ?? '')
    const of = (run: MovingStep['run'], resumed = false): MovingStep => ({ ...each, run, resumed, startedAt })
    if (startedAt === undefined) return of('another')
    if (startedAt === started) return of('this', begunAt(each.job) >= leading.failedAt)
    return of(startedAt > started ? 'a newer' : 'an older')
  })
}

function courseOf(steps: readonly Step[], leading: Job, now: Date): Course {
  const run = stepJobs(steps)
  const later = run.slice(run.findIndex(({ job }) => job.id === leading.id) + 1)
  const end = run.findLast(({ step, job }) => step === LAST_STEP.name && job.status === 'done')
  const finishedAt = end?.job.finishedAt ?? null
  // A step that was tried once more after the end, and died then, is no part of that success.
  if (finishedAt !== null && finishedAt >= begunAt(leading)) return { kind: 'finished', at: finishedAt }
  const at = later.findLast(
    ({ job }) =>
      isMoving(job) || (job.status === 'done' && (job.finishedAt ?? 0) >= begunAt(leading) && isFresh(job, now)),
  )
  return at && !later.slice(later.indexOf(at)).some(({ job }) => hasFailed(job) || job.cancelled)
    ? { kind: 'continues', at }
    : { kind: 'stands', endedBefore: finishedAt }
}

function furthestFailed(run: readonly StepJob[]): StepJob | undefined {
  return run.findLast(({ job }) => hasFailed(job))
}

/** What stands behind the furthest failed step: retrying that one would do its work twice. */
function obstacleIn(run: readonly StepJob[], steps: readonly Step[]): Obstacle | undefined {
  if (pruned(steps)) return { kind: 'unknown' }
  const failed = furthestFailed(run)
  const behind = failed ? run.slice(run.indexOf(failed) + 1) : []
  const cancelled = behind.findLast(({ job }) => job.cancelled)
  if (cancelled) return { ...cancelled, kind: 'cancelled' }
  const done = behind.findLast(
    ({ job }) => job.status === 'done' && (job.finishedAt ?? 0) >= begunAt(failed?.job as Job),
  )
  return done && { ...done, kind: 'done' }
}

/** At the furthest step, if it is there that the run stands. */
function resume(run: readonly StepJob[]): Resume | undefined {
  const at = furthestFailed(run)
  if (at === undefined) return undefined
  const index = REFRESH.steps.findIndex(({ name }) => name === at.step)
  const lost = new Set(run.filter(({ job }) => job.status !== 'done').map(({ step }) => step))
  const keeps = REFRESH.steps.slice(0, index).map(({ name }) => name)
  return { ...at, keeps: keeps.filter((name) => !lost.has(name)) }
}
