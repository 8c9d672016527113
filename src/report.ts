import { FAILURES_PER_MAIL } from './caps.js'
import { ConfigError } from './config/reader.js'
import type { DigestConfig } from './config.js'
import { type ChainContext, type Digest, Tally } from './digest/digest.js'
import { stackOf } from './errors.js'
import { type Interruptions, interruptible } from './interruption.js'
import type { Backlog, Job, Window } from './job.js'
import type { Message } from './mail/message.js'
import type { Log } from './output.js'
import { Session, type Sql } from './postgres/session.js'
import { type Anchor, lockAnchor, readAnchor, readChainJobs, readLastSuccess, readLatestJobs } from './queue/chain.js'
import {
  claimFailures,
  countUnmarked,
  demandMarked,
  lockOutOtherRuns,
  mark,
  otherRun,
  readFailures,
} from './queue/failures.js'
import { demandPrepared, explainMissingRight } from './queue/prepared.js'
import type { SendMail } from './sendgrid/sendgrid.js'
import { DAY, MINUTE, type Since } from './text/time.js'

/** What a run found. */
export interface Found {
  /** Failures in the mail. */
  readonly found: number
  readonly overdue: boolean
  readonly older: Backlog
  /** Failures left to the next run because the mail is full, locked ones among them. */
  readonly waiting: number
  /** Failures left to the next run although the mail has room: locked by another session, or newer than the claim. */
  readonly locked: number
}

/** Another run holds the lock. */
export interface Busy {
  readonly is: 'another run is at work' | 'another run hangs'
  /** Its server process, and when its transaction began; undefined where the role may not know. */
  readonly pid: number | undefined
  readonly since: Date | undefined
}

/** What became of the alert. Every other ending is thrown before the send, with nothing marked. */
export type Outcome =
  | Busy
  | (Found & { readonly is: 'nothing to report' })
  | (Found & { readonly is: 'sent'; readonly messageId: string })
  | (Found & { readonly is: 'not sent' | 'outcome unknown'; readonly reason: string })
  | (Found & {
      readonly is: 'sent but not marked' | 'sent, perhaps not marked'
      readonly messageId: string
      readonly ids: readonly bigint[]
      readonly error: unknown
    })

/** How far back a digest looks by default, in milliseconds. */
export const WINDOW = 7 * DAY

/** What a run of the command needs from outside. */
export interface Run extends Pick<DigestConfig, 'database' | 'runTimeout' | 'overdueAfter'> {
  readonly since: Since
  readonly includeAlerted: boolean
  /** How long the mail may take, in milliseconds. */
  readonly sendTimeout: number
  readonly interruptions: Interruptions
  /** For what a run survives: a wrong clock, a row that is not understood, a mail that can only be written plainly. */
  readonly log: Pick<Log, 'warn' | 'error'>
  /** Called only when there is something to report. */
  readonly render: (digest: Digest) => Message | Promise<Message>
}

/** What is to be reported: marked by a run, merely read by a preview. */
export interface Gathered extends Found {
  readonly window: Window
  /** The jobs whose marks are committed once the mail is out. */
  readonly ids: readonly bigint[]
  /** Undefined when there is nothing to report. */
  readonly message: Message | undefined
  readonly digest: Digest | undefined
}

/** Takes one batch of failures; the next batch is read when the promise has resolved. */
type OnFailures = (jobs: readonly Job[], window: Window) => Promise<void> | void

/**
 * One transaction, one mail: claim, read, render, send, commit. Every statement that can fail comes before the send;
 * after it there is only COMMIT, on the connection that holds the claim or not at all.
 * Rejects if it ends before the send; the transaction is rolled back then.
 */
export async function report(run: Run, send: SendMail): Promise<Outcome> {
  const session = new Session(run.database)
  const { stop, abort } = run.interruptions
  try {
    const claimed = await interruptible(assemble(session, run).catch(explainMissingRight), stop)
    if ('is' in claimed) return claimed
    const { ids, message, ...found } = claimed
    if (!message) return { is: 'nothing to report', ...found }
    run.interruptions.sending(run.sendTimeout + commitTimeout(run) + STATUS_TIMEOUT)
    const answer = await send(message, abort)
    if (answer.is === 'unknown') return { is: 'outcome unknown', ...found, reason: answer.reason }
    if (answer.is !== 'accepted') return { is: 'not sent', ...found, reason: answer.reason }
    const result = await session.commit(commitTimeout(run), abort)
    const sent = { ...found, messageId: answer.messageId }
    if (result.is === 'committed') return { is: 'sent', ...sent }
    const is = result.is === 'rolled back' ? 'sent but not marked' : 'sent, perhaps not marked'
    return { is, ...sent, ids, error: result.error }
  } finally {
    await session.close()
  }
}

/** The mail that a run would send now; reads only. Rejects when the database cannot be read. */
export async function preview(run: Run, onFailures: OnFailures): Promise<Gathered> {
  const session = new Session(run.database)
  try {
    return await interruptible(survey(session, run, onFailures).catch(explainMissingRight), run.interruptions.stop)
  } finally {
    await session.close()
  }
}

/** Claims what is due and renders the mail, in a transaction that is left open. A locked anchor waits, like a job. */
async function assemble(session: Session, run: Run): Promise<Gathered | Busy> {
  const { sql } = session
  const { now, window } = await begin(session, run, 'read write')
  await demandPrepared(sql, 'mark')
  if (!(await lockOutOtherRuns(sql))) return busy(sql, run, now)
  const tally = new Tally()
  const claimed = await claimFailures(sql, window, (job) => tally.add(job))
  // Nothing may be marked that is not in the mail.
  if (tally.ids.length !== claimed) throw new Error(`${claimed} rows were marked but ${tally.ids.length} came back`)
  const overdue = await dueAnchor(sql, window, run)
  const anchor = overdue && (await lockAnchor(sql, overdue)) ? overdue : undefined
  if (anchor) await mark(sql, anchor.id)
  await demandMarked(sql, idsOf(tally, anchor))
  const { older, left } = await countUnmarked(sql, window)
  const isFull = tally.ids.length === FAILURES_PER_MAIL
  const found = { older, waiting: isFull ? left : 0, locked: isFull ? 0 : left }
  return compose(sql, { tally, anchor, now, window, ...found }, run)
}

