import type { ChainFailures } from '../digest/chain.js'
import type { Cluster } from '../digest/cluster.js'
import type { Digest, Fault } from '../digest/digest.js'
import type { Group } from '../digest/group.js'
import type { Kind } from '../digest/kind.js'
import { chosen } from '../digest/kinds.js'
import { plural } from '../text/words.js'
import { Clock } from './clock.js'
import { isDate } from './duration.js'
import { Pages } from './pages.js'
import type { Presentation } from './presentation.js'
import { type Caps, type Section, SectionWriter, short } from './section.js'

/** The mail in words, before anything is laid out: text and HTML say the same, in the same order. */
export interface Letter {
  readonly environment: string | undefined
  /** What failed in all; undefined where one section says it. */
  readonly total: { readonly headline: string; readonly summary: string } | undefined
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
  const bareTotal = (): Letter['total'] => ({ headline: `${plural(digest.count, 'job')} failed for good`, summary: '' })
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

function total({ count, chains, moreChains, kinds, overdue, window }: Digest, clock: Clock): Letter['total'] {
  const chainCount = chains.length + moreChains.length
  const others = kinds.reduce((sum, kind) => sum + kind.count, 0)
  const parts = [
    ...(overdue ? ['an overdue refresh'] : []),
    ...(chainCount > 0 ? [plural(chainCount, 'chain')] : []),
    ...(others > 0 ? [`${plural(others, chainCount > 0 ? 'other job' : 'job')} in ${groupCount(kinds)}`] : []),
  ]
  const since = window.since === 'all' ? '' : `Since ${clock.moment(window.since.getTime())}: `
  return { headline: `${plural(count, 'job')} failed for good`, summary: `${since}${parts.join(', and ')}.` }
}

/** "4 groups", or what is known of them where they were too many to be told apart. */
function groupCount(kinds: readonly Kind[]): string {
  const groups = kinds.reduce((sum, kind) => sum + kind.groups.length, 0)
  const grouped = kinds.every((kind) => kind.count === kind.groups.reduce((sum, group) => sum + group.count, 0))
  if (grouped) return plural(groups, 'group')
  const errors = kinds.reduce((sum, { patterns }) => sum + patterns, 0)
  const all = kinds.every(({ countedAll }) => countedAll)
  return `${plural(kinds.length, 'job type')} with ${all ? '' : 'more than '}${plural(errors, 'different error')}`
}

/** What lies beyond the sections, by source and job type, so that none of them is left out. */
function remainder(
  { kinds, moreChains }: Digest,
  groups: readonly Group[],
  chainsLeft: readonly ChainFailures[],
  most: number,
): readonly string[] {
  const lines = [...kindsLeft(kinds, groups), ...inChains([...chainsLeft, ...moreChains])]
  const left = lines.slice(most)
  const jobs = left.reduce((sum, { count }) => sum + count, 0)
  return [
    ...lines.slice(0, most).map(({ text }) => text),
    ...(left.length > 0 ? [`and ${plural(jobs, 'more job')} of ${plural(left.length, 'more job type')}`] : []),
  ]
}

interface Left {
  readonly count: number
  readonly text: string
}

function kindsLeft(kinds: readonly Kind[], groups: readonly Group[]): readonly Left[] {
  const shown = new Set(groups)
  return kinds.flatMap(({ name, count, patterns, countedAll, groups: own }) => {
    const sections = own.filter((group) => shown.has(group))
    const jobs = count - sections.reduce((sum, group) => sum + group.count, 0)
    const errors = patterns - sections.reduce((sum, group) => sum + group.patterns, 0)
    if (jobs === 0) return []
    const varied = countedAll ? errors > 1 : errors > 0
    const different = varied ? ` with ${countedAll ? '' : 'more than '}${plural(errors, 'different error')}` : ''
    const what = sections.length > 0 ? `${jobs.toLocaleString('en')} more` : plural(jobs, 'job')
    return [{ count: jobs, text: `${short(name)}: ${what}${different}` }]
  })
}

function inChains(chains: readonly ChainFailures[]): readonly Left[] {
  const names = [...new Set(chains.flatMap(({ kinds }) => [...kinds.keys()]))]
  return names.map((name) => {
    const concerned = chains.filter(({ kinds }) => kinds.has(name))
    const count = concerned.reduce((sum, { kinds }) => sum + (kinds.get(name) ?? 0), 0)
    return {
      count,
      text: `${short(name)}: ${count.toLocaleString('en')} more in ${plural(concerned.length, 'other chain')}`,
    }
  })
}

function footer({ count, window, older, now }: Digest, clock: Clock): readonly string[] {
  const [one, oneOlder] = [count === 1, older.count === 1]
  const since = window.since === 'all' ? 'at any time' : `since ${clock.moment(window.since.getTime())}`
  const reported = window.includeAlerted
    ? `, whether or not ${one ? 'it was' : 'they were'} reported before`
    : ` and ${one ? 'was' : 'were'} not reported before`
  return [
    ...(older.count > 0
      ? [
          `${plural(older.count, 'older failure')} ${oneOlder ? 'has' : 'have'} never been reported, the oldest from ${clock.moment(older.oldest)}. To report ${oneOlder ? 'it' : 'them'}: job-alert digest --since ${sinceWhen(older.oldest)}`,
        ]
      : []),
    ...(count > 0 ? [`This mail is about ${plural(count, 'job')} that failed for good ${since}${reported}.`] : []),
    `Sent by job-alert, ${clock.moment(now.getTime())}.`,
  ]
}

/** A --since that reaches back to `oldest`. */
function sinceWhen(oldest: number | null): string {
  const year = oldest !== null && isDate(oldest) ? new Date(oldest).getUTCFullYear() : 0
  if (oldest === null || year < 1 || year > 9_999) return 'all'
  return new Date(Math.floor(oldest / 60_000) * 60_000).toISOString().replace(':00.000Z', 'Z')
}
