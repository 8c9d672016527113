import { SUCCESSES_KEPT_DAYS } from '../chains.js'
import type { Chain, ChainFailures } from '../digest/chain.js'
import type { Cluster, Listed } from '../digest/cluster.js'
import type { Group } from '../digest/group.js'
import type { MovingStep, Outlook, Resume } from '../digest/outlook.js'
import type { Overdue } from '../digest/overdue.js'
import { isMoving, type Run, type StepJob } from '../digest/runs.js'
import type { Step } from '../digest/steps.js'
import { howItDied, type Job, kindOf } from '../job.js'
import { excerpt, headline } from '../text/traceback.js'
import { cut, list, oneLine, plural } from '../text/words.js'
import type { Clock } from './clock.js'
import { duration, span } from './duration.js'
import type { Pages } from './pages.js'

/** How much of everything is shown; a storm is rendered again with less. */
export interface Caps {
  /** Chains, and again groups. */
  readonly sections: number
  /** Steps of one chain. */
  readonly steps: number
  /** Jobs of one section. */
  readonly jobs: number
  /** Lines of one error, and characters of its first line. */
  readonly errorLines: number
  readonly error: number
  /** Lines for what has no section. */
  readonly remainder: number
}

/** One thing that failed, in words. */
export interface Section {
  readonly headline: string
  /** The headline and its time in a few words, for the overview. */
  readonly brief: string
  readonly when: string
  readonly summary: string
  readonly ladder: readonly Rung[]
  readonly error: Quote | undefined
  readonly jobs: readonly JobLine[]
  readonly more: string | undefined
  readonly outlook: readonly string[]
  readonly links: readonly Link[]
  readonly resume: { readonly introduction: string; readonly statement: string } | undefined
}

/** An error, its first line first, under what it is said to be. */
export interface Quote {
  readonly label: string
  readonly lines: readonly string[]
  readonly variants: string | undefined
}

export interface Rung {
  readonly mark: '✓' | '✗' | '·' | '…'
  readonly name: string
  readonly state: string
  readonly duration: string
  readonly job: string
  readonly note: string
  readonly link: string | undefined
}

/** One failed job: its facts, and what is true of it alone. Where jobs are alike their facts make a table. */
export interface JobLine {
  /** All in one, or job, target and time. */
  readonly facts: readonly string[]
  readonly notes: readonly string[]
  readonly link: string
}

export interface Link {
  readonly label: string
  readonly url: string
}

/** What most sections do without. */
const NONE = { ladder: [], error: undefined, jobs: [], more: undefined, outlook: [], resume: undefined } as const

const NAME_LENGTH = 60
const KIND_LENGTH = 100
/** Characters of an error in a list below the leading one. */
const LISTED_ERROR = 200
const VARIANTS_SHOWN = 5
const RUNS_SHOWN = 5
const NO_ERROR = '(no error was recorded)'

/** One line of a text that may be anything. */
export function short(text: string, length = KIND_LENGTH): string {
  return cut(oneLine(text), length)
}

/** What an error says first, on one line. */
export function firstLine(error: string | null, length: number): string {
  return cut(oneLine(headline(error ?? '')) || NO_ERROR, length)
}

export class SectionWriter {
  constructor(
    private readonly clock: Clock,
    private readonly pages: Pages,
    private readonly caps: Caps,
  ) {}

