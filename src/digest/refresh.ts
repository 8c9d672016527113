import { LAST_STEP, parseChainStart, REFRESH, type Step, SUCCESSES_KEPT_DAYS, stepOf } from '../chains.js'
import { inOrderOfCreation, type Job, type Overdue } from '../job.js'
import { DAY, HOUR } from '../text/time.js'
import type { Digest } from './digest.js'
import type { Failures } from './group.js'

/** A job that is a step of the refresh. */
export interface StepJob {
  readonly step: Step
  readonly job: Job
}

/**
 * The jobs of the refresh with one chain_started_at. A pass stands at the step that is queued or running,
 * else at the step that began last; the state of that step is the state of the pass.
 */
export interface Pass {
  /** Undefined if no row tells. */
  readonly startedAt: number | undefined
  readonly state: 'succeeded' | 'under way' | 'failed' | 'cancelled' | 'stalled'
  readonly at: StepJob
  /** In the order of the steps, those of one step in the order of creation. */
  readonly jobs: readonly StepJob[]
}

/** False for a job that an admin cancelled before it had an error. */
export const hasFailed = ({ status, cancelled }: Job): boolean =>
  (status === 'dead' || status === 'failed') && !cancelled

export const isInFlight = ({ status }: Job): boolean => status === 'queued' || status === 'running'

/** When the last attempt began, or could begin: the janitor clears claimed_at. */
export const begunAt = ({ claimedAt, runAfter }: Job): number => claimedAt ?? runAfter

/** Jobs → the passes of the refresh, the newest first. */
export function passesOf(jobs: readonly Job[], now: Date): readonly Pass[] {
  const passes = new Map<number | undefined, StepJob[]>()
  for (const job of jobs) {
    const step = stepOf(job)
    const startedAt = parseChainStart(job.chain)
    if (!step || (startedAt === undefined && !isInFlight(job))) continue
    passes.set(startedAt, [...(passes.get(startedAt) ?? []), { step, job }])
  }
  const place = ({ step }: StepJob): number => REFRESH.steps.indexOf(step)
  return [...passes]
    .sort(([a = Number.POSITIVE_INFINITY], [b = Number.POSITIVE_INFINITY]) => b - a)
    .map(([startedAt, found]) => {
      const ordered = found.sort((a, b) => place(a) - place(b) || inOrderOfCreation(a.job, b.job))
      const laterBegun = (a: StepJob, b: StepJob): StepJob => (begunAt(b.job) >= begunAt(a.job) ? b : a)
      const at = ordered.findLast(({ job }) => isInFlight(job)) ?? ordered.reduce(laterBegun)
      return { startedAt, state: stateOf(at, now), at, jobs: ordered }
    })
}

/** A step queues the next one as it ends: in between no row is queued or running. */
function stateOf({ step, job }: StepJob, now: Date): Pass['state'] {
  if (isInFlight(job)) return 'under way'
  if (job.cancelled) return 'cancelled'
  if (job.status !== 'done') return 'failed'
  if (step === LAST_STEP) return 'succeeded'
  return now.getTime() - (job.finishedAt ?? 0) < HOUR ? 'under way' : 'stalled'
}

/** Whether later steps may have run and lost their rows: a reaped step may have queued the next one. */
export function mayHaveGoneOn(job: Job | undefined, now: Date): boolean {
  return job?.reaped === true && now.getTime() - job.failedAt > SUCCESSES_KEPT_DAYS * DAY
}

/** What is to be done, and the pass in question. */
export type Remedy =
  /** The pass succeeded; is under way; is queued or running for longer than a live worker leaves it. */
  | { readonly do: 'nothing' | 'wait' | 'restart the worker'; readonly pass: Pass }
  /** The pass can go on from its step. The steps in `keeps` stay done. */
  | { readonly do: 'resume'; readonly pass: Pass; readonly keeps: readonly string[] }
  | { readonly do: 'start again'; readonly pass: Pass; readonly because: Obstacle }
  /** Nothing was tried. */
  | { readonly do: 'start'; readonly pass?: undefined }

/** Why a pass cannot be resumed. */
export type Obstacle = 'cancelled' | 'stalled' | 'rows deleted' | 'out of order'

/** The refresh that failed or is overdue: the newest pass that failed, and what is to be done. */
export interface Refresh {
  /** The newest pass with a failure to report, or that failed since the last success; undefined if none did. */
  readonly pass: Pass | undefined
  /** Failures of that pass, the furthest step first. */
  readonly failed: readonly Job[]
  readonly failures: Failures | undefined
  /** Failures to report of other passes, the latest first. */
  readonly others: readonly Job[]
  /** If overdue: passes since the last success, newest first. `pass` is first, or absent if reported. */
  readonly tried: readonly Pass[]
  /** In milliseconds since the epoch. */
  readonly lastSuccess: number | null
  /** The step whose consequence holds: the furthest broken since the last success, else the first. */
  readonly broken: Step
  readonly remedy: Remedy
  readonly overdue: Overdue | undefined
  readonly now: Date
}

