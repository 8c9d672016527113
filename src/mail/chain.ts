import type { Chain, ChainFailures } from '../digest/chain.js'
import { isSettled, type Outlook } from '../digest/outlook.js'
import type { Overdue } from '../digest/overdue.js'
import { hasFailed } from '../digest/runs.js'
import type { Step } from '../digest/steps.js'
import { howItDied, type Job, kindOf } from '../job.js'
import { list, plural } from '../text/words.js'
import type { Clock } from './clock.js'
import { duration } from './duration.js'
import { outlookLines, resumption } from './outlook.js'
import { overdueBeside } from './overdue.js'
import {
  firstLine,
  type JobLine,
  NAME_LENGTH,
  NONE,
  quote,
  type Section,
  type StepLine,
  type Style,
  short,
  target,
} from './section.js'

/** Characters of an error in a list below the leading one. */
const LISTED_ERROR = 200

/**
 * The failures of one chain. `overdue` where the mail has to say that as well; `elsewhere` where another section
 * offers the resumption that this one asks for, and then there is little to add.
 */
export function chainSection(
  failures: ChainFailures,
  chain: Chain,
  overdue: Overdue | undefined,
  elsewhere: boolean,
  style: Style,
): Section {
  const { title, page, leading, startedAt, steps, outlook } = chain
  const { clock, pages, caps } = style
  const lines = [
    ...(outlook ? outlookLines(outlook, chain, elsewhere, clock) : []),
    ...(overdue ? overdueBeside(overdue, [startedAt, outlook?.newer?.startedAt], clock) : []),
  ]
  const isWaiting = outlook !== undefined && (isSettled(outlook) || outlook.moving.length > 0)
  const listed = elsewhere ? [] : stepLines(steps, style)
  const shown = shownJobs(failures, leading, style)
  const newer = outlook?.newer?.state === 'failed' ? outlook.newer.reached.job : undefined
  return {
    ...NONE,
    headline: short(title) + becameOf(chain, clock),
    brief: chainFailed(chain),
    when: clock.short(leading.failedAt),
    summary: summary(failures, chain, clock),
    verdict: isWaiting ? lines : [],
    steps: listed,
    error: quote(leading, 'Error', caps),
    jobs: jobLines(shown, listed.length > 0, style),
    more: moreOfChain(failures, shown),
    outlook: isWaiting ? [] : lines,
    links: elsewhere
      ? []
      : [
          { label: 'Open the admin page', url: pages.at(page) },
          ...(newer ? [{ label: 'Open the newer failure', url: pages.job(newer.id) }] : []),
        ],
    resume: outlook?.resume && !elsewhere ? resumption(outlook.resume, outlook.newer !== undefined) : undefined,
  }
}

/** What became of a chain, in a few words, for the subject and the overview. */
export function chainFailed({ shortTitle, failedAt, leading, outlook }: Chain): string {
  const step = short(failedAt, NAME_LENGTH)
  const since = newerBecame(outlook)
  if (outlook?.course.kind === 'finished') return `${shortTitle} finished although ${step} ${ended(leading)}${since}`
  if (outlook?.course.kind === 'continues') return `${shortTitle} continues although ${step} ${ended(leading)}${since}`
  return `${short(shortTitle)} failed at ${step}${since}`
}

function newerBecame(outlook: Outlook | undefined): string {
  if (outlook?.newer?.state === 'succeeded') return ', but a newer one succeeded'
  return outlook?.newer?.state === 'failed' && outlook.course.kind !== 'stands' ? '; a newer one failed' : ''
}

/** The end of the headline: where it failed, or that the refresh went on. */
function becameOf({ failedAt, leading, outlook }: Chain, clock: Clock): string {
  const step = short(failedAt, NAME_LENGTH)
  if (outlook?.course.kind === 'finished')
    return `: ${step} ${ended(leading)}, but the refresh finished ${clock.at(leading.failedAt, outlook.course.at)}`
  if (outlook?.course.kind === 'continues')
    return `: ${step} ${ended(leading)}, but the refresh continues at ${outlook.course.at.step}`
  return ` failed at ${step}`
}

