import { SUCCESSES_KEPT_DAYS } from '../chains.js'
import type { Refresh } from '../digest/refresh.js'
import { isNeeded, type Remedy } from '../digest/remedy.js'
import { begunAt, hasFailed, type Run, type Step } from '../digest/run.js'
import { deathOf, type Job, kindOf, ownError } from '../job.js'
import { list, plural } from '../text/words.js'
import { LISTED_ERROR, NAME, RUNS_TRIED } from './caps.js'
import { duration, span } from './clock.js'
import {
  counted,
  firstLine,
  type Instruction,
  type List,
  NOTHING,
  quote,
  type Row,
  type Section,
  type StepLine,
  type Style,
  saidOnce,
  sentence,
  short,
  target,
} from './section.js'

/** The refresh: what became of it, what that means, and what to do. */
export function refreshSection(refresh: Refresh, style: Style): Section {
  const { chain, failed, failures, overdue } = refresh
  const { clock, pages, caps } = style
  const [furthest] = failed
  const error = furthest && ownError(furthest.error)
  const when = failures ? furthest?.failedAt : overdue && overdue.anchor + overdue.after
  const since = failures ? ', ' : ' since '
  return {
    ...NOTHING,
    mark: isNeeded(refresh.remedy) ? '✗' : '✓',
    headline: becameOf(refresh) + (when === undefined ? '' : since + clock.at(when)),
    lead: [
      ...(furthest?.reaped ? [`${deathOf(furthest, clock.brief(furthest.failedAt)).how}.`] : []),
      ...becauseOf(refresh, style),
      ...overdueLines(refresh, style),
    ],
    steps: stepLines(refresh.steps, style),
    error: furthest && (error !== '' || !furthest.reaped) ? quote(error ?? '', 'Error', caps) : undefined,
    lists: lists(refresh, style),
    todo: todo(refresh),
    links: [{ label: 'See the refresh', url: pages.at(chain.page) }],
    kinds: failures?.kinds ?? new Map(),
  }
}

/** What became of it, in a few words: the subject without its time. */
export function becameOf({ chain: { name }, run, failed, failures, remedy }: Refresh): string {
  const [furthest] = failed
  const step = run?.jobs.find(({ job }) => job === furthest)?.step.name
  if (remedy.do === 'restart the worker') return `${name} is stuck at ${remedy.run.at.step.name}`
  if (!failures || !furthest) return `${name} is overdue`
  const ended = furthest.reaped ? 'was given up' : 'failed'
  if (remedy.do === 'nothing')
    return remedy.run === run
      ? `${name} finished although ${step} ${ended}`
      : `${name} failed at ${step}, but a newer one succeeded`
  if (remedy.do === 'wait')
    return remedy.run === run
      ? `${name} goes on at ${remedy.run.at.step.name} although ${step} ${ended}`
      : `${name} failed at ${step}, but another is under way`
  return `${name} failed at ${step}`
}

/** What that means, and what else is known of its runs. */
function becauseOf({ chain, run, remedy, broken, lastSuccess }: Refresh, { clock }: Style): readonly string[] {
  const it = (other: Run): string =>
    other === run
      ? 'It'
      : other.startedAt === undefined
        ? 'Another refresh'
        : `The refresh of ${clock.brief(other.startedAt)}`
  if (remedy.do === 'nothing')
    return [`${it(remedy.run)} finished at ${clock.brief(remedy.run.at.job.finishedAt)}: nothing to resume.`]
  const age = lastSuccess === null ? undefined : clock.age(lastSuccess)
  const catalog =
    lastSuccess === null
      ? 'an older catalog'
      : age === undefined
        ? `the catalog of ${clock.dated(lastSuccess)}`
        : `the catalog of ${clock.day(lastSuccess)}, ${age} old,`
  const unknown = `No success of the ${chain.name} is on record: jobs that succeeded are deleted after ${SUCCESSES_KEPT_DAYS} days.`
  return [
    ...(remedy.do === 'wait' || remedy.do === 'restart the worker'
      ? [`${it(remedy.run)} ${standsAt(remedy.run, clock)}.`]
      : []),
    broken.consequence(catalog),
    ...(lastSuccess === null ? [unknown] : []),
    ...(remedy.do === 'wait' ? ['A mail comes if it fails.'] : []),
  ]
}

