import { APPLE_MUSIC_REFRESH, type ChainDefinition, lastStep, parseChainStart, type StepDefinition } from './chains.js'
import type { Cluster } from './digest.js'
import type { Job } from './failures.js'

export type StepState = 'done' | 'dead' | 'failed' | 'running' | 'queued' | 'not started' | 'done (row pruned)'

export interface Step {
  readonly name: string
  readonly state: StepState
  readonly job: Job | undefined
  /** From claim to end, or to now while it runs, in milliseconds. */
  readonly duration: number | undefined
}

/** Another run of the same chain, started after the one that failed. */
export interface NewerRun {
  readonly startedAt: number
  readonly state: 'succeeded' | 'running' | 'queued' | 'failed'
  readonly step: string
  readonly at: number | null
}

export interface Chain {
  readonly title: string
  readonly shortTitle: string
  /** Path of its admin page. */
  readonly page: string
  readonly failures: Cluster
  /** Names of the steps among `failures`, in the chain's order. */
  readonly failedAt: readonly string[]
  readonly startedAt: number
  readonly steps: readonly Step[]
  /** Undefined for a chain that is not known. */
  readonly outlook: Outlook | undefined
}

/** What the failure means for those who use the result, and whether somebody has to act. */
export interface Outlook {
  readonly consequence: string
  /** When this very run reached its end after all, in milliseconds since the epoch. */
  readonly finishedAt: number | null
  readonly lastSuccess: number | null
  readonly newer: NewerRun | undefined
  /** The step to resume at, while that is still of use. */
  readonly resume: { readonly step: string; readonly job: Job; readonly keeps: readonly string[] } | undefined
}

/** What the database says about the chains beyond the failures themselves. */
export interface ChainContext {
  /** Every job of the chains concerned, in the order of creation. */
  readonly jobs: readonly Job[]
  /** The latest jobs of the known chain. */
  readonly latest: readonly Job[]
  readonly lastSuccess: Job | undefined
}

const STEPS_SHOWN = 12

/** The failures of one chain → its section, with the steps that have no row. */
export function chainSection(failures: Cluster, context: ChainContext, now: Date): Chain {
  const [latest] = failures.jobs
  const startedAt = parseChainStart(latest.chain ?? '') ?? latest.failedAt
  const jobs = jobsOf(failures, context)
  const definition = jobs.some((job) => belongsTo(APPLE_MUSIC_REFRESH, job)) ? APPLE_MUSIC_REFRESH : undefined
  const own = definition ? knownSteps(definition, jobs, now) : []
  const others = jobs.filter((job) => !definition?.steps.some((known) => isStep(known, job)))
  const otherSteps = others.map((job) => step(job.jobType, job, now))
  const steps = definition ? [...own, ...otherSteps] : otherSteps.slice(-STEPS_SHOWN)
  const failedIds = new Set(failures.jobs.map(({ id }) => id))
  const failedSteps = steps.filter((step) => step.job && failedIds.has(step.job.id)).map((step) => step.name)
  return {
    title: definition?.title ?? `${latest.source} chain`,
    shortTitle: definition?.shortTitle ?? `${latest.source} chain`,
    page: definition?.page ?? '/research/',
    failures,
    failedAt: [...new Set(failedSteps.length > 0 ? failedSteps : [latest.jobType])],
    startedAt,
    steps,
    outlook: definition && outlook(definition, own, startedAt, context),
  }
}

/** The chain's rows, with each failure once, as it was when it was claimed. */
function jobsOf(failures: Cluster, context: ChainContext): readonly Job[] {
  const [{ source, chain }] = failures.jobs
  const all = [...context.jobs.filter((job) => job.source === source && job.chain === chain), ...failures.jobs]
  return [...new Map(all.map((job) => [job.id, job])).values()].sort((a, b) => a.id - b.id)
}

function belongsTo(definition: ChainDefinition, job: Job): boolean {
  return job.source === definition.source && job.targetType === definition.targetType
}

function isStep(definition: StepDefinition, job: Job): boolean {
  return job.targetId === definition.targetId && job.jobType === definition.jobType
}

/** The whole ladder; a step that was enqueued twice has two rungs. */
function knownSteps(definition: ChainDefinition, jobs: readonly Job[], now: Date): readonly Step[] {
  const rungs = definition.steps.map((step) => jobs.filter((job) => isStep(step, job)))
  const lastRung = rungs.findLastIndex((rung) => rung.length > 0)
  return definition.steps.flatMap(({ name }, index): readonly Step[] => {
    const rung = rungs[index] ?? []
    if (rung.length > 0) return rung.map((job) => step(name, job, now))
    return [
      { name, state: index < lastRung ? 'done (row pruned)' : 'not started', job: undefined, duration: undefined },
    ]
  })
}

function step(name: string, job: Job, now: Date): Step {
  const end = job.status === 'running' ? now.getTime() : job.finishedAt
  const duration = job.claimedAt === null || end === null ? undefined : end - job.claimedAt
  return {
    name,
    state: job.status as StepState,
    job,
    duration: duration !== undefined && duration >= 0 && Number.isFinite(duration) ? duration : undefined,
  }
}

function outlook(
  definition: ChainDefinition,
  steps: readonly Step[],
  startedAt: number,
  { latest, lastSuccess }: ChainContext,
): Outlook {
  const last = steps.findLast(({ name, state }) => name === lastStep(definition).name && state === 'done')
  const newer = newerRun(definition, latest, startedAt)
  const finishedAt = last?.job?.finishedAt ?? null
  return {
    consequence: definition.consequence,
    finishedAt,
    lastSuccess: lastSuccess?.finishedAt ?? null,
    newer,
    resume: finishedAt === null && newer === undefined ? resume(steps) : undefined,
  }
}

/** The furthest step, if that is where the chain stands still: retrying an earlier one would do its work twice. */
function resume(steps: readonly Step[]): Outlook['resume'] {
  const reached = steps.filter(({ job }) => job !== undefined).at(-1)
  if (reached?.job === undefined || !['dead', 'failed'].includes(reached.state)) return undefined
  const before = steps.slice(0, steps.indexOf(reached))
  const keeps = before.filter(({ state }) => state.startsWith('done')).map(({ name }) => name)
  return { step: reached.name, job: reached.job, keeps: [...new Set(keeps)] }
}

function newerRun(definition: ChainDefinition, latest: readonly Job[], startedAt: number): NewerRun | undefined {
  const start = (job: Job): number => parseChainStart(job.chain ?? '') ?? Number.NEGATIVE_INFINITY
  const newest = Math.max(...latest.map(start))
  if (newest <= startedAt) return undefined
  const jobs = latest.filter((job) => start(job) === newest)
  const furthest = definition.steps.findLast((known) => jobs.some((job) => isStep(known, job)))
  const job = furthest && jobs.find((candidate) => isStep(furthest, candidate))
  if (!furthest || !job) return undefined
  const state = stateOfRun(job, furthest === lastStep(definition))
  return { startedAt: newest, state, step: furthest.name, at: job.finishedAt }
}

/** A chain stands where its furthest job does; between two steps it has neither a queued nor a running one. */
function stateOfRun({ status }: Job, isLastStep: boolean): NewerRun['state'] {
  if (status === 'done') return isLastStep ? 'succeeded' : 'running'
  return status === 'running' || status === 'queued' ? status : 'failed'
}