function ended({ reaped }: Job): string {
  return reaped ? 'was reaped' : 'failed'
}

function summary({ count }: ChainFailures, { startedAt, failedAt, leading, outlook }: Chain, clock: Clock): string {
  const jobs = count > 1 ? `${plural(count, 'job')} failed. ` : ''
  const went =
    outlook && outlook.course.kind !== 'stands' ? `${short(failedAt, NAME_LENGTH)} ${ended(leading)}` : 'failed'
  const when = clock.withAgo(clock.at(startedAt, leading.failedAt), leading.failedAt)
  return `${jobs}Started ${clock.moment(startedAt)}, ${went} ${when}`
}

/** As many steps as fit, in their order: rather those that failed than others, and rather later ones than earlier ones. */
function stepLines(steps: readonly Step[], { pages, caps }: Style): readonly StepLine[] {
  const byWeight = [...steps.filter(isFailure).reverse(), ...[...steps].reverse()]
  const chosen = new Set([...new Set(byWeight)].slice(0, caps.steps))
  const rows = steps
    .filter((step) => chosen.has(step))
    .map((step) => stepLine(step, step.job && pages.job(step.job.id)))
  const left = steps.length - rows.length
  if (rows.length === 0 || left === 0) return rows
  return [...rows, { ...BLANK, mark: '…', name: `and ${plural(left, 'other step')}` }]
}

const BLANK = { state: '', duration: '', job: '', note: '', link: undefined } as const

function stepLine(step: Step, link: string | undefined): StepLine {
  const { name, state, duration: time, job } = step
  const isUnderWay = state === 'running' || state === 'queued'
  return {
    mark: isFailure(step) ? '✗' : state.startsWith('done') ? '✓' : isUnderWay ? '…' : '·',
    name: short(name, NAME_LENGTH),
    state,
    duration: time === undefined ? '' : duration(time),
    job: job ? `job ${job.id}` : '',
    note: job && isFailure(step) ? `attempt ${job.attempts} of ${job.maxAttempts}` : '',
    link,
  }
}

function isFailure({ job }: Step): boolean {
  return job !== undefined && hasFailed(job)
}

/** The leading failure, then the others, latest first. */
function shownJobs({ jobs }: ChainFailures, leading: Job, { caps }: Style): readonly Job[] {
  const others = jobs.filter(({ id }) => id !== leading.id)
  return [leading, ...others].slice(0, Math.max(1, caps.jobs))
}

/** What several in a row have in common is said below the last of them. Of the first, the error stands above. */
function jobLines(jobs: readonly Job[], hasSteps: boolean, { clock, pages }: Style): readonly JobLine[] {
  const [leading] = jobs
  return jobs.map((job, index) => {
    const time = leading && jobs.length > 1 ? [clock.briefAfter(leading.failedAt, job.failedAt)] : []
    const notes = index === 0 ? leadingNotes(job, hasSteps) : notesOf(job)
    const below = index === 0 ? [] : notesOf(jobs[index + 1])
    return {
      facts: [`job ${job.id}`, ...time, short(kindOf(job)), target(job)],
      notes: notes.join() === below.join() ? [] : notes,
      link: pages.job(job.id),
    }
  })
}

/** Of a step that has one attempt its line has said how it died. */
function leadingNotes(job: Job, hasSteps: boolean): readonly string[] {
  const isSaid = hasSteps && job.maxAttempts === 1 && job.attempts === 1 && !job.reaped
  return isSaid ? [] : [howItDied(job)]
}

function notesOf(job: Job | undefined): readonly string[] {
  if (job === undefined) return []
  const error = firstLine(job.error, LISTED_ERROR)
  // The janitor's words say no more than how the job died.
  return error.startsWith('reaped: ') ? [howItDied(job)] : [howItDied(job), `Error: ${error}`]
}

/** Failed jobs of a chain that are not listed, by source and job type: none of these may go unnamed. */
function moreOfChain({ count, kinds }: ChainFailures, shown: readonly Job[]): string | undefined {
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
