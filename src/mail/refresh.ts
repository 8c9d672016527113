import { JOBS_OF_A_STEP, NAME, PASSES_TRIED } from '../caps.js'
import { REFRESH, SUCCESSES_KEPT_DAYS, stepOf } from '../chains.js'
import {
  begunAt,
  hasFailed,
  isInFlight,
  isNeeded,
  mayHaveGoneOn,
  type Obstacle,
  type Pass,
  type Refresh,
} from '../digest/refresh.js'
import { deathOf, type Job, kindOf, ownError } from '../job.js'
import { list, separated } from '../text/words.js'
import { type Clock, duration, span } from './clock.js'
import type { Pages } from './presentation.js'
import {
  type Instruction,
  jobRow,
  type List,
  named,
  noteOf,
  quote,
  type Row,
  type Section,
  type Style,
  said,
  saidOnce,
  short,
} from './section.js'

/** The refresh: what became of it, what that means, and what to do. */
export function refreshSection(refresh: Refresh, style: Style): Section {
  const { failed, failures, remedy } = refresh
  const { clock, pages, caps } = style
  const [furthest] = failed
  const error = ownError(furthest?.error ?? null)
  const { what, before, at } = newsOf(refresh)
  return {
    sign: isNeeded(remedy) ? '✗' : '✓',
    heading: `${what}${before}${clock.at(at)}`,
    lead: said(
      furthest?.reaped && `${deathOf(furthest, clock.brief(furthest.failedAt)).how}.`,
      ...meaning(refresh, clock),
      ...overdueLines(refresh, clock),
    ),
    steps: stepRows(refresh, pages),
    error: furthest && (error !== '' || !furthest.reaped) ? quote(error, 'Error', caps) : undefined,
    todo: todo(refresh),
    links: [{ label: 'See the refresh', url: pages.at(REFRESH.page) }],
    lists: lists(refresh, style),
    kinds: failures?.kinds,
  }
}

/** What became of the refresh: `what` begins the subject, `at` is in milliseconds since the epoch. */
export function newsOf({ pass, failed: [furthest], failures, overdue, remedy }: Refresh) {
  const { name } = REFRESH
  const at = remedy.pass?.at
  if (remedy.do === 'restart the worker' && at)
    return { what: `${name} is stuck at ${at.step.name}`, before: ' since ', at: begunAt(at.job) }
  if (!failures || !furthest)
    return { what: `${name} is overdue`, before: ' since ', at: overdue ? overdue.anchor + overdue.after : Number.NaN }
  const step = stepOf(furthest)?.name
  const although = `although ${step} ${furthest.reaped ? 'was given up' : 'failed'}`
  const failed = `failed at ${step}`
  const words: Partial<Record<typeof remedy.do, readonly [itself: string, another: string]>> = {
    nothing: [`finished ${although}`, `${failed}, but a newer one succeeded`],
    wait: [`goes on at ${at?.step.name} ${although}`, `${failed}, but another is under way`],
  }
  return {
    what: `${name} ${words[remedy.do]?.[remedy.pass === pass ? 0 : 1] ?? failed}`,
    before: ', ',
    at: furthest.failedAt,
  }
}

/** What the state means for users of the catalog. */
function meaning({ pass, remedy, broken, lastSuccess }: Refresh, clock: Clock): readonly string[] {
  if (remedy.do === 'nothing') return [`${became(remedy.pass, clock, pass)}: nothing to resume.`]
  const isUnderWay = remedy.do === 'wait' || remedy.do === 'restart the worker'
  const unknown = `No success of the ${REFRESH.name} is on record: jobs that succeeded are deleted after`
  return said(
    isUnderWay && `${became(remedy.pass, clock, pass)}.`,
    broken.consequence.replace('{catalog}', catalogOf(lastSuccess, clock)),
    lastSuccess === null && `${unknown} ${SUCCESSES_KEPT_DAYS} days.`,
    remedy.do === 'wait' && 'A mail comes if it fails.',
  )
}