  /**
   * `overdue` where the mail has to say that as well; `offered` are the jobs at which earlier sections have offered
   * to resume.
   */
  chain(failures: ChainFailures, chain: Chain, overdue: Overdue | undefined, offered: ReadonlySet<number>): Section {
    const { title, shortTitle, page, leading, failedAt, startedAt, steps, outlook } = chain
    const others = failures.failed.filter(({ id }) => id !== leading.id)
    const shown = [leading, ...others].slice(0, Math.max(1, this.caps.jobs))
    const step = short(failedAt, NAME_LENGTH)
    const verb = outlook && outlook.course.kind !== 'stands' ? `${step} ${ended(leading)}` : 'failed'
    const resume = outlook?.resume
    return {
      headline: short(title) + this.becameOf(step, leading, outlook),
      brief: `${short(shortTitle)} failed at ${step}`,
      when: this.clock.short(leading.failedAt),
      summary: `Started ${this.clock.moment(startedAt)}, ${verb} ${this.clock.after(startedAt, leading.failedAt)} (${this.clock.ago(leading.failedAt)})`,
      ladder: steps.slice(0, this.caps.steps).map((each) => this.rung(each)),
      error: this.quote(leading, 'Error'),
      jobs: shown.map((job, index) => this.failedStep(job, leading, shown[index - 1])),
      more: this.moreOfChain(failures, shown),
      outlook: [
        ...(outlook ? this.outlook(outlook, chain, resume !== undefined && offered.has(resume.job.id)) : []),
        ...(overdue ? [this.lapse(overdue)] : []),
      ],
      links: [
        { label: 'Open the admin page', url: this.pages.at(page) },
        ...(outlook?.newer?.state === 'failed'
          ? [{ label: 'Open the newer failure', url: this.pages.job(outlook.newer.reached.job.id) }]
          : []),
      ],
      resume: resume && !offered.has(resume.job.id) ? resumption(resume, outlook?.newer !== undefined) : undefined,
    }
  }

  /** For a refresh that is overdue although none has just failed. */
  overdue(overdue: Overdue): Section {
    const { lastSuccess, runs } = overdue
    const { title, shortTitle, page, consequence } = overdue.definition
    const last = `${this.clock.moment(lastSuccess)}, ${this.clock.ago(lastSuccess)}`
    return {
      ...NONE,
      headline: `${title} is overdue`,
      brief: `${shortTitle} is overdue`,
      when: `since ${this.clock.short(lastSuccess + overdue.after)}`,
      summary: this.lapse(overdue),
      outlook: [
        `${consequence}: ${last}.`,
        ...(runs.length === 0
          ? ['No refresh has been started since.']
          : runs.slice(0, RUNS_SHOWN).map((run) => this.attempt(run))),
        ...(runs.length > RUNS_SHOWN ? [`… and ${plural(runs.length - RUNS_SHOWN, 'earlier attempt')}.`] : []),
      ],
      links: [{ label: 'Open the admin page', url: this.pages.at(page) }],
    }
  }

  group(group: Group): Section {
    const { kind, count, first, last, death, latest, jobs, alike } = group
    const shown = jobs.slice(0, this.caps.jobs)
    const what = count === 1 ? short(kind) : plural(count, `${short(kind)} job`)
    const when = count === 1 ? `${this.clock.moment(last)} (${this.clock.ago(last)})` : this.clock.range(first, last)
    return {
      ...NONE,
      headline: `${what} failed`,
      brief: what,
      when: this.clock.shortRange(first, last),
      summary: death === undefined ? when : `${death}, ${when}`,
      error: this.quote(latest, alike ? 'Error' : `${count.toLocaleString('en')} errors such as`, this.variants(group)),
      jobs: shown.map((job) => this.listed(job, group)),
      more: count > shown.length && shown.length > 0 ? `… and ${plural(count - shown.length, 'more job')}` : undefined,
      links: [
        count === 1
          ? { label: 'Open this job', url: this.pages.job(latest.id) }
          : { label: 'Open these jobs', url: this.pages.jobsLike(latest) },
      ],
    }
  }

  /** For what cannot be said as it should be: its jobs by their ids alone. */
  bare({ count, jobs }: Cluster): Section {
    const shown = jobs.slice(0, Math.max(1, this.caps.jobs))
    return {
      ...NONE,
      headline: `${plural(count, 'job')} failed`,
      brief: plural(count, 'job'),
      when: '',
      summary: 'The details of these jobs could not be shown. The log of job-alert says why.',
      jobs: shown.map(({ id }) => ({ facts: [`job ${id}`], notes: [], link: this.pages.job(id) })),
      more: count > shown.length ? `… and ${plural(count - shown.length, 'more job')}` : undefined,
      links: [{ label: 'Open all jobs', url: this.pages.at() }],
    }
  }

