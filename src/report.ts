import { REFRESH } from './chains.js'
import type { DigestConfig } from './config.js'
import { type Digest, type Fault, Tally } from './digest/digest.js'
import type { Lapse } from './digest/overdue.js'
import type { Interruptions } from './interruption.js'
import { interruptible } from './interruption.js'
import type { Backlog, Job, Window } from './job.js'
import type { Message } from './mail/message.js'
import type { Paint } from './mail/presentation.js'
import { openSession, type Session, type Sql } from './postgres/session.js'
import { claimLapse, readChainJobs, readLapse, readLastSuccess, readLatestJobs } from './queue/chain.js'
import { claimFailures, countOlder, lockOutOtherRuns, readFailures } from './queue/failures.js'
import { demandAllRows } from './queue/prepared.js'
import type { SendMail } from './sendgrid/sendgrid.js'

/** What a run found, whatever came of it. */
export interface Found {
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

/** All that a run of the command needs from outside. */
export interface Run extends Pick<DigestConfig, 'database' | 'presentation' | 'runTimeout' | 'overdueAfter'> {
  readonly window: Window
  readonly now: Date
  readonly interruptions: Interruptions
  /** Hears of every section of the mail that could not be made. */
  readonly onFault: (fault: Fault) => void
}

/** What is to be reported: marked by a run, merely read by a preview. */
export interface Gathered extends Found {
  /** What is marked once the mail is out. */
  readonly ids: readonly number[]
  /** Undefined when there is nothing to report. */
  readonly message: Message | undefined
  readonly digest: Digest | undefined
}

/** Where a preview goes: somebody may want every failure, and the text in colour. */
interface Viewer {
  readonly onFailure: (job: Job) => void
  readonly paint: Paint | undefined
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
    const claimed = await interruptible(claim(session, run), stop)
    if (!claimed) return { kind: 'another run is at work' }
    const { ids, message, digest, ...found } = claimed
    if (!message) return { kind: 'nothing to report', older: found.older }
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

/** The mail that a run would send now; reads only. Rejects when the database cannot be read. */
export async function preview(run: Run, viewer: Viewer): Promise<Gathered> {
  const session = openSession(run.database)
  try {
    return await interruptible(look(session, run, viewer), run.interruptions.stop)
  } finally {
    await session.close()
  }
}

async function claim(session: Session, run: Run): Promise<Gathered | undefined> {
  await session.begin('read write', run.runTimeout)
  if (!(await lockOutOtherRuns(session.sql))) return undefined
  const claimed = await gather(session.sql, run, MARKING)
  if (claimed.message) await session.identify()
  return claimed
}

async function look(session: Session, run: Run, viewer: Viewer): Promise<Gathered> {
  await session.begin('read only', run.runTimeout)
  return gather(session.sql, run, READING, viewer)
}

const MARKING = { right: 'mark', failures: claimFailures, lapse: claimLapse } as const
const READING = { right: 'read', failures: readFailures, lapse: readLapse } as const
type Access = typeof MARKING | typeof READING

async function gather(sql: Sql, run: Run, access: Access, viewer?: Viewer): Promise<Gathered> {
  await demandAllRows(sql, access.right)
  const tally = new Tally()
  const counted = await access.failures(sql, run.window, (job) => {
    tally.add(job)
    viewer?.onFailure(job)
  })
  const { ids } = tally
  if (counted !== ids.length) throw new Error(`${counted} rows were marked but ${ids.length} came back`)
  const after = run.overdueAfter
  const lastSuccess = after && (await access.lapse(sql, after, run.window))
  const lapse = after && lastSuccess ? { lastSuccess, after } : undefined
  const found = { found: ids.length, overdue: lapse !== undefined, older: await countOlder(sql, run.window) }
  if (ids.length === 0 && !lapse) return { ...found, ids, message: undefined, digest: undefined }
  const digest = await complete(sql, tally, lapse, found.older, run)
  // Most runs have nothing to send.
  const { renderMessage } = await import('./late.js')
  const message = renderMessage(digest, run.presentation, run.onFault, viewer?.paint)
  return { ...found, ids: lapse ? [...ids, lapse.lastSuccess.id] : ids, message, digest }
}

async function complete(
  sql: Sql,
  tally: Tally,
  lapse: Lapse | undefined,
  older: Backlog,
  { window, now, onFault }: Run,
): Promise<Digest> {
  const chains = tally.shownChains().map(({ latest }) => latest)
  const known = lapse !== undefined || chains.some(({ source }) => source === REFRESH.source)
  const context = {
    jobs: await readChainJobs(sql, [...new Set(chains.map(({ chain }) => chain as string))]),
    latest: known ? await readLatestJobs(sql) : [],
    lastSuccess: known ? await readLastSuccess(sql) : undefined,
    lapse,
  }
  return tally.digest(context, older, window, now, onFault)
}