/** "is at songs: running since 03:08 (job 4102)" */
function standsAt({ at: { step, job } }: Run, clock: Style['clock']): string {
  if (job.status === 'done')
    return `is between two steps: ${step.name} was done at ${clock.brief(job.finishedAt)} (job ${job.id})`
  return `is at ${step.name}: ${job.status} since ${clock.brief(begunAt(job))} (job ${job.id})`
}

function overdueLines(refresh: Refresh, { clock }: Style): readonly string[] {
  const { overdue, run, tried, lastSuccess, remedy, failures, broken } = refresh
  if (!overdue) return []
  const { anchor, after } = overdue
  const others = tried.filter((each) => !('run' in remedy) || each !== remedy.run)
  const named = [...(run && !failures ? [run] : []), ...others].slice(0, RUNS_TRIED)
  const left = others.length + Number(run && !failures) - named.length
  const expected = `a success is expected every ${span(after)} (REFRESH_OVERDUE_AFTER).`
  const isDated = broken.consequence('\0').includes('\0')
  const last =
    lastSuccess === null
      ? `None has succeeded since at least ${clock.day(anchor)}`
      : `The last one succeeded on ${clock.day(lastSuccess)}`
  return [
    lastSuccess !== null && isDated ? `${failures ? 'It is overdue, too: ' : ''}${expected}` : `${last}; ${expected}`,
    ...named.map((each) => triedLine(each, clock)),
    ...(left > 0 ? [`… and ${left.toLocaleString('en')} before ${left === 1 ? 'that' : 'those'}.`] : []),
  ].map(sentence)
}

function triedLine({ startedAt, state, at: { step, job } }: Run, clock: Style['clock']): string {
  const which = `The refresh of ${clock.brief(startedAt ?? null)}`
  if (state === 'cancelled') return `${which} was cancelled at ${step.name} (job ${job.id}).`
  if (state === 'stalled') return `${which} stopped after ${step.name} (job ${job.id}): the next step was never queued.`
  return `${which} failed at ${step.name} (job ${job.id}).`
}

const STILL_AT_IT = 'See in the log of the worker which of the two. If it is still at it, wait until it has ended.'

const OBSTACLES = {
  cancelled: 'was cancelled',
  stalled: 'is done, but the next step was never queued',
  'rows deleted': `was given up more than ${SUCCESSES_KEPT_DAYS} days ago, and what ran after it is no longer on record`,
  'out of order': 'was run again after a later step had failed',
} as const

function todo({ chain, failed, remedy }: Refresh): readonly Instruction[] {
  if (!isNeeded(remedy)) return []
  const start = `the page's Start button, which ${chain.startAgain}`
  if (remedy.do === 'restart the worker') {
    const { step, job } = remedy.run.at
    return [
      { text: `Restart the worker: it does not work on ${step.name} (job ${job.id}), which is still ${job.status}.` },
    ]
  }
  if (remedy.do === 'start') return [{ text: `Nothing was tried since: start a refresh with ${start}.` }]
  if (remedy.do === 'start again') {
    const { step, job } = remedy.run.at
    return [
      { text: `There is nothing to resume: ${step.name} (job ${job.id}) ${OBSTACLES[remedy.because]}.` },
      { text: `Start again with ${start}.` },
    ]
  }
  return resumption(chain, remedy as Extract<Remedy, { do: 'resume' }>, failed[0])
}

/** Resuming is the retry that the admin page has for single jobs. It changes nothing once the job has moved on. */
function resumption(
  chain: Refresh['chain'],
  { at: { step, job }, keeps }: Extract<Remedy, { do: 'resume' }>,
  furthest: Job | undefined,
): readonly Instruction[] {
  const kept = keeps.length > 0 ? ` and keeps the ${list(keeps)}` : ''
  return [
    { text: furthest?.reaped ? STILL_AT_IT : 'Fix the cause above.' },
    {
      text: `Run this in psql as the table's owner. It resumes at ${step.name}${kept}. It changes nothing if job ${job.id} was restarted already.`,
      code: `update research_jobs
set status = 'queued',
attempts = 0,
run_after = now(),
claimed_at = null,
claimed_by = null,
finished_at = null,
last_error = null
where id = ${job.id}
and status = '${job.status}';`,
      ...(step === chain.steps[0] ? {} : { warning: `Do not use the page's Start button: it ${chain.startAgain}.` }),
    },
    { text: `Still queued after ten minutes? Restart the worker.${step.failedAgain ? ` ${step.failedAgain}` : ''}` },
  ]
}

