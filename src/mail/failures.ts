import { type Caps, FEW_SECTIONS, HEADING_ERROR, JOBS_LISTED_OF, JOBS_OF_MANY, VARIANT } from '../caps.js'
import { parseChainStart } from '../chains.js'
import type { Digest } from '../digest/digest.js'
import { chosen, type Failures, type Group } from '../digest/group.js'
import { deathOf, type Job, kindOf, ownError } from '../job.js'
import { list, oneLine, plural, separated } from '../text/words.js'
import {
  headlineOf,
  jobRow,
  type List,
  named,
  noteOf,
  type Quote,
  quote,
  type Section,
  type Style,
  said,
  saidOnce,
  short,
  shortVariant,
} from './section.js'

/** Failures of one chain or group, as subject, overview and section show them. */
export interface Item {
  readonly failures: Failures
  readonly what: string
  readonly error: string
  readonly section: Section
}

/** The failures outside the refresh: other chains, the last to fail first, then groups, the largest first. */
export function itemsOf({ groups: all, chains }: Digest, { clock, pages, caps }: Style): readonly Item[] {
  const [some, groups] = [chains.slice(0, caps.sections), chosen(all, caps.sections)]
  const jobs = some.length + groups.length > FEW_SECTIONS ? Math.min(caps.jobs, JOBS_OF_MANY) : caps.jobs
  const style = { clock, pages, caps: { ...caps, jobs } }
  return [...some.map((chain) => chainItem(chain, style)), ...groups.map((group) => groupItem(group, style))]
}

/** Adds what all sections of jobs have. */
function item(
  failures: Failures,
  [what, error]: readonly [string, string],
  { pages, caps }: Style,
  parts: Partial<Section>,
): Item {
  const { count, latest, kinds } = failures
  const about = `${what}: ${error}`
  const url = count === 1 ? pages.job(latest.id) : pages.jobsLike(latest)
  const links = kinds.length === 1 ? [{ label: 'Details (JSON)', url, about } as const] : []
  const most = caps.linkedKinds + caps.namedKinds
  const common = { sign: '✗', heading: about, links, kinds: kinds.slice(0, most) } as const
  return { failures, what, error, section: { ...common, ...parts } }
}

/** A group, of one kind or several. */
function groupItem(group: Group, style: Style): Item {
  const { kinds, count, first, last, latest, death } = group
  const { clock, caps } = style
  const isOne = kinds.length === 1
  const what = isOne
    ? plural(count, `${short(kindOf(latest))} job`)
    : `${plural(count, 'job')} of ${separated(kinds.length)} types`
  const when = clock.range(first, last)
  const { how, advice } = deathOf(latest, count === 1 ? when : undefined)
  const died = death === undefined ? 'Fix the cause, then retry.' : `${how}. ${advice}`
  return item(group, [what, errorOf(group)], style, {
    lead: [count === 1 && latest.reaped ? died : `${when.charAt(0).toUpperCase()}${when.slice(1)}. ${died}`],
    error: quoteOf(group, caps),
    lists: [...(isOne ? [] : [kindList(group, style)]), jobList(group, style)],
  })
}

/** The error of a group on one line; "…" stands for what differs. */
function errorOf({ alike, headline, latest }: Group): string {
  const error = ownError(latest.error)
  if (latest.reaped && error === '') return 'no end after 90 minutes'
  return alike ? headlineOf(error, HEADING_ERROR) : short(ownError(headline), HEADING_ERROR)
}

/** Undefined if the heading has the whole error. */
function quoteOf(group: Group, caps: Caps): Quote | undefined {
  const { alike, count, latest, variants } = group
  const error = ownError(latest.error)
  const similar = `${separated(count)} similar errors`
  if (variants.length > 1) {
    const shown = variants.slice(0, caps.lines)
    const left = shown.reduce((rest, variant) => rest - variant.count, count)
    const lines = shown.map(
      (variant) => `${separated(variant.count)} × ${shortVariant(variant.text, Math.min(VARIANT, caps.error))}`,
    )
    return { label: similar, lines: said(...lines, left > 0 && `${separated(left)} × others`) }
  }
  if (error === '' || oneLine(error) === errorOf(group)) return undefined
  return quote(error, alike ? 'Error' : `${similar}, for example`, caps)
}

function kindList({ kinds }: Group, { pages, caps }: Style): List {
  const further = kinds.slice(caps.linkedKinds)
  return {
    rows: kinds.slice(0, caps.linkedKinds).map(({ name, count, latest }) => ({
      facts: [plural(count, `${short(name)} job`)],
      link: pages.jobsLike(latest),
    })),
    more: further.length > 0 ? `… and ${list(named(further, caps.namedKinds))}` : undefined,
    urls: true,
  }
}

function jobList({ count, jobs, kinds, first, last, death }: Group, { clock, pages, caps }: Style): List {
  const shown = jobs.slice(0, count > JOBS_LISTED_OF ? 1 : caps.jobs)
  const isOneTime = clock.at(first) === clock.at(last)
  const row = (job: Job) => {
    const facts = said(!isOneTime && clock.brief(job.failedAt), kinds.length > 1 && short(kindOf(job)))
    return jobRow(job, facts, said(death === undefined && `${deathOf(job).how}.`), pages)
  }
  return { rows: shown.map(row), more: moreThan(shown.length, count) }
}

/** A chain whose steps are not known. */
function chainItem(chain: Failures, style: Style): Item {
  const { latest, count, first, last, kinds, jobs, alike } = chain
  const { clock, pages, caps } = style
  const [error = '', ...others] = new Set(jobs.map((job) => headlineOf(ownError(job.error), HEADING_ERROR)))
  const what = `${plural(count, 'job')} of one ${short(latest.source)} run`
  // Only the latest jobs are kept: that all errors are one is known of identical ones alone.
  const isOneError = others.length === 0 && (alike || count === jobs.length)
  const shown = jobs.slice(0, caps.jobs)
  const row = (job: Job) => jobRow(job, [clock.brief(job.failedAt), short(kindOf(job))], [noteOf(job)], pages)
  const started = clock.brief(parseChainStart(latest.chain) ?? null)
  return item(chain, [what, isOneError ? error : `${error} and other errors`], style, {
    lead: [
      `${clock.range(first, last)}. Started at ${started}. Fix the cause, then retry.`,
      `${list(named(kinds, caps.linkedKinds + caps.namedKinds))}.`,
    ],
    lists: [{ rows: saidOnce(shown.map(row)), more: moreThan(shown.length, count) }],
  })
}

function moreThan(shown: number, count: number): string | undefined {
  return count > shown ? `… and ${separated(count - shown)} more` : undefined
}