function catalogOf(lastSuccess: number | null, clock: Clock): string {
  if (lastSuccess === null) return 'an older catalog'
  const age = clock.age(lastSuccess)
  return age ? `the catalog of ${clock.day(lastSuccess)}, ${age} old,` : `the catalog of ${clock.dated(lastSuccess)}`
}

/** "The refresh of 23 Nov 03:00 failed at songs (job 4102)"; "It" if the pass is `about`. */
function became(pass: Pass, clock: Clock, about?: Pass): string {
  const { startedAt, state, at } = pass
  const { step, job } = at
  const other = startedAt === undefined ? 'Another refresh' : `The refresh of ${clock.brief(startedAt)}`
  const [where, end] = [`${step.name} (job ${job.id})`, clock.brief(job.finishedAt)]
  const words: Readonly<Record<Pass['state'], string>> = {
    succeeded: `finished at ${end}`,
    failed: `failed at ${where}`,
    cancelled: `was cancelled at ${where}`,
    stalled: `stopped after ${where}: the next step was never queued`,
    'under way':
      job.status === 'done'
        ? `is between two steps: ${step.name} was done at ${end} (job ${job.id})`
        : `is at ${step.name}: ${job.status} since ${clock.brief(begunAt(job))} (job ${job.id})`,
  }
  return `${pass === about ? 'It' : other} ${words[state]}`
}

function overdueLines(refresh: Refresh, clock: Clock): readonly string[] {
  const { overdue, tried, lastSuccess, remedy, failures, broken } = refresh
  if (!overdue) return []
  const others = tried.filter((each) => remedy.do === 'resume' || each !== remedy.pass)
  const left = others.length - PASSES_TRIED
  const expected = `success is expected every ${span(overdue.after)} (REFRESH_OVERDUE_AFTER).`
  const last = lastSuccess === null ? `at least ${clock.day(overdue.anchor)}` : clock.day(lastSuccess)
  const isSaid = lastSuccess !== null && broken.consequence.includes('{catalog}')
  const isToo = failures ? 'It is overdue, too: a' : 'A'
  return said(
    `${isSaid ? isToo : `None has succeeded since ${last}; a`} ${expected}`,
    ...others.slice(0, PASSES_TRIED).map((each) => `${became(each, clock)}.`),
    left > 0 && `… and ${separated(left)} before ${left === 1 ? 'that' : 'those'}.`,
  )
}

const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  cancelled: 'was cancelled',
  stalled: 'is done, but the next step was never queued',
  'rows deleted': `was given up more than ${SUCCESSES_KEPT_DAYS} days ago, and what ran after it is no longer on record`,
  'out of order': 'was run again after a later step had failed',
}

/** The statement is the admin page's retry of one job; it changes nothing once the job has moved on. */
function todo({ failed: [furthest], remedy }: Refresh): readonly Instruction[] {
  if (!isNeeded(remedy)) return []
  const start = `the page's Start button, which ${REFRESH.startAgain}`
  if (remedy.do === 'start') return [{ text: `Nothing was tried since: start a refresh with ${start}.` }]
  const { step, job } = remedy.pass.at
  const which = `${step.name} (job ${job.id})`
  if (remedy.do === 'start again')
    return [
      { text: `There is nothing to resume: ${which} ${OBSTACLES[remedy.because]}.` },
      { text: `Start again with ${start}.` },
    ]
  if (remedy.do !== 'resume')
    return [{ text: `Restart the worker: it does not work on ${which}, which is still ${job.status}.` }]
  const kept = remedy.keeps.length > 0 ? ` and keeps the ${list(remedy.keeps)}` : ''
  return [
    { text: causeOf(furthest) },
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
      ...(step === REFRESH.steps[0]
        ? {}
        : { warning: `Do not use the page's Start button: it ${REFRESH.startAgain}.` }),
    },
    { text: `Still queued after ten minutes? Restart the worker.${step.failedAgain ? ` ${step.failedAgain}` : ''}` },
  ]
}

