import { deathOf, type Job, ownError } from '../job.js'
import { excerpt, headline } from '../text/traceback.js'
import { cut, grouped, oneLine } from '../text/words.js'
import { type Caps, KIND, LISTED_ERROR, NAME } from './caps.js'
import type { Clock } from './clock.js'
import type { Pages } from './presentation.js'

/** How a mail is written. */
export interface Style {
  readonly clock: Clock
  readonly pages: Pages
  readonly caps: Caps
}

/** One thing that the mail says, in words, in the order in which text and HTML show it. */
export interface Section {
  /** Before the headline in the text part, whose headlines look like any other line. */
  readonly mark: '✗' | '✓' | ''
  readonly headline: string
  readonly lead: readonly string[]
  /** A line a section: what failed, and its error. */
  readonly overview: readonly (readonly [what: string, error: string])[]
  readonly steps: readonly StepLine[]
  readonly error: Quote | undefined
  readonly lists: readonly List[]
  readonly todo: readonly Instruction[]
  readonly links: readonly Link[]
  /** How many jobs of which source and job type it accounts for. */
  readonly kinds: ReadonlyMap<string, number>
}

/** An error, its first line first, under what it is said to be. */
export interface Quote {
  readonly label: string
  readonly lines: readonly string[]
}

export interface StepLine {
  readonly mark: '✓' | '✗' | '·' | '…'
  readonly name: string
  readonly state: string
  readonly duration: string
  readonly job: string
  readonly link: string | undefined
}

/** Jobs or job types below each other, with what is left out. */
export interface List {
  readonly label: string | undefined
  readonly rows: readonly Row[]
  readonly more: string | undefined
  /** Whether the text part writes the links out. */
  readonly urls?: boolean
}

/** The first fact names it and is the link; the notes stand below. */
export interface Row {
  readonly facts: readonly string[]
  readonly notes: readonly string[]
  readonly link: string
}

/** One of the numbered steps of what to do. */
export interface Instruction {
  readonly text: string
  readonly code?: string
  readonly warning?: string
}

/** `about` tells links of the same label apart for those who hear them. */
export interface Link {
  readonly label: 'See the refresh' | 'Retry jobs' | 'Details (JSON)'
  readonly url: string
  readonly about?: string
}

/** The parts that most sections leave empty. */
export const NOTHING: Omit<Section, 'headline'> = {
  mark: '',
  lead: [],
  overview: [],
  steps: [],
  error: undefined,
  lists: [],
  todo: [],
  links: [],
  kinds: new Map(),
}

/** The tone of a mark, on a terminal as in HTML. */
export const TONES = { '✗': 'failed', '✓': 'done', '·': 'quiet', '…': 'quiet' } as const

export const NO_ERROR = '(no error was recorded)'

/** One line of a text that may be anything. */
export function short(text: string, length = KIND): string {
  return cut(oneLine(text), length)
}

/** The first line of an error, on one line. */
export function firstLine(error: string, length: number): string {
  return cut(oneLine(headline(error)) || NO_ERROR, length)
}

/** An error as far as `caps` allow. */
export function quote(text: string, label: string, { errorLines, error }: Caps): Quote {
  const lines = excerpt(text, errorLines, error)
  return { label, lines: lines.length > 0 ? lines : [NO_ERROR] }
}

/** With a capital letter. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** "song 5f0e8a52-…" */
export function target({ targetType, targetId }: Job): string {
  return `${short(targetType, NAME)} ${targetId}`
}

/** How a job died, and the first line of its error unless that is the janitor's. */
export function noteOf(job: Job): string {
  const { how } = deathOf(job)
  const error = ownError(job.error)
  return error === '' && job.reaped ? `${how}.` : `${how}: ${firstLine(error, LISTED_ERROR)}`
}

/** Jobs in a row with the same notes show them once, under the last. */
export function saidOnce(rows: readonly Row[]): readonly Row[] {
  const below = (index: number): string | undefined => rows[index + 1]?.notes.join('\n')
  return rows.map((row, index) => (row.notes.join('\n') === below(index) ? { ...row, notes: [] } : row))
}

/** "spotify/match_song (12)" for the first kinds, and how many of each are named. */
export function named(kinds: Iterable<readonly [string, number]>, most: number): ReadonlyMap<string, number> {
  return new Map([...kinds].toSorted(([, a], [, b]) => b - a).slice(0, most))
}

export function counted([kind, count]: readonly [string, number]): string {
  return `${short(kind)}\u00a0(${grouped(count)})`
}