  /** The end of the headline: where it failed, or that the refresh went on. */
  private becameOf(step: string, leading: Job, outlook: Outlook | undefined): string {
    if (outlook?.course.kind === 'finished')
      return `: ${step} ${ended(leading)}, but the refresh finished ${this.clock.after(leading.failedAt, outlook.course.at)}`
    if (outlook?.course.kind === 'goes on')
      return `: ${step} ${ended(leading)}, but the refresh goes on at ${outlook.course.at.step}`
    return ` failed at ${step}`
  }

  private rung({ name, state, duration: time, job }: Step): Rung {
    const failed = state === 'dead' || state === 'failed'
    return {
      mark: failed ? '✗' : state.startsWith('done') ? '✓' : state === 'running' || state === 'queued' ? '…' : '·',
      name: short(name, NAME_LENGTH),
      state,
      duration: time === undefined ? '' : duration(time),
      job: job ? `job ${job.id}` : '',
      note: job && failed ? `attempt ${job.attempts} of ${job.maxAttempts}` : '',
      link: job && this.pages.job(job.id),
    }
  }

  /** A failed job of a chain: the leading one, or another one below it. An error is said unless it is that above. */
  private failedStep(job: Job, leading: Job, above: Job | undefined): JobLine {
    const link = this.pages.job(job.id)
    // Of a step that has one attempt the ladder has said how it died.
    if (!above)
      return {
        facts: [`${short(kindOf(job))}  ${target(job)}`],
        notes: job.maxAttempts === 1 && !job.reaped ? [] : [howItDied(job)],
        link,
      }
    const error = firstLine(job.error, LISTED_ERROR)
    return {
      facts: [`job ${job.id}  ${short(kindOf(job))}  ${this.clock.after(leading.failedAt, job.failedAt)}`],
      notes: [target(job), howItDied(job), ...(job.error === above.error || isOfJanitor(error) ? [] : [error])],
      link,
    }
  }

  private listed(job: Listed, { count, last, death }: Group): JobLine {
    const when = count > 1 ? [this.clock.after(last, job.failedAt)] : []
    return {
      facts: [`job ${job.id}`, target(job), ...when],
      notes: death === undefined ? [howItDied(job)] : [],
      link: this.pages.job(job.id),
    }
  }

  /** Failed jobs of a chain that are not listed, by source and job type: none of these may go unnamed. */
  private moreOfChain({ count, kinds }: ChainFailures, shown: readonly Job[]): string | undefined {
    if (count <= shown.length) return undefined
    const left = [...kinds].map(([kind, jobs]) => ({
      kind,
      jobs: jobs - shown.filter((job) => kindOf(job) === kind).length,
    }))
    const named = left
      .filter(({ jobs }) => jobs > 0)
      .map(({ kind, jobs }) => `${short(kind)} (${jobs.toLocaleString('en')})`)
    return `… and ${plural(count - shown.length, 'more failed job')}: ${list(named)}`
  }

  private quote({ error }: Job, label: string, variants?: string): Quote {
    const lines = excerpt(error ?? '', this.caps.errorLines, this.caps.error)
    return { label, lines: lines.length > 0 ? lines : [NO_ERROR], variants }
  }

  private variants({ variants, count }: Group): string | undefined {
    if (variants.length === 0) return undefined
    const shown = variants.slice(0, VARIANTS_SHOWN)
    const said = shown.map(({ text, count: times }) => `${text} (${times.toLocaleString('en')})`)
    const others = variants.length > shown.length || count > 1_000 ? ' and others' : ''
    return `also: ${said.join(', ')}${others}`
  }

