import { SUCCESSES_KEPT_DAYS, stepOf } from '../chains.js'
import { begunAt, hasFailed, type Pass, type Step } from '../digest/pass.js'
import type { Refresh } from '../digest/refresh.js'
import { isNeeded, type Obstacle } from '../digest/remedy.js'
import { deathOf, type Job, kindOf, ownError } from '../job.js'
import { grouped, list } from '../text/words.js'
import { NAME, REFRESHES_TRIED } from './caps.js'
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
  saidOnce,
  sentence,
  short,
} from './section.js'

/** The refresh: what became of it, what that means, and what to do. */
export function refreshSection(refresh: Refresh, style: Style): Section {
  const { chain, failed, failures, remedy, steps } = refresh
  const { clock, pages, caps } = style
  const [furthest] = failed
  const error = ownError(furthest?.error ?? null)
  const { what, before, at } = becameOf(refresh)
  return {
    mark: isNeeded(remedy) ? '✗' : '✓',
    headline: `${what}${before}${clock.at(at)}`,
    lead: [
      ...(furthest?.reaped ? [`${deathOf(furthest, clock.brief(furthest.failedAt)).how}.`] : []),
      ...meaning(refresh, clock),
      ...overdueLines(refresh, clock),
    ],
    steps: steps.map((step) => stepRow(step, pages)),
    error: furthest && (error !== '' || !furthest.reaped) ? quote(error, 'Error', caps) : undefined,
    todo: todo(refresh),
    links: [{ label: 'See the refresh', url: pages.at(chain.page) }],
    lists: lists(refresh, style),
    kinds: failures?.kinds,
  }
}

/** What became of it, in a few words that begin the subject; when, in milliseconds since the epoch; what goes between. */
export function becameOf({ chain, pass, failed: [furthest], failures, overdue, remedy }: Refresh) {
  const { name } = chain
  const at = remedy.pass?.at
  if (remedy.do === 'restart the worker' && at)
    return { what: `${name} is stuck at ${at.step.name}`, before: ' since ', at: begunAt(at.job) }
  if (!failures || !furthest)
    return { what: `${name} is overdue`, before: ' since ', at: overdue ? overdue.anchor + overdue.after : Number.NaN }
  const step = stepOf(chain, furthest)?.name
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

/** What that means for those who use the result. */
function meaning({ chain, pass, remedy, broken, lastSuccess }: Refresh, clock: Clock): readonly string[] {
  if (remedy.do === 'nothing') return [`${became(remedy.pass, clock, pass)}: nothing to resume.`]
  const isWaiting = remedy.do === 'wait'
  return [
    ...(isWaiting || remedy.do === 'restart the worker' ? [`${became(remedy.pass, clock, pass)}.`] : []),
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
  const { overdue, pass, tried, lastSuccess, remedy, failures, broken } = refresh
  if (!overdue) return []
  const all = [...(pass && !failures ? [pass] : []), ...tried]
  const others = all.filter((each) => remedy.do === 'resume' || each !== remedy.pass)
  const left = others.length - REFRESHES_TRIED
  const expected = `a success is expected every ${span(overdue.after)} (REFRESH_OVERDUE_AFTER).`
  const last = lastSuccess === null ? `at least ${clock.day(overdue.anchor)}` : clock.day(lastSuccess)
  const isSaid = lastSuccess !== null && broken.consequence('\0').includes('\0')
  return [
    isSaid
      ? sentence(`${failures ? 'it is overdue, too: ' : ''}${expected}`)
      : `None has succeeded since ${last}; ${expected}`,
    ...others.slice(0, REFRESHES_TRIED).map((each) => `${became(each, clock)}.`),
    ...(left > 0 ? [`… and ${grouped(left)} before ${left === 1 ? 'that' : 'those'}.`] : []),
  ]
}

const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  cancelled: 'was cancelled',
  stalled: 'is done, but the next step was never queued',
  'rows deleted': `was given up more than ${SUCCESSES_KEPT_DAYS} days ago, and what ran after it is no longer on record`,
  'out of order': 'was run again after a later step had failed',
}

/** Resuming is the retry that the admin page has for single jobs. It changes nothing once the job has moved on. */
function todo({ chain, failed: [furthest], remedy }: Refresh): readonly Instruction[] {
  if (!isNeeded(remedy)) return []
  const start = `the page's Start button, which ${chain.startAgain}`
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
    {
      text: furthest?.reaped
        ? 'See in the log of the worker which of the two. If it is still at it, wait until it has ended.'
        : 'Fix the cause above.',
    },
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

function stepRow({ name, state, duration: time, job }: Step, pages: Pages): Row {
  const isUnderWay = state === 'running' || state === 'queued'
  const lasted = time === undefined ? '' : duration(time) + (isUnderWay ? ' so far' : '')
  return {
    mark: job && hasFailed(job) ? '✗' : state.startsWith('done') ? '✓' : isUnderWay ? '…' : '·',
    facts: [name, short(state, NAME), lasted, job ? `job ${job.id}` : ''],
    link: job && pages.job(job.id),
  }
}

/** The failures of the pass, then those of the others. The error of the first one stands above. */
function lists({ chain, failed, others, failures }: Refresh, { clock, pages, caps }: Style): readonly List[] {
  const [own, shown] = [failed.slice(0, caps.jobs), others.slice(0, caps.jobs)]
  const reported = new Set(failures?.jobs.map(({ id }) => id))
  const left = new Map(failures?.kinds)
  for (const job of [...own, ...shown])
    if (reported.has(job.id)) left.set(kindOf(job), (left.get(kindOf(job)) ?? 0) - 1)
  const more = named([...left].filter(([, count]) => count > 0))
  const time = (job: Job): string => clock.brief(job.failedAt)
  const ownRow = (job: Job, index: number): Row =>
    index === 0
      ? jobRow(job, [kindOf(job)], job.reaped ? [] : [`${deathOf(job).how}.`], pages)
      : jobRow(job, [time(job), kindOf(job)], [noteOf(job)], pages)
  const [kind, ...further] = new Set(shown.map(kindOf))
  const otherRow = (job: Job): Row => {
    const step = stepOf(chain, job)?.name ?? job.jobType
    return jobRow(job, [time(job), step, ...(further.length === 0 ? [] : [kindOf(job)])], [noteOf(job)], pages)
  }
  const label = `Other runs of the ${chain.name} that failed${kind && further.length === 0 ? ` (${kind})` : ''}`
  const found = [{ rows: own.map(ownRow) }, { label, rows: saidOnce(shown.map(otherRow)) }].filter(
    ({ rows }) => rows.length > 0,
  )
  const said = more.length > 0 ? `… and more: ${list(more)}` : undefined
  return found.map((each, index) => ({ ...each, more: index === found.length - 1 ? said : undefined }))
}
