import { type Caps, FEW_SECTIONS, OVERVIEW_ERROR, PREHEADER, SUBJECT_KIND } from '../caps.js'
import type { Digest } from '../digest/digest.js'
import { isNeeded, type Refresh, refreshIn } from '../digest/refresh.js'
import { deathOf, ownError } from '../job.js'
import { isDate, MINUTE } from '../text/time.js'
import { list, plural } from '../text/words.js'
import { Clock } from './clock.js'
import { itemsOf } from './failures.js'
import { Pages, type Presentation } from './presentation.js'
import { newsOf, refreshSection } from './refresh.js'
import { headlineOf, named, type Section, said, short, shortSubject } from './section.js'

/** The mail in words, before anything is laid out: text and HTML say the same, in the same order. */
export interface Letter {
  readonly subject: string
  /** Shown beside the subject in a list of mails. */
  readonly preheader: string
  readonly environment: string | undefined
  readonly verdict: Verdict
  /** The first one stands under the verdict. */
  readonly sections: readonly Section[]
  readonly footer: readonly string[]
}

/** Whether somebody has to act. */
export interface Verdict {
  /** The first line. */
  readonly word: string
  readonly tone: 'failed' | 'done'
  /** What subject and mail begin with. */
  readonly leads: 'refresh' | 'jobs'
}

/** The refresh leads if it needs action or nothing else failed. */
function verdictOf(refresh: Refresh | undefined, others: number): Verdict {
  if (refresh && isNeeded(refresh.remedy)) return { word: 'ACTION NEEDED', tone: 'failed', leads: 'refresh' }
  if (refresh && others === 0) return { word: 'NOTHING TO DO', tone: 'done', leads: 'refresh' }
  return { word: `${plural(others, 'job').toUpperCase()} FAILED`, tone: 'failed', leads: 'jobs' }
}

/** All that a letter is written from; `others` counts the failures outside the refresh. */
function matterOf(digest: Digest, { environment, timezone, adminBaseUrl }: Presentation, caps: Caps) {
  const style = { clock: new Clock(timezone, digest.now), pages: new Pages(adminBaseUrl), caps }
  const refresh = refreshIn(digest)
  const others = digest.count - (refresh?.failures?.count ?? 0)
  const [verdict, items] = [verdictOf(refresh, others), itemsOf(digest, style)]
  return { ...style, digest, environment, refresh, others, verdict, items }
}

type Matter = ReturnType<typeof matterOf>

/** The digest in words. */
export function writeLetter(digest: Digest, presentation: Presentation, caps: Caps): Letter {
  const matter = matterOf(digest, presentation, caps)
  const { environment, refresh, verdict } = matter
  const about = refresh ? [refreshSection(refresh, matter)] : []
  const rest = jobSections(matter)
  const written = verdict.leads === 'refresh' ? [...about, ...rest] : [...rest, ...about]
  return {
    ...subjectOf(matter),
    environment,
    verdict,
    sections: [...written, ...unaccounted(digest, written, caps.lastKinds), ...neverReported(matter)],
    footer: footer(matter),
  }
}

/** The sections of jobs, under one that sums them up; a single section that leads the mail needs none. */
function jobSections({ digest, others, items, verdict, clock, pages }: Matter): readonly Section[] {
  const retry = { label: 'Retry jobs', url: pages.retry() } as const
  const written = items.map(({ section }) => section)
  const [single, ...further] = written
  if (!single) return []
  const isFirst = verdict.leads === 'jobs'
  if (isFirst && further.length === 0) return [{ ...single, links: [retry, ...(single.links ?? [])] }]
  const errors = plural(digest.chains.length + digest.groups.length, 'different error')
  const overview = items.map(({ what, error }) => ({ facts: [what], notes: [short(error, OVERVIEW_ERROR)] }))
  return [
    {
      heading: isFirst
        ? `${errors}, ${clock.range(digest.first, digest.last)}`
        : `${plural(others, 'other job')} failed`,
      overview: isFirst || items.length > FEW_SECTIONS ? overview : [],
      links: [retry],
    },
    ...written,
  ]
}