/** What to do about the cause, which the mail may not have. */
function causeOf(failed: Job | undefined): string {
  if (failed?.reaped)
    return 'See in the log of the worker which of the two. If it is still at it, wait until it has ended.'
  return ownError(failed?.error ?? null) === '' ? 'Find the cause in the log of the worker.' : 'Fix the cause above.'
}

/** A row for every step, or for each job of a step that was queued several times. */
export function stepRows({ pass, now }: Pick<Refresh, 'pass' | 'now'>, pages: Pages): readonly Row[] {
  if (!pass) return []
  const furthest = pass.jobs.at(-1)
  const last = furthest ? REFRESH.steps.indexOf(furthest.step) : -1
  const after = mayHaveGoneOn(furthest?.job, now) ? 'unknown' : 'not started'
  return REFRESH.steps.flatMap((step, index): readonly Row[] => {
    const own = pass.jobs.filter((each) => each.step === step).slice(-JOBS_OF_A_STEP)
    if (own.length > 0) return own.map(({ job }) => stepRow(step.name, job, now, pages))
    const isDone = index < last
    return [{ sign: isDone ? '✓' : '·', facts: [step.name, isDone ? 'done (row deleted)' : after, '', ''] }]
  })
}

function stepRow(name: string, job: Job, now: Date, pages: Pages): Row {
  const { status, claimedAt, finishedAt } = job
  const state = job.cancelled ? 'cancelled' : job.reaped ? 'given up' : status === 'dead' ? 'failed' : status
  const end = status === 'running' ? now.getTime() : finishedAt
  const time = (end ?? Number.NaN) - (claimedAt ?? Number.NaN)
  const lasted = time >= 0 && Number.isFinite(time) ? duration(time) : ''
  return {
    sign: hasFailed(job) ? '✗' : state === 'done' ? '✓' : isInFlight(job) ? '…' : '·',
    facts: [name, short(state, NAME), lasted && isInFlight(job) ? `${lasted} so far` : lasted, `job ${job.id}`],
    link: pages.job(job.id),
  }
}

/** The failures of the pass, then of other passes. The section quotes the error of the first. */
function lists({ failed, others, failures }: Refresh, { clock, pages, caps }: Style): readonly List[] {
  const [own, shown] = [failed.slice(0, caps.jobs), others.slice(0, caps.jobs)]
  const reported = new Set(failures?.jobs.map(({ id }) => id))
  const listed = [...own, ...shown].filter(({ id }) => reported.has(id)).map(kindOf)
  const left = (failures?.kinds ?? [])
    .map(({ name, count }) => ({ name, count: count - listed.filter((kind) => kind === name).length }))
    .filter(({ count }) => count > 0)
  const [kind, ...further] = new Set(shown.map(kindOf))
  const row = (job: Job, facts: readonly string[]): Row =>
    jobRow(job, [clock.brief(job.failedAt), ...facts], [noteOf(job)], pages)
  const firstRow = (job: Job): Row => jobRow(job, [kindOf(job)], said(!job.reaped && `${deathOf(job).how}.`), pages)
  const otherRow = (job: Job): Row =>
    row(job, said(stepOf(job)?.name ?? job.jobType, further.length > 0 && kindOf(job)))
  const label = `Other runs of the ${REFRESH.name} that failed${kind && further.length === 0 ? ` (${kind})` : ''}`
  const found = [
    { rows: own.map((job, index) => (index === 0 ? firstRow(job) : row(job, [kindOf(job)]))) },
    { label, rows: saidOnce(shown.map(otherRow)) },
  ].filter(({ rows }) => rows.length > 0)
  const more = left.length > 0 ? `… and more: ${list(named(left))}` : undefined
  return found.map((each, index) => (index === found.length - 1 ? { ...each, more } : each))
}
