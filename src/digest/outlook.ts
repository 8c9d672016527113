import { type ChainDefinition, lastStep, parseChainStart } from '../chains.js'
import type { Job } from '../job.js'
import { isMoving, type Run, runOf, runsSince, type StepJob } from './runs.js'
import type { Step } from './steps.js'

/** A step to resume at, and the steps that need not be done again. */
export interface Resume extends StepJob {
  readonly keeps: readonly string[]
}

export interface MovingStep extends StepJob {
  /** Its run, as seen from the one that failed. */
  readonly run: 'this' | 'a newer' | 'an older' | 'another'
  /** When its run started, where its row tells. */
  readonly startedAt: number | undefined
}

/** What became of the run after the failure. */
export type Course =
  /** `endedBefore`: it had reached its end, and the step was run again after that. */
  | { readonly kind: 'stands'; readonly endedBefore: number | null }
  /** It reached its end although the step is down as failed: the step had started the next one before. */
  | { readonly kind: 'finished'; readonly at: number }
  /** A later step is queued, running, or has just been done. */
  | { readonly kind: 'goes on'; readonly at: StepJob }

/** What the failure means for those who use the result, and whether somebody has to act. */
export interface Outlook {
  readonly consequence: string
  readonly course: Course
  readonly lastSuccess: number | null
  /** The latest of the newer runs that nobody cancelled. */
  readonly newer: Run | undefined
  /** Steps of this or any other run that are queued or running: nothing is to be resumed beside them. */
  readonly moving: readonly MovingStep[]
  /** Where to resume, of this run or of a newer one that failed as well; undefined when that would be wrong. */
  readonly resume: Resume | undefined
}

export function outlook(
  definition: ChainDefinition,
  steps: readonly Step[],
  leading: Job,
  startedAt: number,
  { latest, lastSuccess }: { readonly latest: readonly Job[]; readonly lastSuccess: Job | undefined },
): Outlook {
  const moving = movingSteps(definition, latest, steps, startedAt)
  const course = courseOf(definition, steps, leading)
  // A cancelled run is as good as none.
  const newer = runsSince(definition, latest, startedAt).find(({ state }) => state !== 'cancelled')
  const target = newer?.run ?? stepJobs(steps)
  const needed = course.kind === 'stands' && moving.length === 0 && (newer === undefined || newer.state === 'failed')
  return {
    consequence: definition.consequence,
    course,
    lastSuccess: lastSuccess?.finishedAt ?? null,
    newer,
    moving,
    resume: needed ? resume(definition, target) : undefined,
  }
}

export const hasFailed = ({ status, cancelled }: Job): boolean =>
  (status === 'dead' || status === 'failed') && !cancelled

/** When its last attempt began, as far as the row tells: the janitor clears the claim. */
const begunAt = ({ claimedAt, runAfter }: Job): number => claimedAt ?? runAfter

function stepJobs(steps: readonly Step[]): readonly StepJob[] {
  return steps.flatMap(({ name, job }) => (job ? [{ step: name, job }] : []))
}

function movingSteps(
  definition: ChainDefinition,
  latest: readonly Job[],
  steps: readonly Step[],
  started: number,
): readonly MovingStep[] {
  const all = [...runOf(definition, latest), ...stepJobs(steps)].filter(({ job }) => isMoving(job))
  return [...new Map(all.map((each) => [each.job.id, each])).values()].map((each) => {
    const startedAt = parseChainStart(each.job.chain ?? '')
    if (startedAt === undefined) return { ...each, startedAt, run: 'another' }
    if (startedAt === started) return { ...each, startedAt, run: 'this' }
    return { ...each, startedAt, run: startedAt > started ? 'a newer' : 'an older' }
  })
}

function courseOf(definition: ChainDefinition, steps: readonly Step[], leading: Job): Course {
  const run = stepJobs(steps)
  const later = run.slice(run.findIndex(({ job }) => job.id === leading.id) + 1)
  const end = run.findLast(({ step, job }) => step === lastStep(definition).name && job.status === 'done')
  const finishedAt = end?.job.finishedAt ?? null
  // A step that was tried once more after the end, and died then, is no part of that success.
  if (finishedAt !== null && finishedAt >= begunAt(leading)) return { kind: 'finished', at: finishedAt }
  const at = later.findLast(
    ({ job }) => isMoving(job) || (job.status === 'done' && (job.finishedAt ?? 0) >= begunAt(leading)),
  )
  return at && !later.slice(later.indexOf(at)).some(({ job }) => hasFailed(job) || job.cancelled)
    ? { kind: 'goes on', at }
    : { kind: 'stands', endedBefore: finishedAt }
}

/** At the furthest step, if it is there that the run stands: retrying an earlier one would do its work twice. */
function resume(definition: ChainDefinition, run: readonly StepJob[]): Resume | undefined {
  const at = run.findLast(({ job }) => hasFailed(job))
  if (at === undefined || run.slice(run.indexOf(at)).some(({ job }) => job.cancelled)) return undefined
  const index = definition.steps.findIndex(({ name }) => name === at.step)
  const lost = new Set(run.filter(({ job }) => job.status !== 'done').map(({ step }) => step))
  const keeps = definition.steps.slice(0, index).map(({ name }) => name)
  return { ...at, keeps: keeps.filter((name) => !lost.has(name)) }
}
