import type { Cluster } from '../digest/cluster.js'
import type { ChainSection, Digest, Fault } from '../digest/digest.js'
import { chosen } from '../digest/group.js'
import { isSettled } from '../digest/outlook.js'
import type { Overdue } from '../digest/overdue.js'
import { plural } from '../text/words.js'
import { chainSection } from './chain.js'
import { Clock } from './clock.js'
import { footer, type Total, total } from './frame.js'
import { allJobs, bareSection, groupSection } from './group.js'
import { bareOverdue, overdueSection } from './overdue.js'
import { Pages } from './pages.js'
import type { Presentation } from './presentation.js'
import { remainder } from './remainder.js'
import { type Caps, type Link, type Section, type Style, short } from './section.js'

/** The mail in words, before anything is laid out: text and HTML say the same, in the same order. */
export interface Letter {
  readonly environment: string | undefined
  /** What failed in all; undefined where one section says it. */
  readonly total: Total | undefined
  /** The one thing to do first, where there is more than one section. */
  readonly action: Link
  /** A line a section: what, and when. Empty where there are few. */
  readonly overview: readonly (readonly [what: string, when: string])[]
  readonly sections: readonly Section[]
  /** What has no section. */
  readonly remainder: readonly string[]
  readonly footer: readonly string[]
  readonly faults: readonly Fault[]
}

/** More sections than this have an overview. */
const FEW_SECTIONS = 3
/** And list fewer jobs each. */
const JOBS_OF_MANY = 5

/** The digest in words. What cannot be said is listed bare, and is among `faults`. */
export function writeLetter(digest: Digest, presentation: Presentation, caps: Caps): Letter {
  const clock = new Clock(presentation.timezone, digest.now)
  const chains = digest.chains.slice(0, caps.sections)
  const groups = chosen(digest, caps.sections)
  const few = chains.length + groups.length <= FEW_SECTIONS
  const jobs = few ? caps.jobs : Math.min(caps.jobs, JOBS_OF_MANY)
  const style = { clock, pages: new Pages(presentation.adminBaseUrl), caps: { ...caps, jobs } }
  const fallbacks = new Fallbacks(style)
  const { sections: chained, overdue } = chainSections(chains, digest.overdue, style, fallbacks)
  const grouped = groups.map((group) => fallbacks.section(group, () => groupSection(group, digest, style)))
  const sections = [...chained, ...grouped]
  const chainsLeft = digest.chains.slice(caps.sections).map(({ failures }) => failures)
  const remaining = fallbacks.orElse(
    () => remainder(digest, groups, chainsLeft, caps.remainder),
    () => digest.kinds.map(({ name, count }) => `${short(name)}: ${plural(count, 'job')}`),
  )
  const hasTotal = sections.length > 1 || remaining.length > 0 || (digest.window.includeAlerted && digest.count > 0)
  return {
    environment: presentation.environment,
    total: hasTotal
      ? fallbacks.orElse(
          () => total(digest, overdue, clock),
          () => ({ headline: `${plural(digest.count, 'job')} failed for good`, summary: '' }),
        )
      : undefined,
    action: (chained.length > 0 ? sections[0]?.links[0] : undefined) ?? allJobs(style.pages),
    overview: sections.length > FEW_SECTIONS ? overview(chained, grouped, remaining.length) : [],
    sections: hasTotal ? sections : sections.map((each) => withAdminPage(each, style)),
    remainder: remaining,
    footer: fallbacks.orElse(
      () => footer(digest, clock),
      () => ['Sent by job-alert.'],
    ),
    faults: fallbacks.faults,
  }
}

/** The only section leads to the page where jobs are retried. */
function withAdminPage(section: Section, { pages }: Style): Section {
  const page = allJobs(pages)
  return section.links.some(({ label }) => label === page.label)
    ? section
    : { ...section, links: [...section.links, page] }
}

/** What fails to be written has a plain substitute, and is a fault. */
class Fallbacks {
  readonly faults: Fault[] = []

  constructor(private readonly style: Style) {}

  orElse<T>(write: () => T, otherwise: () => T, jobIds: readonly bigint[] = []): T {
    try {
      return write()
    } catch (error) {
      this.faults.push({ error, jobIds })
      return otherwise()
    }
  }

  section(cluster: Cluster, write: () => Section): Section {
    return this.orElse(
      write,
      () => bareSection(cluster, this.style),
      cluster.jobs.map(({ id }) => id),
    )
  }
}

/**
 * That a refresh is overdue is said once: by the first section about one that has to be resumed, or else by a section
 * of its own, before those about which nothing is to be done. The same resumption is offered once, where it belongs.
 */
function chainSections(
  chains: readonly ChainSection[],
  lapse: Overdue | undefined,
  style: Style,
  fallbacks: Fallbacks,
): { readonly sections: readonly Section[]; readonly overdue: boolean } {
  let unsaid = lapse
  const offered = new Set(
    chains.flatMap(({ chain }) => (chain?.outlook?.newer ? [] : (chain?.outlook?.resume?.job.id ?? []))),
  )
  const written = chains.map(({ failures, chain }) => {
    if (!chain) return bareSection(failures, style)
    const { outlook } = chain
    const resume = outlook?.newer && outlook.resume
    const elsewhere = resume !== undefined && offered.has(resume.job.id)
    if (resume) offered.add(resume.job.id)
    const overdue = outlook && !isSettled(outlook) ? unsaid : undefined
    const before = fallbacks.faults.length
    const section = fallbacks.section(failures, () => chainSection(failures, chain, overdue, elsewhere, style))
    if (overdue && fallbacks.faults.length === before) unsaid = undefined
    return section
  })
  const open = chains.filter(({ chain }) => !isSettled(chain?.outlook)).length
  const overdue = unsaid
  const own = overdue
    ? [
        fallbacks.orElse(
          () => overdueSection(overdue, style),
          () => bareOverdue(style),
        ),
      ]
    : []
  return { sections: [...written.slice(0, open), ...own, ...written.slice(open)], overdue: own.length > 0 }
}

/** Chains that became the same are one line. */
function overview(chained: readonly Section[], grouped: readonly Section[], remaining: number): Letter['overview'] {
  const chains = [...new Set(chained.map(({ brief }) => brief))].map((brief) => {
    const times = chained.filter((section) => section.brief === brief).map(({ when }) => when)
    const [last = '', first = last] = [times[0], times.at(-1)]
    return times.length > 1
      ? ([`${times.length} × ${brief}`, `${first} to ${last}`] as const)
      : ([brief, last] as const)
  })
  const rows = [...chains, ...grouped.map(({ brief, when }) => [brief, when] as const)]
  return remaining > 0 ? [...rows, [`… and ${plural(remaining, 'more line')} under "Also failed"`, '']] : rows
}
