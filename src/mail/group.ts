import type { Cluster, Listed } from '../digest/cluster.js'
import type { Group, Grouped } from '../digest/group.js'
import { howItDied } from '../job.js'
import { plural } from '../text/words.js'
import type { Pages } from './pages.js'
import {
  firstLine,
  type JobLine,
  type Link,
  NONE,
  quote,
  type Section,
  type Style,
  short,
  target,
  UNSAID,
} from './section.js'

const VARIANTS_SHOWN = 5
/** Of an overview's line. */
const BRIEF_LENGTH = 48

/** Failures of one source and job type, and of one error. */
export function groupSection(group: Group, digest: Grouped, style: Style): Section {
  const { clock, pages, caps } = style
  const { count, first, last, death, latest, jobs, alike } = group
  const kind = kindsOf(group)
  const ofKind = failuresOf(group, digest)
  const shown = jobs.slice(0, caps.jobs)
  const what = headline(kind, count, ofKind)
  const when = count === 1 ? clock.withAgo(clock.moment(last), last) : clock.range(first, last)
  return {
    ...NONE,
    headline: count === ofKind ? `${what} failed` : what,
    brief: count === ofKind ? what : brief(kind, group, ofKind),
    when: clock.shortRange(first, last),
    summary: death === undefined ? when : `${death}, ${when}`,
    error: quote(latest, alike ? 'Error' : `${count.toLocaleString('en')} errors such as`, caps, variantsOf(group)),
    jobs: shown.map((job) => ({
      facts: [`job ${job.id}`, target(job), ...timeOf(job, group, when, style)],
      notes: death === undefined ? [howItDied(job)] : [],
      link: pages.job(job.id),
    })),
    more: moreJobs(count, shown),
    links: [
      count === 1
        ? { label: 'Open this job', url: pages.job(latest.id) }
        : { label: `Open all ${latest.status} ${short(kind, 40)} jobs`, url: pages.jobsLike(latest) },
    ],
  }
}

/** "spotify/match_song", "spotify/match_song and 3 more" */
function kindsOf({ kinds }: Group): string {
  const [first, ...others] = kinds
  return others.length > 0 ? `${first?.name} and ${others.length} more` : (first?.name ?? '')
}

/** All failures of its kinds, with whatever error. */
function failuresOf({ kinds }: Group, digest: Grouped): number {
  const names = new Set(kinds.map(({ name }) => name))
  return digest.kinds.filter(({ name }) => names.has(name)).reduce((sum, { count }) => sum + count, 0)
}

/** "12 of 15 spotify/match_song: HTTP 503", as far as it leaves room for the time. */
function brief(kind: string, { count, latest }: Group, ofKind: number): string {
  const error = firstLine(latest.error, BRIEF_LENGTH)
  return short(`${count.toLocaleString('en')} of ${ofKind.toLocaleString('en')} ${short(kind)}: ${error}`, BRIEF_LENGTH)
}

/** "12 of 15 failed spotify/match_song jobs": the others have other errors. */
function headline(kind: string, count: number, ofKind: number): string {
  if (count < ofKind) return `${count.toLocaleString('en')} of ${plural(ofKind, `failed ${short(kind)} job`)}`
  return count === 1 ? short(kind) : plural(count, `${short(kind)} job`)
}

/** Nothing where all of them failed in the same minute, which the summary has said. */
function timeOf(job: Listed, { count, last }: Group, when: string, { clock }: Style): readonly string[] {
  return count === 1 || when === clock.moment(last) ? [] : [clock.briefAfter(last, job.failedAt)]
}

function variantsOf({ variants }: Group): string | undefined {
  if (variants.length === 0) return undefined
  const shown = variants.slice(0, VARIANTS_SHOWN)
  const said = shown.map(({ text, count }) => `${text} (${count.toLocaleString('en')})`)
  const others = variants.length > shown.length ? ' and others' : ''
  return `also: ${said.join(', ')}${others}`
}

/** For what cannot be said as it should be: its jobs by their ids alone. */
export function bareSection({ count, jobs }: Cluster, { pages, caps }: Style): Section {
  const shown = jobs.slice(0, Math.max(1, caps.jobs))
  return {
    ...NONE,
    headline: `${plural(count, 'job')} failed`,
    brief: plural(count, 'job'),
    when: '',
    summary: UNSAID,
    jobs: shown.map(({ id }): JobLine => ({ facts: [`job ${id}`], notes: [], link: pages.job(id) })),
    more: moreJobs(count, shown),
    links: [allJobs(pages)],
  }
}

/** Where jobs are retried. */
export function allJobs(pages: Pages): Link {
  return { label: 'Open the admin page', url: pages.at() }
}

function moreJobs(count: number, shown: readonly Listed[]): string | undefined {
  return count > shown.length && shown.length > 0 ? `… and ${plural(count - shown.length, 'more job')}` : undefined
}