/** A claim and every other read of a run, which together need all columns and rights. */
export async function rehearse(session: Session, run: Run): Promise<Gathered | Busy> {
  const claimed = await assemble(session, run)
  if (!('is' in claimed)) await readContext(session.sql, [''], true)
  return claimed
}

/** What a claim would find, read without a mark or a lock. */
async function survey(session: Session, run: Run, onFailures: OnFailures): Promise<Gathered> {
  const { sql } = session
  const { now, window } = await begin(session, run, 'read only')
  await demandPrepared(sql, 'read')
  const tally = new Tally()
  let waiting = 0
  await readFailures(sql, window, async (jobs) => {
    const fitting = jobs.slice(0, FAILURES_PER_MAIL - tally.ids.length)
    for (const job of fitting) tally.add(job)
    waiting += jobs.length - fitting.length
    await onFailures(jobs, window)
  })
  const anchor = await dueAnchor(sql, window, run)
  const { older } = await countUnmarked(sql, window)
  return compose(sql, { tally, anchor, now, window, older, waiting, locked: 0 }, run)
}

/** In milliseconds, a minute by default: a synchronous standby may delay the answer. */
function commitTimeout({ sendTimeout }: Run): number {
  return 4 * sendTimeout
}

/** Milliseconds to ask what became of a COMMIT whose answer was lost. */
const STATUS_TIMEOUT = 30_000

/** In milliseconds; a clock that is further off makes the times in logs misleading. */
const SKEW = 5 * MINUTE

/** BEGIN. `now` and the window come from the server's clock. */
async function begin(
  session: Session,
  { since, includeAlerted, runTimeout, sendTimeout, log }: Run,
  mode: 'read write' | 'read only',
): Promise<{ readonly now: Date; readonly window: Window }> {
  const time = await session.begin(mode, { statement: runTimeout, idle: runTimeout + sendTimeout })
  const ahead = Math.round((Date.now() - time) / MINUTE)
  if (Math.abs(ahead) * MINUTE > SKEW)
    log.warn(
      `this machine's clock is ${Math.abs(ahead)} minutes ${ahead > 0 ? 'ahead of' : 'behind'} the database's, which counts`,
    )
  const now = new Date(time)
  return { now, window: { since: windowStart(since, now), includeAlerted } }
}

function windowStart(since: Since, now: Date): Window['since'] {
  if (since === 'all') return since
  const start = typeof since === 'number' ? new Date(now.getTime() - since) : since
  if (!(start.getUTCFullYear() >= 1)) return 'all'
  if (start > now) throw new ConfigError([`--since is in the future: the database's clock says ${now.toISOString()}`])
  return start
}

/** A run that holds the lock for longer than a run may take is stuck, for example behind a standby. */
async function busy(sql: Sql, run: Run, now: Date): Promise<Busy> {
  const { pid, since } = await otherRun(sql)
  // Twice: a run that died in its last statement still waits for the end of its idle transaction.
  const longest = 2 * run.runTimeout + run.sendTimeout + commitTimeout(run)
  const hangs = since !== undefined && now.getTime() - since.getTime() > longest
  return { is: hangs ? 'another run hangs' : 'another run is at work', pid, since }
}

async function dueAnchor(sql: Sql, window: Window, { overdueAfter }: Run): Promise<Anchor | undefined> {
  const anchor = overdueAfter === undefined ? undefined : await readAnchor(sql, overdueAfter, window)
  return anchor?.isDue ? anchor : undefined
}

/** Each once: without a success on record the anchor may be one of the failures, where they are reported again. */
function idsOf({ ids }: Tally, anchor: Anchor | undefined): readonly bigint[] {
  return anchor && !ids.includes(anchor.id) ? [...ids, anchor.id] : ids
}

/** What a transaction has found. */
interface Taken extends Omit<Found, 'found' | 'overdue'> {
  readonly tally: Tally
  readonly anchor: Anchor | undefined
  readonly now: Date
  readonly window: Window
}

/** Reads what the mail says beside the failures, and renders the mail. Logs what was not understood. */
async function compose(sql: Sql, { tally, anchor, now, window, ...rest }: Taken, run: Run): Promise<Gathered> {
  for (const { id, fault } of tally.faults)
    run.log.error('a row could not be understood', { jobIds: [id], stack: stackOf(fault) })
  const ids = idsOf(tally, anchor)
  const found = { ...rest, window, ids, found: tally.ids.length, overdue: anchor !== undefined }
  if (ids.length === 0) return { ...found, message: undefined, digest: undefined }
  const chains = tally.refreshStarts()
  const context = await readContext(sql, chains, found.overdue || chains.length > 0)
  const digest = tally.digest({ ...context, overdue: anchor, older: rest.older, waiting: rest.waiting }, window, now)
  const message = await run.render(digest)
  if (message.fault !== undefined)
    run.log.error('the mail could only be written plainly', { stack: stackOf(message.fault) })
  return { ...found, message, digest }
}

async function readContext(sql: Sql, chains: readonly string[], known: boolean): Promise<ChainContext> {
  return {
    jobs: await readChainJobs(sql, chains),
    latest: known ? await readLatestJobs(sql) : [],
    lastSuccess: known ? await readLastSuccess(sql) : undefined,
  }
}
