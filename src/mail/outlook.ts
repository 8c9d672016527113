import { REFRESH, SUCCESSES_KEPT_DAYS } from '../chains.js'
import type { Chain } from '../digest/chain.js'
import type { MovingStep, Obstacle, Outlook, Resume } from '../digest/outlook.js'
import { type ChainRun, isMoving, isUnderWay, type StepJob } from '../digest/runs.js'
import type { Job } from '../job.js'
import { list } from '../text/words.js'
import type { Clock } from './clock.js'
import type { Section } from './section.js'

/**
 * What became of a refresh after the failure, what that means, and what else is under way. `elsewhere`: the statement
 * that resumes it stands in another section.
 */
export function outlookLines(outlook: Outlook, chain: Chain, elsewhere: boolean, clock: Clock): readonly string[] {
  const { course, newer, moving, obstacle } = outlook
  const failedToo = newerLines(outlook, elsewhere, clock)
  if (course.kind === 'continues')
    return [`The refresh continues: ${stands(course.at)}.`, ...failedToo, ...waitFor(outlook)]
  const beside = [...failedToo, ...movingLines(moving, clock), ...waitFor(outlook)]
  if (course.kind === 'finished') {
    const end = `The refresh finished on ${clock.moment(course.at)}`
    return [newer?.state === 'failed' ? `${end}.` : `${end}: nothing to resume.`, ...beside]
  }
  if (newer?.state === 'succeeded') return [succeeded(newer, chain.leading, clock), ...beside]
  const standing = newer && elsewhere ? [] : standingLines(outlook, course.endedBefore, chain, clock)
  return [...standing, ...beside, ...(obstacle ? [obstacleLine(obstacle)] : [])]
}

/** What keeps somebody from resuming at once. */
function waitFor({ course, newer, moving }: Outlook): readonly string[] {
  if (course.kind === 'continues')
    return newer?.state === 'failed' ? ['Wait until this refresh has ended before you resume the newer one.'] : []
  const isOver = course.kind === 'finished' ? newer?.state !== 'failed' : newer?.state === 'succeeded'
  const isWaitedFor = moving.length > 0 || (newer !== undefined && isUnderWay(newer))
  return isOver || !isWaitedFor ? [] : ['Wait until that has ended before you resume anything.']
}

/** What a run that stands where it failed means for those who use its result. */
function standingLines(
  { lastSuccess, newer, resume }: Outlook,
  endedBefore: number | null,
  { leading, failedAt }: Chain,
  clock: Clock,
): readonly string[] {
  const again = `This refresh had finished on ${clock.moment(endedBefore)}; ${failedAt} was run again after that.`
  const further =
    newer === undefined && resume !== undefined && resume.job.id !== leading.id
      ? [`${resume.step} (job ${resume.job.id}) had failed before, on ${clock.moment(resume.job.failedAt)}.`]
      : []
  const stale =
    lastSuccess === null
      ? `No successful refresh is on record (jobs that succeeded are kept for ${SUCCESSES_KEPT_DAYS} days).`
      : `${REFRESH.consequence}: ${clock.moment(lastSuccess)}, ${clock.ago(lastSuccess)}.`
  return [...(endedBefore === null ? [] : [again]), ...further, stale]
}

function succeeded({ startedAt, reached }: ChainRun, { failedAt }: Job, clock: Clock): string {
  const at = reached.job.finishedAt
  const when = at !== null && at < failedAt ? 'had succeeded before this failure' : 'has succeeded since'
  return `A newer refresh, started ${clock.moment(startedAt)}, ${when} (${clock.moment(at)}): nothing to resume.`
}

function newerLines({ newer, course, resume }: Outlook, elsewhere: boolean, clock: Clock): readonly string[] {
  if (newer === undefined || newer.state === 'succeeded' || isMoving(newer.reached.job)) return []
  const { startedAt, state, reached } = newer
  const start = `A newer refresh, started ${clock.moment(startedAt)},`
  if (state !== 'failed') return [`${start} is under way: ${stands(reached)}.`]
  const failed = course.kind === 'stands' ? 'failed as well, at' : 'failed at'
  const advice = resume ? `: resume that one${elsewhere ? ', with the statement in another section' : ''}` : ''
  return [`${start} ${failed} ${reached.step} (job ${reached.job.id})${advice}.`]
}

const WHOSE = { 'a newer': 'A newer refresh', 'an older': 'An older refresh', another: 'Another refresh' } as const

function movingLines(moving: readonly MovingStep[], clock: Clock): readonly string[] {
  if (moving.length === 0) return []
  const own = moving.filter(({ run }) => run === 'this')
  const resumed = own.filter((step) => step.resumed).map(stands)
  const still = own.filter((step) => !step.resumed).map(stands)
  return [
    ...(resumed.length > 0 ? [`Somebody has resumed this refresh: ${list(resumed)}.`] : []),
    ...(still.length > 0
      ? [
          `${still.length > 1 ? 'Other steps of this refresh are' : 'Another step of this refresh is'} still under way: ${list(still)}.`,
        ]
      : []),
    ...moving.flatMap(({ run, startedAt, ...at }) => {
      const started = startedAt === undefined ? '' : `, started ${clock.moment(startedAt)},`
      return run === 'this' ? [] : [`${WHOSE[run]}${started} is under way: ${stands(at)}.`]
    }),
  ]
}

function obstacleLine(obstacle: Obstacle): string {
  if (obstacle.kind === 'unknown')
    return `Rows are deleted after ${SUCCESSES_KEPT_DAYS} days, so it is unknown whether later steps ran. Start again from the admin page.`
  const { kind, step, job } = obstacle
  return kind === 'cancelled'
    ? `${step} was cancelled (job ${job.id}), so there is nothing to resume. Start again from the admin page.`
    : `${step} is done (job ${job.id}), but the next step was never queued. Start again from the admin page.`
}

/** "songs is running (job 4102)" */
export function stands({ step, job }: StepJob): string {
  if (job.status === 'done') return `${step} is done (job ${job.id}), and the next step is not queued yet`
  return `${step} is ${job.status} (job ${job.id})`
}

/** The admin page can only start again from the first step; this resumes, and only while the job is still dead. */
export function resumption({ step, job, keeps }: Resume, newer: boolean): NonNullable<Section['resume']> {
  const kept = keeps.length > 0 ? `keeps ${list(keeps)}; ` : ''
  return {
    introduction: `Resume${newer ? ' the newer refresh' : ''} at ${step} (${kept}does nothing unless job ${job.id} is still ${job.status}). Run this as the owner of the table:`,
    statement: `update research_jobs set status = 'queued', attempts = 0,
  run_after = now(), claimed_at = null, claimed_by = null,
  finished_at = null, last_error = null
where id = ${job.id} and status = '${job.status}';`,
  }
}
