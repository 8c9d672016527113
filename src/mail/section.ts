import { type Caps, ERROR_LINE, KIND, LISTED_ERROR, NAME, SUBJECT } from '../caps.js'
import type { Kind } from '../digest/group.js'
import { deathOf, type Job, ownError } from '../job.js'
import { excerpt, headline } from '../text/traceback.js'
import { cut, oneLine, plural, separated } from '../text/words.js'
import type { Clock } from './clock.js'
import type { Pages } from './presentation.js'

/** What sections are written with. */
export interface Style {
  readonly clock: Clock
  readonly pages: Pages
  readonly caps: Caps
}

/** How many failures of a kind. */
type Figure = Pick<Kind, 'name' | 'count'>

/** A section of the letter; text and HTML show its parts in this order. */
export interface Section {
  /** Before the heading in the text part, whose headings look like any other line. */
  readonly sign?: keyof typeof TONES
  readonly heading: string
  readonly lead?: readonly string[]
  /** What failed, each with its error as a note. */
  readonly overview?: readonly Row[]
  /** Name, state, duration and job of each step; the job is the link. */
  readonly steps?: readonly Row[]
  readonly error?: Quote | undefined
  readonly todo?: readonly Instruction[]
  readonly links?: readonly Link[]
  readonly lists?: readonly List[]
  /** The failures that the section accounts for, by kind. */
  readonly kinds?: readonly Figure[] | undefined
}

/** The tone of a sign, on a terminal and in HTML. */
export const TONES = { '✗': 'failed', '✓': 'done', '·': 'quiet', '…': 'quiet' } as const

/** The first fact names the row and has the link, except in `steps`; notes stand below. */
export interface Row {
  readonly sign?: keyof typeof TONES
  readonly facts: readonly string[]
  readonly notes?: readonly string[]
  readonly link?: string | undefined
}

/** Jobs or kinds, one a row, with what is left out. */
export interface List {
  readonly label?: string
  readonly rows: readonly Row[]
  readonly more?: string | undefined
  /** Whether the text part writes the links out. */
  readonly urls?: boolean
}

/** An error under its label, the headline first. */
export interface Quote {
  readonly label: string
  readonly lines: readonly string[]
}

/** A numbered step of what to do. */
export interface Instruction {
  readonly text: string
  readonly code?: string
  readonly warning?: string
}

/** `about` tells links with one label apart in a screen reader. */
export interface Link {
  readonly label: 'See the refresh' | 'Retry jobs' | 'Details (JSON)'
  readonly url: string
  readonly about?: string
}

const NO_ERROR = '(no error was recorded)'

/** A text that is redacted already, on one line and cut to `length` UTF-16 units. */
export function short(text: string, length = KIND): string {
  return cut(oneLine(text), length)
}

/** The headline of an error, or that none was recorded. */
export function headlineOf(error: string, length: number): string {
  return short(headline(error), length) || NO_ERROR
}

/** A subject, of at most SUBJECT UTF-16 units: the middle is cut first, then the end dropped. */
export function shortSubject(head: string, middle: string, end: string): string {
  const room = SUBJECT - head.length - end.length
  if (room >= Math.min(middle.length, 12)) return oneLine(`${head}${short(middle, room)}${end}`)
  return short(`${head}${middle}`, SUBJECT)
}

/** A headline, cut in its middle to about `length` UTF-16 units: the errors of a group differ at either end. */
export function shortVariant(headline: string, length: number): string {
  if (headline.length <= length) return headline
  return `${cut(headline, length / 2)} ${headline.slice(-length / 2).replace(/^\S*\s|^[\udc00-\udfff]/, '')}`
}

/** An error as far as `caps` allow. */
export function quote(text: string, label: string, caps: Caps): Quote {
  const lines = excerpt(text, caps.lines, caps.error, ERROR_LINE)
  return { label, lines: lines.length > 0 ? lines : [NO_ERROR] }
}

/** Keeps the texts: a condition that does not hold leaves false in place of one. */
export function said(...texts: readonly (string | false | undefined)[]): readonly string[] {
  return texts.filter((text) => typeof text === 'string')
}

/** "job 4102  03:12  song 5f0e8a52-…" */
export function jobRow(job: Job, facts: readonly string[], notes: readonly string[], pages: Pages): Row {
  const target = `${short(job.targetType, NAME)} ${job.targetId}`
  return { facts: [`job ${job.id}`, ...facts, target], notes, link: pages.job(job.id) }
}

/** How a job died, and its headline unless only the janitor wrote one. */
export function noteOf(job: Job): string {
  const { how } = deathOf(job)
  const error = ownError(job.error)
  return error === '' && job.reaped ? `${how}.` : `${how}: ${headlineOf(error, LISTED_ERROR)}`
}

/** Jobs in a row with the same notes show them once, under the last. */
export function saidOnce(rows: readonly Row[]): readonly Row[] {
  const note = (row: Row | undefined): string | undefined => row?.notes?.join('\n')
  return rows.map((row, index) => (note(row) === note(rows[index + 1]) ? { ...row, notes: [] } : row))
}

/** "spotify/match_song (12)" for the first `most` kinds, then how many more. */
export function named(kinds: readonly Figure[], most = kinds.length): readonly string[] {
  const shown = kinds.slice(0, most).map(({ name, count }) => `${short(name)}\u00a0(${separated(count)})`)
  return kinds.length > most ? [...shown, plural(kinds.length - most, 'more type')] : shown
}
