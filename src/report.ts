import { setTimeout as sleep } from 'node:timers/promises'
import { APPLE_MUSIC_REFRESH } from './chains.js'
import type { DatabaseSettings, Limits, Presentation } from './config.js'
import { openSession, type Session, type Sql, transactionStatus } from './database.js'
import { type Digest, Tally } from './digest.js'
import {
  type Backlog,
  claimFailures,
  countOlder,
  currentTransactionId,
  type Job,
  lockOutOtherRuns,
  readChainJobs,
  readFailures,
  readLastSuccess,
  readLatestJobs,
  type Window,
} from './failures.js'
import { type Interruptions, interruptible } from './interruptions.js'
import { MailError, type Receipt, type SendMail } from './mailer.js'
import { type Message, renderMessage } from './render/message.js'

/** What became of the alert. Whatever is not listed here is thrown, and then nothing was sent or marked. */
export type Outcome =
  | { readonly kind: 'nothing to report'; readonly older: Backlog }
  | { readonly kind: 'another run is at work' }
  | { readonly kind: 'sent'; readonly found: number; readonly older: Backlog; readonly messageId: string }
  | { readonly kind: 'not sent'; readonly found: number; readonly older: Backlog; readonly error: MailError }
  | {
      readonly kind: 'sent but not marked'
      readonly found: number
      readonly older: Backlog
      readonly messageId: string
      readonly ids: readonly number[]
      /** False when not even that could be found out. */
      readonly proven: boolean
      readonly error: unknown
    }

export interface Run {
  readonly database: DatabaseSettings
  readonly presentation: Presentation
  readonly limits: Limits
  readonly window: Window
  readonly now: Date
  readonly interruptions: Interruptions
}

/** What was claimed, rendered, and waits for SendGrid's word. */
interface Claim {
  readonly ids: readonly number[]
  readonly older: Backlog
  readonly message: Message
  readonly transactionId: string
}

/**
 * One transaction, one mail: claim, read, render, send, commit. Every statement that can fail comes before the send;
 * after it there is only COMMIT, on the connection that holds the claim or not at all.
 * Rejects when it came to an end before the send; the transaction is rolled back then.
 */
export async function report(run: Run, send: SendMail): Promise<Outcome> {
  const session = openSession(run.database)
  try {
    const claim = await interruptible(prepare(session, run), run.interruptions.stop)
    if ('kind' in claim) return claim
    const { ids, older, message } = claim
    const sent = await attempt(send(message, run.interruptions.abort))
    if (sent instanceof MailError) return { kind: 'not sent', found: ids.length, older, error: sent }
    return await settle(session, claim, sent, run)
  } finally {
    await session.close()
  }
}

async function prepare(session: Session, run: Run): Promise<Claim | Outcome> {
  const { sql } = session
  await session.begin('read write', run.limits.run)
  if (!(await lockOutOtherRuns(sql))) return { kind: 'another run is at work' }
  const tally = new Tally()
  const marked = await claimFailures(sql, run.window, (job) => tally.add(job))
  if (marked !== tally.count) throw new Error(`${marked} rows were marked but ${tally.count} came back`)
  const older = await countOlder(sql, run.window)
  if (tally.count === 0) return { kind: 'nothing to report', older }
  const digest = await complete(sql, tally, older, run)
  const transactionId = await currentTransactionId(sql)
  return { ids: tally.ids, older, message: renderMessage(digest, run.presentation), transactionId }
}

async function complete(sql: Sql, tally: Tally, older: Backlog, { window, now }: Run): Promise<Digest> {
  const chains = tally.shownChains.map(({ jobs: [job] }) => job)
  const known = chains.some(({ source }) => source === APPLE_MUSIC_REFRESH.source)
  const context = {
    jobs: await readChainJobs(sql, [...new Set(chains.map(({ chain }) => chain as string))]),
    latest: known ? await readLatestJobs(sql, APPLE_MUSIC_REFRESH) : [],
    lastSuccess: known ? await readLastSuccess(sql, APPLE_MUSIC_REFRESH) : undefined,
  }
  return tally.digest(context, older, window, now)
}

async function attempt(sending: Promise<Receipt>): Promise<Receipt | MailError> {
  try {
    return await sending
  } catch (error) {
    if (error instanceof MailError) return error
    throw error
  }
}

/** The mail is out: commit, and find out what became of the transaction if the answer does not come. */
async function settle(
  session: Session,
  { ids, older, transactionId }: Claim,
  { messageId }: Receipt,
  run: Run,
): Promise<Outcome> {
  const sent = { kind: 'sent', found: ids.length, older, messageId } as const
  try {
    await interruptible(session.commit(), run.interruptions.abort)
    return sent
  } catch (error) {
    // Even an error of the server's may have overtaken its answer to COMMIT.
    const status = await fate(transactionId, run)
    if (status === 'committed') return sent
    return { ...sent, kind: 'sent but not marked', ids, proven: status === 'aborted', error }
  }
}

/** Asks more than once: the server may be on its way down, or up, or not yet aware that we are gone. */
async function fate(
  transactionId: string,
  { database, interruptions }: Run,
): Promise<'committed' | 'aborted' | undefined> {
  for (const pause of [0, 50, 250, 500, 1_000, 2_000]) {
    try {
      await sleep(pause, undefined, { signal: interruptions.abort })
      const status = await interruptible(transactionStatus(database, transactionId), interruptions.abort)
      if (status === 'committed' || status === 'aborted') return status
    } catch {
      if (interruptions.abort.aborted) return undefined
    }
  }
  return undefined
}

export interface Preview {
  /** Undefined when there is nothing to report. */
  readonly message: Message | undefined
  readonly jobs: readonly Job[]
  readonly older: Backlog
}

/** The mail that a run would send now; reads only. Rejects when the database cannot be read. */
export async function preview(run: Run): Promise<Preview> {
  const session = openSession(run.database)
  try {
    return await interruptible(look(session, run), run.interruptions.stop)
  } finally {
    await session.close()
  }
}

async function look(session: Session, run: Run): Promise<Preview> {
  const { sql } = session
  await session.begin('read only', run.limits.run)
  const tally = new Tally()
  const jobs: Job[] = []
  await readFailures(sql, run.window, (job) => {
    tally.add(job)
    jobs.push(job)
  })
  const older = await countOlder(sql, run.window)
  if (jobs.length === 0) return { message: undefined, jobs, older }
  const digest = await complete(sql, tally, older, run)
  return { message: renderMessage(digest, run.presentation), jobs, older }
}
