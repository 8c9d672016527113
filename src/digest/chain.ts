import { APPLE_MUSIC_REFRESH, type ChainDefinition, isStep, parseChainStart } from '../chains.js'
import type { Job } from '../job.js'
import type { Cluster } from './groups.js'
import { type Outlook, outlook } from './outlook.js'

export type StepState =
  | 'done'
  | 'dead'
  | 'failed'
  | 'cancelled'
  | 'running'
  | 'queued'
  | 'not started'
  | 'done (row pruned)'

export interface Step {
  readonly name: string
  readonly state: StepState
  readonly job: Job | undefined
  /** From claim to end, or to now while it runs, in milliseconds. */
  readonly duration: number | undefined
}

/** The failures of one chain: jobs of one source with one chain_started_at. */
export interface ChainFailures extends Cluster {
  /** Latest first, at most ten, with their errors. */
  readonly failed: readonly Job[]
  /** How many of each source and job type. */
  readonly kinds: ReadonlyMap<string, number>
}

export interface Chain {
  readonly title: string
  readonly shortTitle: string
  /** Path of its admin page. */
  readonly page: string
  /** The failure to tell first: of the step furthest in the chain, where it stands. */
  readonly leading: Job
  /** Name of its step. */
  readonly failedAt: string
  readonly startedAt: number
  readonly steps: readonly Step[]
  /** Undefined for a chain that is not known. */
  readonly outlook: Outlook | undefined
}

/** What the database says about the chains beyond the failures themselves. */
export interface ChainContext {
  /** Every job of the chains concerned, in the order of creation. */
  readonly jobs: readonly Job[]
  /** Of the known chain: what is queued or running, then the latest jobs of all its runs. */
  readonly latest: readonly Job[]
  readonly lastSuccess: Job | undefined
}

const STEPS_SHOWN = 12

/** The failures of one chain → its section, with the steps that have no row. */
export function chainSection(failures: ChainFailures, context: ChainContext, now: Date): Chain {
  const { latest } = failures
  const startedAt = parseChainStart(latest.chain ?? '') ?? latest.failedAt
  const jobs = jobsOf(failures, context)
  const definition = jobs.some((job) => belongsTo(APPLE_MUSIC_REFRESH, job)) ? APPLE_MUSIC_REFRESH : undefined
  const own = definition ? knownSteps(definition, jobs, now) : []
  const others = jobs.filter((job) => !definition?.steps.some((known) => isStep(known, job)))
  const otherSteps = others.map((job) => step(job.jobType, job, now))
  const { name, job: leading } = furthestFailure(failures, own.length > 0 ? own : otherSteps)
  return {
    title: definition?.title ?? `${latest.source} chain`,
    shortTitle: definition?.shortTitle ?? `${latest.source} chain`,
    page: definition?.page ?? '/research/',
    leading,
    failedAt: name,
    startedAt,
    steps: definition ? [...own, ...otherSteps] : otherSteps.slice(-STEPS_SHOWN),
    outlook: definition && outlook(definition, own, leading, startedAt, context),
  }
}

/** The chain's rows, with each failure once, as it was when it was claimed. */
function jobsOf({ latest: { source, chain }, failed }: ChainFailures, context: ChainContext): readonly Job[] {
  const all = [...context.jobs.filter((job) => job.source === source && job.chain === chain), ...failed]
  return [...new Map(all.map((job) => [job.id, job])).values()].sort((a, b) => a.id - b.id)
}

/** Among the failures to report; a job that is no step of the chain counts only where there is no other. */
function furthestFailure({ failed, latest }: ChainFailures, steps: readonly Step[]): { name: string; job: Job } {
  const ids = new Set(failed.map(({ id }) => id))
  const furthest = steps.findLast(({ job }) => job && ids.has(job.id))
  return furthest?.job ? { name: furthest.name, job: furthest.job } : { name: latest.jobType, job: latest }
}

function belongsTo(definition: ChainDefinition, job: Job): boolean {
  return job.source === definition.source && job.targetType === definition.targetType
}

/** The whole ladder; a step that was enqueued twice stands there twice. */
export function knownSteps(definition: ChainDefinition, jobs: readonly Job[], now: Date): readonly Step[] {
  const rows = definition.steps.map((known) => jobs.filter((job) => isStep(known, job)))
  const last = rows.findLastIndex((found) => found.length > 0)
  return definition.steps.flatMap(({ name }, index): readonly Step[] => {
    const found = rows[index] ?? []
    if (found.length > 0) return found.map((job) => step(name, job, now))
    return [{ name, state: index < last ? 'done (row pruned)' : 'not started', job: undefined, duration: undefined }]
  })
}

function step(name: string, job: Job, now: Date): Step {
  const end = job.status === 'running' ? now.getTime() : job.finishedAt
  const duration = job.claimedAt === null || end === null ? undefined : end - job.claimedAt
  return {
    name,
    state: job.cancelled ? 'cancelled' : (job.status as StepState),
    job,
    duration: duration !== undefined && duration >= 0 && Number.isFinite(duration) ? duration : undefined,
  }
}
