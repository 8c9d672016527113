import { SUCCESSES_KEPT_DAYS, stepOf } from '../chains.js'
import type { Refresh } from '../digest/refresh.js'
import { isNeeded, type Remedy } from '../digest/remedy.js'
import { begunAt, hasFailed, type Run, type Step } from '../digest/run.js'
import { deathOf, type Job, kindOf, ownError } from '../job.js'
import { list, plural } from '../text/words.js'
import { NAME, RUNS_TRIED } from './caps.js'
import { type Clock, duration, span } from './clock.js'
import {
  counted,
  type Instruction,
  type List,
  NOTHING,
  noteOf,
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
  const { chain, failed, failures, remedy } = refresh
  const { clock, pages, caps } = style
  const [furthest] = failed
  const error = furthest && ownError(furthest.error)
  const { at, before } = whenOf(refresh)
  return {
    ...NOTHING,
    mark: isNeeded(remedy) ? '✗' : '✓',
    headline: `${becameOf(refresh)}${before}${clock.at(at)}`,
    lead: [
      ...(furthest?.reaped ? [`${deathOf(furthest, clock.brief(furthest.failedAt)).how}.`] : []),
      ...becauseOf(refresh, clock),
      ...overdueLines(refresh, clock),
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
export function becameOf({ chain: { name }, run, failed: [furthest], failures, remedy }: Refresh): string {
  if (remedy.do === 'restart the worker') return `${name} is stuck at ${remedy.run.at.step.name}`
  if (!failures || !furthest) return `${name} is overdue`
  const step = run?.jobs.find(({ job }) => job === furthest)?.step.name
  const although = `although ${step} ${furthest.reaped ? 'was given up' : 'failed'}`
  if (remedy.do === 'nothing')
    return remedy.run === run ? `${name} finished ${although}` : `${name} failed at ${step}, but a newer one succeeded`
  if (remedy.do === 'wait')
    return remedy.run === run
      ? `${name} goes on at ${remedy.run.at.step.name} ${although}`
      : `${name} failed at ${step}, but another is under way`
  return `${name} failed at ${step}`
}

/** When that was, in milliseconds since the epoch, and what stands between. */
export function whenOf({ failed: [furthest], failures, overdue, remedy }: Refresh): { at: number; before: string } {
  if (remedy.do === 'restart the worker') return { at: begunAt(remedy.run.at.job), before: ' since ' }
  if (furthest && failures) return { at: furthest.failedAt, before: ', ' }
  return { at: overdue ? overdue.anchor + overdue.after : Number.NaN, before: ' since ' }
}

/** What that means for those who use the result. */
function becauseOf({ chain, run, remedy, broken, lastSuccess }: Refresh, clock: Clock): readonly string[] {
  if (remedy.do === 'nothing') return [`${became(remedy.run, run, clock)}: nothing to resume.`]
  const isWaiting = remedy.do === 'wait'
  return [
    ...(isWaiting || remedy.do === 'restart the worker' ? [`${became(remedy.run, run, clock)}.`] : []),
    broken.consequence(catalogOf(lastSuccess, clock)),
    ...(lastSuccess === null
      ? [
          `No success of the ${chain.name} is on record: jobs that succeeded are deleted after ${SUCCESSES_KEPT_DAYS} days.`,
        ]
      : []),
    ...(isWaiting ? ['A mail comes if it fails.'] : []),
  ]
}

function catalogOf(lastSuccess: number | null, clock: Clock): string {
  if (lastSuccess === null) return 'an older catalog'
  const age = clock.age(lastSuccess)
  return age ? `the catalog of ${clock.day(lastSuccess)}, ${age} old,` : `the catalog of ${clock.dated(lastSuccess)}`
}

/** "The refresh of 23 Nov 03:00 failed at songs (job 4102)"; "It" if the mail is about that one. */
function became(other: Run, about: Run | undefined, clock: Clock): string {
  const { startedAt, state, at } = other
  const { step, job } = at
  const one = startedAt === undefined ? 'Another refresh' : `The refresh of ${clock.brief(startedAt)}`
  const it = other === about ? 'It' : one
  if (state === 'succeeded') return `${it} finished at ${clock.brief(job.finishedAt)}`
  if (state === 'under way')
    return job.status === 'done'
      ? `${it} is between two steps: ${step.name} was done at ${clock.brief(job.finishedAt)} (job ${job.id})`
      : `${it} is at ${step.name}: ${job.status} since ${clock.brief(begunAt(job))} (job ${job.id})`
  if (state === 'stalled') return `${one} stopped after ${step.name} (job ${job.id}): the next step was never queued`
  return `${one} ${state === 'failed' ? 'failed' : 'was cancelled'} at ${step.name} (job ${job.id})`
}

function overdueLines(refresh: Refresh, clock: Clock): readonly string[] {
  const { overdue, run, tried, lastSuccess, remedy, failures, broken } = refresh
  if (!overdue) return []
  const runs = [...(run && !failures ? [run] : []), ...tried].filter(
    (each) => !('run' in remedy) || each !== remedy.run,
  )
  const named = runs.slice(0, RUNS_TRIED)
  const left = runs.length - named.length
  const expected = `a success is expected every ${span(overdue.after)} (REFRESH_OVERDUE_AFTER).`
  const last = lastSuccess === null ? `since at least ${clock.day(overdue.anchor)}` : `since ${clock.day(lastSuccess)}`
  const isSaid = lastSuccess !== null && broken.consequence('\0').includes('\0')
  return [
    isSaid
      ? sentence(`${failures ? 'it is overdue, too: ' : ''}${expected}`)
      : `None has succeeded ${last}; ${expected}`,
    ...named.map((each) => `${became(each, undefined, clock)}.`),
    ...(left > 0 ? [`… and ${left.toLocaleString('en')} before ${left === 1 ? 'that' : 'those'}.`] : []),
  ]
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
  const [own, shown] = [failed.slice(0, caps.jobs), others.slice(0, caps.otherRuns)]
  const reported = new Set(failures?.jobs.map(({ id }) => id))
  const left = new Map(failures?.kinds)
  for (const job of [...own, ...shown].filter(({ id }) => reported.has(id)))
    left.set(kindOf(job), (left.get(kindOf(job)) ?? 0) - 1)
  const kinds = [...left].filter(([, count]) => count > 0)
  const more = kinds.length > 0 ? `… and more: ${list(kinds.map(counted))}` : undefined
  const [kind, ...further] = new Set(shown.map(kindOf))
  const label = `Other runs of the ${chain.name} that failed${kind && further.length === 0 ? ` (${kind})` : ''}`
  const time = (job: Job): string => style.clock.brief(job.failedAt)
  const stepOfOther = (job: Job): string => stepOf(chain, job)?.name ?? job.jobType
  const otherRow = (job: Job): Row =>
    row(job, [time(job), stepOfOther(job), ...(further.length === 0 ? [] : [kindOf(job)])], style)
  const found = [
    {
      label: undefined,
      rows: own.map((job, index) => row(job, [...(index === 0 ? [] : [time(job)]), kindOf(job)], style, index === 0)),
    },
    { label, rows: saidOnce(shown.map(otherRow)) },
  ].filter(({ rows }) => rows.length > 0)
  return found.map((each, index) => ({ ...each, more: index === found.length - 1 ? more : undefined }))
}

/** Of the first one the error stands above, and so does how it died if the janitor ended it. */
function row(job: Job, facts: readonly string[], { pages }: Style, isFirst = false): Row {
  const own = job.reaped ? [] : [`${deathOf(job).how}.`]
  return {
    facts: [`job ${job.id}`, ...facts, target(job)],
    notes: isFirst ? own : [noteOf(job)],
    link: pages.job(job.id),
  }
}
