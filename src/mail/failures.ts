import { parseChainStart } from '../chains.js'
import type { ChainFailures } from '../digest/chain.js'
import type { Group } from '../digest/group.js'
import { deathOf, type Job, kindOf, ownError } from '../job.js'
import { grouped, list, oneLine, plural } from '../text/words.js'
import { HEADING_ERROR, JOBS_LISTED_OF } from './caps.js'
import {
  counted,
  firstLine,
  type List,
  NOTHING,
  named,
  noteOf,
  type Quote,
  quote,
  type Row,
  type Section,
  type Style,
  saidOnce,
  sentence,
  short,
  target,
} from './section.js'

/** Failures with one error, of one job type or several. */
export function groupSection(group: Group, style: Style): Section {
  const { kinds, count, first, last, latest, death } = group
  const { clock, pages, caps } = style
  const [single, ...others] = kinds
  const when = clock.range(first, last)
  const { how, advice } = deathOf(latest, count === 1 ? when : undefined)
  const isSaid = count === 1 && latest.reaped
  const about = `${whatFailed(group)}: ${errorOf(group)}`
  return {
    ...NOTHING,
    headline: about,
    mark: '✗',
    lead: [
      sentence(
        `${isSaid ? '' : `${when}. `}${death === undefined ? 'Fix the cause, then retry.' : `${how}. ${advice}`}`,
      ),
    ],
    error: quoteOf(group, style),
    lists: [...(others.length > 0 ? [kindList(group, style)] : []), jobList(group, style)],
    links:
      single && others.length === 0
        ? [{ label: 'Details (JSON)', url: count === 1 ? pages.job(latest.id) : pages.jobsLike(latest), about }]
        : [],
    kinds: new Map(kinds.slice(0, caps.kinds + caps.named).map(({ name, count: jobs }) => [name, jobs])),
  }
}

/** "4 spotify/match_song jobs", "16 jobs of 4 types" */
export function whatFailed({ kinds, count }: Group): string {
  const [single, ...others] = kinds
  if (!single || others.length > 0) return `${plural(count, 'job')} of ${grouped(kinds.length)} types`
  return plural(count, `${short(single.name)} job`)
}

/** The error of a group on one line, with "…" for what differs. */
export function errorOf({ alike, headline, latest }: Group): string {
  const error = ownError(latest.error)
  if (latest.reaped && error === '') return 'no end after 90 minutes'
  return alike ? firstLine(error, HEADING_ERROR) : short(ownError(headline), HEADING_ERROR)
}

/** Undefined if the heading has said all of it. */
function quoteOf(group: Group, { caps }: Style): Quote | undefined {
  const { alike, count, latest, variants, others } = group
  const error = ownError(latest.error)
  if (variants.length > 1 && caps.variants > 0) {
    const shown = variants.slice(0, caps.variants)
    const left = variants.slice(caps.variants).reduce((sum, variant) => sum + variant.count, others)
    const lines = shown.map((variant) => `${grouped(variant.count)} × ${short(variant.text, caps.error)}`)
    return {
      label: `${grouped(count)} similar errors`,
      lines: left > 0 ? [...lines, `${grouped(left)} × others`] : lines,
    }
  }
  if (error === '' || oneLine(error) === errorOf(group)) return undefined
  return quote(error, alike ? 'Error' : `${grouped(count)} similar errors, for example`, caps)
}

function kindList({ kinds }: Group, { pages, caps }: Style): List {
  const further = kinds.slice(caps.kinds)
  const names = further.slice(0, caps.named).map(({ name, count }) => counted([name, count]))
  const left = further.length - names.length
  const all = [...names, ...(left > 0 ? [plural(left, 'more type')] : [])]
  return {
    label: undefined,
    rows: kinds.slice(0, caps.kinds).map(({ name, count, latest }) => ({
      facts: [plural(count, `${short(name)} job`)],
      notes: [],
      link: pages.jobsLike(latest),
    })),
    more: all.length > 0 ? `… and ${list(all)}` : undefined,
    urls: true,
  }
}

/** A section of very many jobs shows one as an example. */
function jobList({ count, jobs, kinds, first, last, death }: Group, { clock, pages, caps }: Style): List {
  const shown = jobs.slice(0, count > JOBS_LISTED_OF ? 1 : caps.jobs)
  const time = (job: Job): readonly string[] =>
    clock.range(first, first) === clock.range(last, last) ? [] : [clock.brief(job.failedAt)]
  return {
    label: undefined,
    rows: shown.map((job) => ({
      facts: [`job ${job.id}`, ...time(job), ...(kinds.length > 1 ? [kindOf(job)] : []), target(job)],
      notes: death === undefined ? [`${deathOf(job).how}.`] : [],
      link: pages.job(job.id),
    })),
    more: moreThan(shown.length, count),
  }
}

/** Failures of one run of a chain whose steps are not known. */
export function chainSection({ latest, count, first, last, kinds, jobs }: ChainFailures, style: Style): Section {
  const { clock, pages, caps } = style
  const shown = jobs.slice(0, caps.jobs)
  const counts = named(kinds, caps.kinds + caps.named)
  const row = (job: Job): Row => ({
    facts: [`job ${job.id}`, clock.brief(job.failedAt), short(kindOf(job)), target(job)],
    notes: [noteOf(job)],
    link: pages.job(job.id),
  })
  const types = [
    ...[...counts].map(counted),
    ...(kinds.size > counts.size ? [plural(kinds.size - counts.size, 'other type')] : []),
  ]
  const about = `${chainFailed(latest, count)}: ${errorsOf(jobs)}`
  return {
    ...NOTHING,
    mark: '✗',
    headline: about,
    lead: [
      `${clock.range(first, last)}. Started at ${clock.brief(parseChainStart(latest.chain) ?? null)}. Fix the cause, then retry.`,
      `${list(types)}.`,
    ],
    lists: [{ label: undefined, rows: saidOnce(shown.map(row)), more: moreThan(shown.length, count) }],
    links: kinds.size === 1 ? [{ label: 'Details (JSON)', url: pages.jobsLike(latest), about }] : [],
    kinds: counts,
  }
}

/** "disk full and other errors" */
export function errorsOf(jobs: readonly Job[]): string {
  const [first = '', ...others] = new Set(jobs.map(({ error }) => firstLine(ownError(error), HEADING_ERROR)))
  return others.length > 0 ? `${first} and other errors` : first
}

function moreThan(shown: number, count: number): string | undefined {
  return count > shown ? `… and ${grouped(count - shown)} more` : undefined
}

/** "12 jobs of one spotify run" */
export function chainFailed({ source }: Job, count: number): string {
  return `${plural(count, 'job')} of one ${short(source)} run`
}
