import { APPLE_MUSIC_REFRESH } from './chains.js'
import type { DatabaseSettings, Limits, Presentation } from './config.js'
import { interruptible } from './deadline.js'
import { type Digest, type Fault, Tally } from './digest/digest.js'
import type { Lapse } from './digest/overdue.js'
import type { Backlog, Job, Window } from './job.js'
import type { Message } from './mail/message.js'
import type { Paint } from './mail/text.js'
import { openSession, type Session, type Sql } from './postgres/session.js'
import {
  claimFailures,
  claimLapse,
  countOlder,
  demandAllRows,
  lockOutOtherRuns,
  readChainJobs,
  readFailures,
  readLapse,
  readLastSuccess,
  readLatestJobs,
} from './queue.js'
import type { SendMail } from './sendgrid.js'
import type { Interruptions } from './signals.js'

/** What a run found, whatever came of it. */
interface Found {
  /** Failures. */
  readonly found: number
  readonly overdue: boolean
  readonly older: Backlog
}

/** What became of the alert. Whatever is not listed here is thrown, and then nothing was sent or marked. */
export type Outcome =
  | { readonly kind: 'another run is at work' }
  | { readonly kind: 'nothing to report'; readonly older: Backlog }
  | (Found & { readonly kind: 'sent'; readonly messageId: string })
  | (Found & { readonly kind: 'not sent' | 'outcome unknown'; readonly reason: string })
  | (Found & {
      readonly kind: 'sent but not marked' | 'sent, perhaps not marked'
      readonly messageId: string
      readonly ids: readonly number[]
      readonly error: unknown
    })

export interface Run {
  readonly database: DatabaseSettings
  readonly presentation: Presentation
  readonly limits: Limits
  readonly window: Window
  readonly now: Date
  readonly interruptions: Interruptions
  /** Hears of every section of the mail that could not be made. */
  readonly onFault: (fault: Fault) => void
  readonly render: Render
}

/** Digest → mail. */
export type Render = (
  digest: Digest,
  presentation: Presentation,
  onFault: Run['onFault'],
  paint?: Paint,
) => Message | Promise<Message>

/** What was claimed, rendered, and waits for SendGrid's word. */
interface Claim extends Found {
  readonly ids: readonly number[]
  readonly message: Message
}

/**
 * One transaction, one mail: claim, read, render, send, commit. Every statement that can fail comes before the send;
 * after it there is only COMMIT, on the connection that holds the claim or not at all.
 * Rejects when it came to an end before the send; the transaction is rolled back then.
 */
export async function report(run: Run, send: SendMail): Promise<Outcome> {
  const session = openSession(run.database)
  const { stop, abort } = run.interruptions
  try {
    const claim = await interruptible(prepare(session, run), stop)
    if ('kind' in claim) return claim
    const { ids, message, ...found } = claim
    const answer = await send(message, abort)
    if (answer.kind === 'unknown') return { kind: 'outcome unknown', ...found, reason: answer.reason }
    if (answer.kind !== 'accepted') return { kind: 'not sent', ...found, reason: answer.reason }
    const fate = await session.commit(abort)
    const sent = { ...found, messageId: answer.messageId }
    if (fate.kind === 'committed') return { kind: 'sent', ...sent }
    const kind = fate.kind === 'rolled back' ? 'sent but not marked' : 'sent, perhaps not marked'
    return { kind, ...sent, ids, error: fate.error }
  } finally {
    await session.close()
  }
}

async function prepare(session: Session, run: Run): Promise<Claim | Outcome> {
  const { sql } = session
  await session.begin('read write', run.limits.run)
  if (!(await lockOutOtherRuns(sql))) return { kind: 'another run is at work' }
  await demandAllRows(sql, 'mark')
  const tally = new Tally()
  const marked = await claimFailures(sql, run.window, (job) => tally.add(job))
  const { ids, count: found } = tally
  if (marked !== found) throw new Error(`${marked} rows were marked but ${found} came back`)
  const lapse = await lapseOf(run, (after) => claimLapse(sql, APPLE_MUSIC_REFRESH, after))
  const older = await countOlder(sql, run.window)
  if (found === 0 && !lapse) return { kind: 'nothing to report', older }
  const digest = await complete(sql, tally, lapse, older, run)
  const message = await run.render(digest, run.presentation, run.onFault)
  await session.identify()
  return { ids: [...ids, ...(lapse ? [lapse.anchor.id] : [])], found, overdue: lapse !== undefined, older, message }
}

async function lapseOf(
  { limits: { overdueAfter } }: Run,
  find: (after: number) => Promise<Job | undefined>,
): Promise<Lapse | undefined> {
  const anchor = overdueAfter === undefined ? undefined : await find(overdueAfter)
  return anchor && overdueAfter !== undefined ? { anchor, after: overdueAfter } : undefined
}

async function complete(
  sql: Sql,
  tally: Tally,
  lapse: Lapse | undefined,
  older: Backlog,
  { window, now, onFault }: Run,
): Promise<Digest> {
  const chains = tally.shownChains().map(({ latest }) => latest)
  const known = lapse !== undefined || chains.some(({ source }) => source === APPLE_MUSIC_REFRESH.source)
  const context = {
    jobs: await readChainJobs(sql, [...new Set(chains.map(({ chain }) => chain as string))]),
    latest: known ? await readLatestJobs(sql, APPLE_MUSIC_REFRESH) : [],
    lastSuccess: known ? await readLastSuccess(sql, APPLE_MUSIC_REFRESH) : undefined,
    lapse,
  }
  return tally.digest(context, older, window, now, onFault)
}

export interface Preview extends Found {
  /** Undefined when there is nothing to report. */
  readonly message: Message | undefined
  readonly digest: Digest | undefined
}

/** Where a preview goes: somebody may want every failure, and the text in colour. */
export interface Viewer {
  readonly onFailure: (job: Job) => void
  readonly paint: Paint | undefined
}

/** The mail that a run would send now; reads only. Rejects when the database cannot be read. */
export async function preview(run: Run, viewer: Viewer): Promise<Preview> {
  const session = openSession(run.database)
  try {
    return await interruptible(look(session, run, viewer), run.interruptions.stop)
  } finally {
    await session.close()
  }
}

async function look(session: Session, run: Run, { onFailure, paint }: Viewer): Promise<Preview> {
  const { sql } = session
  await session.begin('read only', run.limits.run)
  await demandAllRows(sql, 'read')
  const tally = new Tally()
  await readFailures(sql, run.window, (job) => {
    tally.add(job)
    onFailure(job)
  })
  const lapse = await lapseOf(run, (after) => readLapse(sql, APPLE_MUSIC_REFRESH, after))
  const found = { found: tally.count, overdue: lapse !== undefined, older: await countOlder(sql, run.window) }
  if (tally.count === 0 && !lapse) return { ...found, message: undefined, digest: undefined }
  const digest = await complete(sql, tally, lapse, found.older, run)
  return { ...found, digest, message: await run.render(digest, run.presentation, run.onFault, paint) }
}