/** The kinds of the failures that no section accounts for. */
function unaccounted({ kinds, count }: Digest, sections: readonly Section[], most: number): readonly Section[] {
  const accounted = sections.flatMap((section) => section.kinds ?? [])
  const remaining = new Map(kinds)
  for (const { name, count: jobs } of accounted) remaining.set(name, (remaining.get(name) ?? 0) - jobs)
  const rows = Array.from(remaining, ([name, jobs]) => ({ name, count: jobs })).filter((row) => row.count > 0)
  const shown = rows.sort((a, b) => b.count - a.count).slice(0, most)
  const more = [...accounted, ...shown].reduce((rest, row) => rest - row.count, count)
  const names = said(...named(shown), more > 0 && `${plural(more, 'job')} of further types`)
  return names.length === 0 ? [] : [{ heading: 'Failed, but not named above', lead: [`${list(names)}.`] }]
}

/** Failures that this mail leaves out: those of the next run, and older ones, which only --since reports. */
function neverReported({ digest, clock }: Matter): readonly Section[] {
  const { older, waiting = 0 } = digest.context
  const [waits, them] = waiting === 1 ? ['waits', 'it'] : ['wait', 'them']
  const next = `${plural(waiting, 'more failure')} ${waits} for the next run, which reports ${them}.`
  if (older.count === 0) return waiting === 0 ? [] : [{ heading: 'More to come', lead: [next] }]
  const [were, it, the] = older.count === 1 ? ['was', 'it', 'It is'] : ['were', 'them', 'The oldest is']
  const command = `node bin/job-alert.js digest --since ${sinceWhen(older.oldest)}`
  return [
    {
      heading: `${plural(older.count, 'older failure')} ${were} never reported`,
      lead: said(waiting > 0 && next, `${the} from ${clock.at(older.oldest)}.`),
      todo: [
        { text: `Look at ${it} first:`, code: command.replace('digest', 'digest --dry-run') },
        { text: `Report ${it}:`, code: command },
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

function footer({ digest, clock }: Matter): readonly string[] {
  const { since, includeAlerted } = digest.window
  const from = since === 'all' ? 'failures of any age' : `failures since ${clock.at(since.getTime())}`
  const reported = includeAlerted ? ', reported before or not' : ' that had not been reported'
  return said(digest.count > 0 && `Covers ${from}${reported}.`, `Sent by job-alert, ${clock.sent()}.`)
}

/** Subject and preheader: what failed and how, how much else, and when. */
function subjectOf(matter: Matter): Pick<Letter, 'subject' | 'preheader'> {
  const { digest, environment, refresh, others, verdict, clock } = matter
  const [item] = matter.items
  const start = `${environment ? `${environment}: ` : ''}${verdict.tone === 'done' ? 'No action: ' : ''}`
  const more = (count: number): string => (count > 0 ? ` + ${plural(count, 'job')}` : '')
  const when = (at: number, before = ', '): string => (isDate(at) ? before + clock.dated(at) : '')
  if (refresh && verdict.leads === 'refresh') {
    const { what, before, at } = newsOf(refresh)
    const end = [more(others), when(at, before)]
    const subject = shortSubject(start + what, '', (before === ', ' ? end : end.reverse()).join(''))
    return { subject, preheader: preheaderOf(refresh, clock) }
  }
  if (!item) return { subject: shortSubject(start, plural(digest.count, 'failed job'), ''), preheader: '' }
  const end = more(digest.count - item.failures.count) + when(item.failures.last)
  return { subject: shortSubject(`${start}${shortest(item.what)}: `, item.error, end), preheader: item.error }
}

/** A long kind loses its source, so that the error begins within about forty characters. */
function shortest(what: string): string {
  const bare = what.replace(/ jobs?$/, '')
  return bare.length <= SUBJECT_KIND ? bare : bare.replace(/ \S*\//, ' ')
}

function preheaderOf({ failed: [furthest], failures, overdue, lastSuccess, tried }: Refresh, clock: Clock): string {
  if (furthest && failures) return headlineOf(ownError(furthest.error) || deathOf(furthest).how, PREHEADER)
  if (!overdue) return ''
  const success =
    lastSuccess === null
      ? `No success since at least ${clock.day(overdue.anchor)}`
      : `Last success ${clock.day(lastSuccess)}, ${clock.age(lastSuccess)} ago`
  return `${success}; ${tried.length === 0 ? 'nothing' : plural(tried.length, 'run')} tried since`
}
