import type { Cluster } from '../digest/cluster.js'
import type { Digest, Fault } from '../digest/digest.js'
import { chosen } from '../digest/kinds.js'
import { plural } from '../text/words.js'
import { Clock } from './clock.js'
import { footer, type Total, total } from './frame.js'
import { Pages } from './pages.js'
import type { Presentation } from './presentation.js'
import { remainder } from './remainder.js'
import { type Caps, type Section, SectionWriter, short } from './section.js'

/** The mail in words, before anything is laid out: text and HTML say the same, in the same order. */
export interface Letter {
  readonly environment: string | undefined
  /** What failed in all; undefined where one section says it. */
  readonly total: Total | undefined
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
  const groups = chosen(digest.kinds, caps.sections)
  const few = chains.length + groups.length <= FEW_SECTIONS
  const jobs = few ? caps.jobs : Math.min(caps.jobs, JOBS_OF_MANY)
  const writer = new SectionWriter(clock, new Pages(presentation.adminBaseUrl), { ...caps, jobs })
  const faults: Fault[] = []
  const attempt = <T>(write: () => T, otherwise: () => T, jobIds: readonly number[] = []): T => {
    try {
      return write()
    } catch (error) {
      faults.push({ error, jobIds })
      return otherwise()
    }
  }
  const safely = (cluster: Cluster, write: () => Section): Section =>
    attempt(
      write,
      () => writer.bare(cluster),
      cluster.jobs.map(({ id }) => id),
    )
  const { overdue } = digest
  const bareTotal = (): Total => ({ headline: `${plural(digest.count, 'job')} failed for good`, summary: '' })
  // Where a failed refresh has a section, that one says so.
  const inChain = chains.find(({ chain }) => chain?.outlook)
  const offered = new Set<number>()
  const sections = [
    ...chains.map((section) => {
      const { failures, chain } = section
      if (!chain) return writer.bare(failures)
      const written = safely(failures, () =>
        writer.chain(failures, chain, section === inChain ? overdue : undefined, offered),
      )
      if (chain.outlook?.resume) offered.add(chain.outlook.resume.job.id)
      return written
    }),
    ...(overdue && !inChain ? [writer.overdue(overdue)] : []),
    ...groups.map((group) => safely(group, () => writer.group(group))),
  ]
  const chainsLeft = digest.chains.slice(caps.sections).map(({ failures }) => failures)
  const remaining = attempt(
    () => remainder(digest, groups, chainsLeft, caps.remainder),
    () => digest.kinds.map(({ name, count }) => `${short(name)}: ${plural(count, 'job')}`),
  )
  return {
    environment: presentation.environment,
    total: sections.length > 1 || remaining.length > 0 ? attempt(() => total(digest, clock), bareTotal) : undefined,
    overview: sections.length > FEW_SECTIONS ? sections.map(({ brief, when }) => [brief, when]) : [],
    sections,
    remainder: remaining,
    footer: attempt(
      () => footer(digest, clock),
      () => ['Sent by job-alert.'],
    ),
    faults,
  }
}
