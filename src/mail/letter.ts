import { type Digest, refreshIn } from '../digest/digest.js'
import { chosen } from '../digest/group.js'
import type { Refresh } from '../digest/refresh.js'
import { isNeeded } from '../digest/remedy.js'
import { deathOf, ownError } from '../job.js'
import { isDate, MINUTE } from '../text/time.js'
import { cut, list, oneLine, plural } from '../text/words.js'
import { type Caps, FEW_SECTIONS, JOBS_OF_MANY, OVERVIEW_ERROR, PREHEADER, SUBJECT, SUBJECT_KIND } from './caps.js'
import { Clock } from './clock.js'
import { chainFailed, chainSection, errorOf, errorsOf, groupSection, whatFailed } from './failures.js'
import { Pages, type Presentation } from './presentation.js'
import { becameOf, refreshSection, whenOf } from './refresh.js'
import { counted, firstLine, NOTHING, type Section, type Style } from './section.js'

/** The mail in words, before anything is laid out: text and HTML say the same, in the same order. */
export interface Letter {
  readonly subject: string
  /** What a list of mails shows beside the subject. */
  readonly preheader: string
  readonly environment: string | undefined
  readonly verdict: Verdict
  /** The first one stands under the verdict. */
  readonly sections: readonly Section[]
  readonly footer: readonly string[]
}

/** Whether to get up. Subject, first line and colour of the mail follow it. */
export interface Verdict {
  readonly word: string
  readonly tone: 'failed' | 'done'
  /** What the mail is about first. */
  readonly leads: 'refresh' | 'jobs'
  readonly prefix: string
}

/** A refresh that needs somebody, else jobs that failed, else a refresh that needs nobody. */
export function verdictOf(digest: Digest, refresh: Refresh | undefined): Verdict {
  const others = jobsBeside(digest, refresh)
  if (refresh && isNeeded(refresh.remedy))
    return { word: 'ACTION NEEDED', tone: 'failed', leads: 'refresh', prefix: '' }
  if (refresh && others === 0) return { word: 'NOTHING TO DO', tone: 'done', leads: 'refresh', prefix: 'No action: ' }
  return { word: `${plural(others, 'job').toUpperCase()} FAILED`, tone: 'failed', leads: 'jobs', prefix: '' }
}

/** One thing that failed: in the subject, in the overview, and in its section. */
interface Item {
  readonly count: number
  readonly last: number
  readonly what: string
  readonly error: string
  readonly section: (style: Style) => Section
}

/** The digest in words. `names` bounds the job types that are named beyond the sections. */
export function writeLetter(digest: Digest, presentation: Presentation, caps: Caps, names: number): Letter {
  const clock = new Clock(presentation.timezone, digest.now)
  const refresh = refreshIn(digest)
  const verdict = verdictOf(digest, refresh)
  const style = { clock, pages: new Pages(presentation.adminBaseUrl), caps }
  const shown = items(digest, caps.sections)
  const rest = jobSections(digest, refresh, verdict, shown, style)
  const about = refresh ? [refreshSection(refresh, style)] : []
  const failed = verdict.leads === 'refresh' ? [...about, ...rest] : [...rest, ...about]
  return {
    ...heading(digest, refresh, verdict, shown, presentation, clock),
    environment: presentation.environment,
    verdict,
    sections: [...failed, ...left(digest, failed, names), ...neverReported(digest, clock)],
    footer: footer(digest, clock),
  }
}

function items({ groups: all, chains }: Digest, most: number): readonly Item[] {
  const groups = chosen(all, most).map(
    (group): Item => ({
      count: group.count,
      last: group.last,
      what: whatFailed(group),
      error: errorOf(group),
      section: (style) => groupSection(group, style),
    }),
  )
  const runs = chains.slice(0, most).map(
    (failures): Item => ({
      count: failures.count,
      last: failures.last,
      what: chainFailed(failures.latest, failures.count),
      error: errorsOf(failures.jobs),
      section: (style) => chainSection(failures, style),
    }),
  )
  return [...runs, ...groups]
}

/** The sections of jobs. Several have an overview before them, and so has one that stands under a refresh. */
function jobSections(
  digest: Digest,
  refresh: Refresh | undefined,
  { leads }: Verdict,
  shown: readonly Item[],
  { clock, pages, caps }: Style,
): readonly Section[] {
  const jobs = shown.length > FEW_SECTIONS ? Math.min(caps.jobs, JOBS_OF_MANY) : caps.jobs
  const written = shown.map(({ section }) => section({ clock, pages, caps: { ...caps, jobs } }))
  const retry = { label: 'Retry jobs', url: pages.retry() } as const
  const [single, ...further] = written
  if (!single) return []
  if (leads === 'jobs' && further.length === 0) return [{ ...single, links: [retry, ...single.links] }]
  const errors = plural(digest.chains.length + digest.groups.length, 'different error')
  const headline =
    leads === 'jobs'
      ? `${errors}, ${clock.range(digest.first, digest.last)}`
      : `${plural(jobsBeside(digest, refresh), 'other job')} failed`
  const overview = shown.map(({ what, error }) => [what, cut(error, OVERVIEW_ERROR)] as const)
  const isShort = leads === 'refresh' && written.length <= FEW_SECTIONS
  return [{ ...NOTHING, headline, overview: isShort ? [] : overview, links: [retry] }, ...written]
}

/** Failures that are not of the refresh. */
function jobsBeside({ count }: Digest, refresh: Refresh | undefined): number {
  return count - (refresh?.failures?.count ?? 0)
}