/** As many steps as fit, in their order: rather those that failed than others, and rather later ones than earlier ones. */
function stepLines(steps: readonly Step[], { pages, caps }: Style): readonly StepLine[] {
  const failed = steps.filter(({ job }) => job && hasFailed(job))
  const chosen = new Set([...new Set([...failed.toReversed(), ...steps.toReversed()])].slice(0, caps.steps))
  const rows = steps.filter((step) => chosen.has(step)).map((step) => stepLine(step, pages))
  const left = steps.length - rows.length
  const more = {
    mark: '…',
    name: `${plural(left, 'other step')}`,
    state: '',
    duration: '',
    job: '',
    link: undefined,
  } as const
  return left > 0 ? [...rows, more] : rows
}

function stepLine({ name, state, duration: time, job }: Step, pages: Style['pages']): StepLine {
  const isUnderWay = state === 'running' || state === 'queued'
  return {
    mark: job && hasFailed(job) ? '✗' : state.startsWith('done') ? '✓' : isUnderWay ? '…' : '·',
    name,
    state: short(state, NAME),
    duration: time === undefined ? '' : duration(time) + (isUnderWay ? ' so far' : ''),
    job: job ? `job ${job.id}` : '',
    link: job && pages.job(job.id),
  }
}

/** The failures of the run, then those of the other runs. */
function lists({ chain, failed, others, failures }: Refresh, style: Style): readonly List[] {
  const { caps } = style
  const own = failed.slice(0, caps.jobs)
  const shown = others.slice(0, caps.otherRuns)
  const left = new Map(failures?.kinds)
  const reported = new Set(failures?.jobs.map(({ id }) => id))
  for (const job of [...own, ...shown])
    if (reported.has(job.id)) left.set(kindOf(job), (left.get(kindOf(job)) ?? 0) - 1)
  const kinds = [...left].filter(([, count]) => count > 0)
  const more = kinds.length > 0 ? `… and more: ${list(kinds.map(counted))}` : undefined
  const [kind, ...further] = new Set(shown.map(kindOf))
  const shared = further.length === 0 ? kind : undefined
  return [
    {
      label: undefined,
      rows: own.map((job, index) => ownRow(job, index === 0, style)),
      more: shown.length === 0 ? more : undefined,
    },
    {
      label: `Other runs of the ${chain.name} that failed${shared ? ` (${shared})` : ''}`,
      rows: saidOnce(shown.map((job) => otherRow(job, chain, shared, style))),
      more,
    },
  ].filter(({ rows }) => rows.length > 0)
}

function ownRow(job: Job, isQuoted: boolean, { clock, pages }: Style): Row {
  const { how } = deathOf(job, clock.brief(job.failedAt))
  const facts = [`job ${job.id}`, kindOf(job), target(job)]
  const notes = isQuoted ? (job.reaped ? [] : [`${how}.`]) : notesOf(job, how)
  return { facts, notes, link: pages.job(job.id) }
}

/** `shared` is the job type that the list's label names for all of them. */
function otherRow(job: Job, { steps }: Refresh['chain'], shared: string | undefined, { clock, pages }: Style): Row {
  const step = steps.find(({ targetId }) => targetId === job.targetId)?.name ?? job.jobType
  const facts = [`job ${job.id}`, clock.brief(job.failedAt), step, ...(shared ? [] : [kindOf(job)]), target(job)]
  return { facts, notes: notesOf(job, deathOf(job).how), link: pages.job(job.id) }
}

/** How it died, and the first line of its error unless that is the janitor's. */
function notesOf(job: Job, how: string): readonly string[] {
  const error = ownError(job.error)
  return [error === '' && job.reaped ? `${how}.` : `${how}: ${firstLine(error, LISTED_ERROR)}`]
}
