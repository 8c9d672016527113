import { REFRESH } from '../../src/chains.js'
import { type Context, type Digest, Tally } from '../../src/digest/digest.js'
import type { Group } from '../../src/digest/group.js'
import { type Refresh, refreshIn } from '../../src/digest/refresh.js'
import { type Backlog, type Job, JobError, type Window } from '../../src/job.js'
import { type Message, renderMessage } from '../../src/mail/message.js'
import type { Presentation } from '../../src/mail/presentation.js'
import type { Run } from '../../src/report.js'

export const NOW = new Date('2026-11-23T04:00:00Z')
export const CHAIN_START = '2026-11-23T03:00:00.123456+00:00'

/** 2026-11-23 at that time of day in UTC, in milliseconds. */
export function at(time: string): number {
  return Date.parse(`2026-11-23T${time}Z`)
}

let lastId = 100

/** A job as a test writes it: its id as a number, its error as a text. */
export type JobValues = Partial<Omit<Job, 'id' | 'error'>> & {
  readonly id?: number | bigint
  readonly error?: string | JobError | null
}

/** A job that used up its retries at 02:00. */
export function job(values: JobValues = {}): Job {
  lastId += 1
  const finishedAt = values.finishedAt === undefined ? at('02:00') : values.finishedAt
  return {
    source: 'spotify',
    jobType: 'match_song',
    targetType: 'song',
    targetId: 'b6dbaa0a-d65b-416c-8766-9ac315aad39b',
    status: 'dead',
    attempts: 5,
    maxAttempts: 5,
    runAfter: at('01:58'),
    claimedAt: at('01:59'),
    finishedAt,
    failedAt: finishedAt ?? at('02:00'),
    reaped: false,
    cancelled: false,
    chain: null,
    ...values,
    id: BigInt(values.id ?? lastId),
    error: errorOf(values.error === undefined ? 'Spotify match failed: 503' : values.error),
  }
}

function errorOf(error: string | JobError | null): JobError | null {
  return typeof error === 'string' ? new JobError(error) : error
}

/** A step of the Apple Music refresh that began at 03:00; dead unless told otherwise. */
export function step(name: 'albums' | 'songs' | 'artists' | 'rebuild_index', values: JobValues = {}): Job {
  const definition = REFRESH.steps.find((known) => known.name === name)
  if (!definition) throw new Error(`no step ${name}`)
  const { jobType, targetId } = definition
  const result = values.status === 'done' ? { error: null } : { error: `${name} failed: Read timed out.` }
  return job({
    source: 'apple',
    targetType: 'catalog',
    jobType,
    targetId,
    attempts: 1,
    maxAttempts: 1,
    chain: CHAIN_START,
    runAfter: at('03:08'),
    claimedAt: at('03:08:20'),
    finishedAt: at('03:12'),
    ...result,
    ...values,
  })
}

type StepState = (name: Parameters<typeof step>[0], values?: JobValues) => Job
export const done: StepState = (name, values) => step(name, { status: 'done', ...values })
export const running: StepState = (name, values) => step(name, { status: 'running', finishedAt: null, ...values })
export const cancelled: StepState = (name, values) =>
  step(name, { cancelled: true, error: 'cancelled by admin', ...values })
export const queued: StepState = (name, values) =>
  step(name, { status: 'queued', claimedAt: null, finishedAt: null, ...values })

export const WINDOW: Window = { since: new Date('2026-11-16T04:00:00Z'), includeAlerted: false }
export const PRODUCTION: Presentation = {
  adminBaseUrl: 'https://admin.approachnote.com',
  timezone: 'UTC',
  environment: undefined,
}
const NO_BACKLOG: Backlog = { count: 0, oldest: null }
const NO_CONTEXT = { jobs: [], latest: [], lastSuccess: undefined, overdue: undefined }

export const REAPED = 'reaped: max_attempts exhausted (likely worker OOM/crash loop)'

/** What the janitor makes of a job. */
export const reaped = { claimedAt: null, reaped: true, error: REAPED } as const

function unexpected(message: string, details?: Readonly<Record<string, unknown>>): never {
  throw new Error(`${message} ${details?.stack ?? ''}`)
}

/** The log of a run that has nothing to put up with. */
export const UNUSED_LOG: Run['log'] = { warn: unexpected, error: unexpected }

/** The digest of these failures. */
export function digestOf(
  failures: Iterable<Job>,
  context: Partial<Context> = {},
  older = NO_BACKLOG,
  window = WINDOW,
): Digest {
  const tally = new Tally()
  for (const failure of failures) tally.add(failure)
  return tally.digest({ ...NO_CONTEXT, older, ...context }, window, NOW)
}

export function groupsOf(failures: Iterable<Job>): readonly Group[] {
  return digestOf(failures).groups
}

/** What is said of the refresh whose rows these are; its dead ones are what is being reported. */
export function refreshAmong(rows: readonly Job[], context: Partial<Context> = {}): Refresh {
  const failures = rows.filter(({ status, cancelled }) => status === 'dead' && !cancelled)
  const refresh = refreshIn(digestOf(failures, { jobs: rows, latest: rows, ...context }))
  if (!refresh) throw new Error('no refresh')
  return refresh
}

/** The mail, which must be more than the plain one. */
export function mailOf(digest: Digest, presentation = PRODUCTION): Message {
  const { fault, ...message } = renderMessage(digest, presentation)
  if (fault) throw fault
  return message
}

/** `count` errors that have nothing in common. */
export function* different(count: number, length = 6): Generator<string> {
  for (let index = 0; index < count; index++) {
    let state = index + 1
    yield Array.from({ length }, () => {
      state = (state * 48_271) % 2_147_483_647
      return state.toString(36).replace(/\d/g, 'x')
    }).join(' ')
  }
}