/** What is to be said of the refresh; undefined unless it failed or is overdue. */
export function refreshIn({ refresh: failures, context, now }: Digest): Refresh | undefined {
  const { overdue } = context
  if (!failures && !overdue) return undefined
  const reported = failures?.jobs ?? []
  // A failure is shown as it was when claimed: the job may have been retried since.
  const rows = [...context.jobs, ...context.latest, ...reported]
  const passes = passesOf([...new Map(rows.map((job) => [job.id, job])).values()], now)
  const lastSuccess = context.lastSuccess?.finishedAt ?? null
  const since = lastSuccess ?? Number.NEGATIVE_INFINITY
  const ids = new Set(reported.map(({ id }) => id))
  const isReported = ({ jobs }: Pass): boolean => jobs.some(({ job }) => ids.has(job.id))
  const hasFailedSince = ({ state, at }: Pass): boolean => state === 'failed' && at.job.failedAt > since
  const concerned = passes.filter((each) => isReported(each) || hasFailedSince(each))
  // A pass that was cancelled or stalled counts only if no other does.
  const pass = concerned.find(({ state }) => state !== 'cancelled' && state !== 'stalled') ?? concerned[0]
  const tried = overdue ? passes.filter(({ at }) => isInFlight(at.job) || at.job.failedAt > since) : []
  const failed = (pass?.jobs ?? []).map(({ job }) => job).filter(hasFailed)
  const own = new Set(failed.map(({ id }) => id))
  return {
    pass,
    failed: failed.toReversed(),
    failures,
    others: reported.filter(({ id }) => !own.has(id)),
    tried: [...(pass && !failures ? [pass] : []), ...tried.filter((each) => each !== pass)],
    lastSuccess,
    broken: brokenStep(passes, since),
    remedy: remedyOf(pass ?? tried[0], passes, overdue !== undefined, now),
    overdue,
    now,
  }
}

/** The furthest step that failed, or was cancelled while it ran, after `since`: its work may be half done. */
function brokenStep(passes: readonly Pass[], since: number): Step {
  const broken = passes
    .flatMap(({ jobs }) => jobs)
    .filter(({ job }) => (hasFailed(job) || (job.cancelled && job.claimedAt !== null)) && job.failedAt > since)
  const { steps } = REFRESH
  return steps.findLast((step) => broken.some((each) => each.step === step)) ?? steps[0]
}

/** A step queued for longer has no worker thread; a live janitor gives up a job after 90 minutes, or five more. */
const AT_MOST: Readonly<Record<string, number>> = { queued: HOUR, running: 2 * HOUR }

/** Whether somebody has to act. */
export function isNeeded(remedy: Remedy): boolean {
  return remedy.do !== 'nothing' && remedy.do !== 'wait'
}

/**
 * What is to be done, by the first rule that applies. `passes` are all, newest first; `pass` is the one in question, as
 * in Refresh, else the newest that was tried. The last rule offers the statement that resumes `pass`, so that all of
 * these hold:
 * - no pass that started at the same time or later has succeeded (an overdue refresh is resumed nevertheless);
 * - no pass is under way: queued, running, or between two steps for less than an hour;
 * - it was neither cancelled nor stalled;
 * - its furthest job was not given up so long ago that rows of later steps may be deleted;
 * - the failed step at which it stands is the furthest that failed.
 */
function remedyOf(pass: Pass | undefined, passes: readonly Pass[], overdue: boolean, now: Date): Remedy {
  const { startedAt: start = Number.NaN } = pass ?? {}
  const ended = passes.find(({ state, startedAt = Number.NaN }) => state === 'succeeded' && startedAt >= start)
  if (ended && !overdue) return { do: 'nothing', pass: ended }

  const underWay = [...(pass ? [pass] : []), ...passes].find(({ state }) => state === 'under way')
  if (underWay) return { do: isStuck(underWay, now) ? 'restart the worker' : 'wait', pass: underWay }

  if (pass === undefined) return { do: 'start' }
  if (pass.state === 'cancelled' || pass.state === 'stalled') return { do: 'start again', pass, because: pass.state }
  if (mayHaveGoneOn(pass.jobs.at(-1)?.job, now)) return { do: 'start again', pass, because: 'rows deleted' }

  const furthest = pass.jobs.findLast(({ job }) => hasFailed(job))
  if (furthest !== pass.at) return { do: 'start again', pass, because: 'out of order' }
  return { do: 'resume', pass, keeps: keptBy(pass) }
}

function isStuck({ at: { job } }: Pass, now: Date): boolean {
  return now.getTime() - begunAt(job) >= (AT_MOST[job.status] ?? Number.POSITIVE_INFINITY)
}

/** The earlier steps whose last job is done. A step without a row was done: its row is deleted. */
function keptBy({ jobs, at }: Pass): readonly string[] {
  const before = REFRESH.steps.slice(0, REFRESH.steps.indexOf(at.step)).map(({ name }) => name)
  return before.filter((name) => (jobs.findLast(({ step }) => step.name === name)?.job.status ?? 'done') === 'done')
}
