import type { Listed } from '../digest/cluster.js'
import type { Job } from '../job.js'
import { excerpt, headline } from '../text/traceback.js'
import { cut, oneLine } from '../text/words.js'
import type { Clock } from './clock.js'
import type { Pages } from './pages.js'

/** How much of everything is shown; a storm is rendered again with less. */
export interface Caps {
  /** Chains, and again groups. */
  readonly sections: number
  /** Steps of one chain. */
  readonly steps: number
  /** Jobs of one section. */
  readonly jobs: number
  /** Lines of one error, and characters of its first line. */
  readonly errorLines: number
  readonly error: number
  /** Lines for what has no section. */
  readonly remainder: number
}

/** How a mail is written. */
export interface Style {
  readonly clock: Clock
  readonly pages: Pages
  readonly caps: Caps
}

/** One thing that failed, in words. */
export interface Section {
  readonly headline: string
  /** The headline and its time in a few words, for the overview. */
  readonly brief: string
  readonly when: string
  readonly summary: string
  /** What became of it, where nobody has to act, or not yet. */
  readonly verdict: readonly string[]
  readonly steps: readonly StepLine[]
  readonly error: Quote | undefined
  readonly jobs: readonly JobLine[]
  readonly more: string | undefined
  /** What it means, where somebody has to act. */
  readonly outlook: readonly string[]
  readonly links: readonly Link[]
  readonly resume: { readonly introduction: string; readonly statement: string } | undefined
}

/** An error, its first line first, under what it is said to be. */
export interface Quote {
  readonly label: string
  readonly lines: readonly string[]
  readonly variants: string | undefined
}

export interface StepLine {
  readonly mark: '✓' | '✗' | '·' | '…'
  readonly name: string
  readonly state: string
  readonly duration: string
  readonly job: string
  readonly note: string
  readonly link: string | undefined
}

/** One failed job: its facts, the first of which names it, and what is said below them. */
export interface JobLine {
  readonly facts: readonly string[]
  readonly notes: readonly string[]
  readonly link: string
}

/** What a mark looks like: on a terminal as in HTML. */
export const TONES = { '✗': 'failed', '✓': 'done', '·': 'quiet', '…': 'quiet' } as const

export interface Link {
  readonly label: string
  readonly url: string
}

/** What most sections do without. */
export const NONE = {
  verdict: [],
  steps: [],
  error: undefined,
  jobs: [],
  more: undefined,
  outlook: [],
  links: [],
  resume: undefined,
} as const

/** What is said in place of details that could not be made. */
export const UNSAID = 'The details could not be shown. The log of job-alert says why.'

export const NAME_LENGTH = 60
const KIND_LENGTH = 100
const NO_ERROR = '(no error was recorded)'

/** One line of a text that may be anything. */
export function short(text: string, length = KIND_LENGTH): string {
  return cut(oneLine(text), length)
}

/** What an error says first, on one line. */
export function firstLine(error: Job['error'], length: number): string {
  return cut(oneLine(headline(`${error ?? ''}`)) || NO_ERROR, length)
}

/** A job's error as far as `caps` allow, under `label`; `variants` says how others differ from it. */
export function quote(
  { error }: Job,
  label: string,
  { errorLines, error: characters }: Caps,
  variants?: string,
): Quote {
  const lines = excerpt(`${error ?? ''}`, errorLines, characters)
  return { label, lines: lines.length > 0 ? lines : [NO_ERROR], variants }
}

export function target({ targetType, targetId }: Listed): string {
  return `${short(targetType, NAME_LENGTH)} ${targetId}`
}