  private outlook(outlook: Outlook, { leading, failedAt }: Chain, resumedAbove: boolean): readonly string[] {
    const { consequence, course, lastSuccess, newer, moving } = outlook
    if (course.kind === 'finished') return [`The refresh finished ${this.clock.moment(course.at)}: nothing to resume.`]
    if (course.kind === 'goes on') return [`The refresh goes on: ${stands(course.at)}.`]
    if (newer?.state === 'succeeded') return [this.succeeded(newer, leading)]
    if (newer && resumedAbove) return this.newer(newer)
    const stale =
      lastSuccess === null
        ? `${consequence}; none is on record (successful jobs are kept for ${SUCCESSES_KEPT_DAYS} days).`
        : `${consequence}: ${this.clock.moment(lastSuccess)}, ${this.clock.ago(lastSuccess)}.`
    const before =
      course.endedBefore === null
        ? []
        : [
            `This refresh had finished ${this.clock.moment(course.endedBefore)}; ${short(failedAt, NAME_LENGTH)} was run again after that.`,
          ]
    return [...before, stale, ...this.newer(newer), ...this.moving(moving)]
  }

  private lapse({ lastSuccess, after }: Overdue): string {
    return `No refresh has succeeded for ${span(this.clock.since(lastSuccess))}; one is expected every ${span(after)} (REFRESH_OVERDUE_AFTER).`
  }

  /** A refresh that was tried while none succeeded. */
  private attempt({ startedAt, state, reached: { step, job } }: Run): string {
    const start = `The refresh started ${this.clock.moment(startedAt)}`
    if (state === 'failed') return `${start} failed at ${step} (job ${job.id}).`
    if (state === 'cancelled') return `${start} was cancelled at ${step} (job ${job.id}).`
    return `${start} is under way: ${stands({ step, job })}.`
  }

  private succeeded({ startedAt, reached }: Run, { failedAt }: Job): string {
    const at = reached.job.finishedAt
    const when = at !== null && at < failedAt ? 'had succeeded before this failure' : 'has succeeded since'
    return `A newer refresh, started ${this.clock.moment(startedAt)}, ${when} (${this.clock.moment(at)}): nothing to resume.`
  }

  private newer(run: Run | undefined): readonly string[] {
    if (run === undefined || isMoving(run.reached.job)) return []
    const { startedAt, state, reached } = run
    const start = `A newer refresh, started ${this.clock.moment(startedAt)},`
    if (state === 'failed')
      return [`${start} failed as well, at ${reached.step} (job ${reached.job.id}): resume that one.`]
    return [`${start} is under way: ${stands(reached)}.`]
  }

  private moving(steps: readonly MovingStep[]): readonly string[] {
    if (steps.length === 0) return []
    const lines = steps.map(({ run, startedAt, step, job }) => {
      if (run === 'this') return `Somebody has resumed this refresh: ${step} is ${job.status} again (job ${job.id}).`
      const started = startedAt === undefined ? '' : `, started ${this.clock.moment(startedAt)},`
      return `${run === 'a newer' ? 'A newer' : run === 'an older' ? 'An older' : 'Another'} refresh${started} is under way: ${stands({ step, job })}.`
    })
    return [...lines, 'Wait until that has ended before you resume anything.']
  }
}

function ended({ reaped }: Job): string {
  return reaped ? 'was reaped' : 'failed'
}

/** The janitor's words say no more than how the job died. */
function isOfJanitor(error: string): boolean {
  return error.startsWith('reaped: ')
}

/** "songs is running (job 4102)" */
function stands({ step, job }: StepJob): string {
  if (job.status === 'done') return `${step} is done (job ${job.id}), and the next step is about to be queued`
  return `${step} is ${job.status} (job ${job.id})`
}

function target({ targetType, targetId }: Listed): string {
  return `${short(targetType, NAME_LENGTH)} ${targetId}`
}

/** The admin page can only start again from the first step; this resumes, and only while the job is still dead. */
function resumption({ step, job, keeps }: Resume, newer: boolean): NonNullable<Section['resume']> {
  const kept = keeps.length > 0 ? `keeps ${list(keeps)}; ` : ''
  return {
    introduction: `Resume${newer ? ' the newer refresh' : ''} at ${step} (${kept}does nothing unless job ${job.id} is still ${job.status}):`,
    statement: `update research_jobs set status = 'queued', attempts = 0,
  run_after = now(), claimed_at = null, claimed_by = null,
  finished_at = null, last_error = null
where id = ${job.id} and status = '${job.status}';`,
  }
}