/** The job types of the failures that no section accounts for. */
function left({ kinds, count }: Digest, sections: readonly Section[], most: number): readonly Section[] {
  const remaining = new Map(kinds)
  for (const section of sections)
    for (const [kind, jobs] of section.kinds) remaining.set(kind, (remaining.get(kind) ?? 0) - jobs)
  const rows = [...remaining].filter(([, jobs]) => jobs > 0).toSorted(([, a], [, b]) => b - a)
  const shown = rows.slice(0, most)
  const known = [...kinds.values()].reduce((sum, jobs) => sum + jobs, 0)
  const more = rows.slice(most).reduce((sum, [, jobs]) => sum + jobs, 0) + count - known
  const said = [...shown.map(counted), ...(more > 0 ? [`${plural(more, 'job')} of further types`] : [])]
  return said.length === 0
    ? []
    : [{ ...NOTHING, headline: 'Failed, but not named above', lead: [`${list(said)}.`], kinds: new Map(shown) }]
}

/** Failures that this mail leaves out: those that the next run reports, and those that none will unless it is asked. */
function neverReported({ older, waiting }: Digest, clock: Clock): readonly Section[] {
  const due = `${plural(waiting, 'more failure')} ${waiting === 1 ? 'waits' : 'wait'} for the next run, which reports ${waiting === 1 ? 'it' : 'them'}.`
  const [one, command] = [older.count === 1, `node bin/job-alert.js digest --since ${sinceWhen(older.oldest)}`]
  if (older.count === 0) return waiting === 0 ? [] : [{ ...NOTHING, headline: 'More to come', lead: [due] }]
  return [
    {
      ...NOTHING,
      headline: `${plural(older.count, 'older failure')} ${one ? 'was' : 'were'} never reported`,
      lead: [...(waiting > 0 ? [due] : []), `${one ? 'It is' : 'The oldest is'} from ${clock.at(older.oldest)}.`],
      todo: [
        { text: `Look at ${one ? 'it' : 'them'} first:`, code: command.replace('digest', 'digest --dry-run') },
        { text: `Report ${one ? 'it' : 'them'}:`, code: command },
      ],
    },
  ]
}

/** A --since that reaches back to `oldest`. */
function sinceWhen(oldest: number | null): string {
  const year = oldest !== null && isDate(oldest) ? new Date(oldest).getUTCFullYear() : 0
  if (oldest === null || year < 1 || year > 9_999) return 'all'
  return new Date(Math.floor(oldest / MINUTE) * MINUTE).toISOString().replace(':00.000Z', 'Z')
}

function footer({ count, window: { since, includeAlerted } }: Digest, clock: Clock): readonly string[] {
  const from = since === 'all' ? 'failures of any age' : `failures since ${clock.at(since.getTime())}`
  const reported = includeAlerted ? ', reported before or not' : ' that had not been reported'
  return [...(count > 0 ? [`Covers ${from}${reported}.`] : []), `Sent by job-alert, ${clock.sent()}.`]
}

/** Subject and preheader: what failed and how, how much else, and when. */
function heading(
  digest: Digest,
  refresh: Refresh | undefined,
  { leads, prefix }: Verdict,
  [item]: readonly Item[],
  { environment }: Presentation,
  clock: Clock,
): Pick<Letter, 'subject' | 'preheader'> {
  const start = `${environment ? `${environment}: ` : ''}${prefix}`
  const more = (count: number): string => (count > 0 ? ` + ${plural(count, 'job')}` : '')
  const when = (at: number, before: string): string => (isDate(at) ? before + clock.dated(at) : '')
  if (leads === 'refresh' && refresh) {
    const { at, before } = whenOf(refresh)
    const end = [more(jobsBeside(digest, refresh)), when(at, before)]
    const subject = fitted(start + becameOf(refresh), '', (before === ', ' ? end : end.reverse()).join(''))
    return { subject, preheader: preheaderOf(refresh, clock) }
  }
  if (!item) return { subject: fitted(start, plural(digest.count, 'failed job'), ''), preheader: '' }
  const end = more(digest.count - item.count) + when(item.last, ', ')
  return { subject: fitted(`${start}${shortest(item.what)}: `, item.error, end), preheader: item.error }
}

/** The error begins within the first forty characters: without the source, where both are long. */
function shortest(what: string): string {
  const bare = what.replace(/ jobs?$/, '')
  return bare.length <= SUBJECT_KIND ? bare : bare.replace(/ \S*\//, ' ')
}

function preheaderOf({ failed, failures, overdue, lastSuccess, tried }: Refresh, clock: Clock): string {
  const [furthest] = failed
  if (furthest && failures) return firstLine(ownError(furthest.error) || deathOf(furthest).how, PREHEADER)
  if (!overdue) return ''
  const runs = tried.length + (furthest ? 1 : 0)
  const success =
    lastSuccess === null
      ? `No success since at least ${clock.day(overdue.anchor)}`
      : `Last success ${clock.day(lastSuccess)}, ${clock.age(lastSuccess)} ago`
  return `${success}; ${runs === 0 ? 'nothing' : plural(runs, 'run')} tried since`
}

/** One line of at most 77 characters. What is in the middle is cut first, then the end goes. */
function fitted(head: string, middle: string, end: string): string {
  const room = SUBJECT - head.length - end.length
  if (room >= Math.min(middle.length, 12)) return oneLine(`${head}${cut(oneLine(middle), room)}${end}`)
  return cut(oneLine(`${head}${middle}`), SUBJECT)
}
