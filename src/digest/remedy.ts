import type { KnownChain } from '../chains.js'
import { HOUR } from '../text/time.js'
import { begunAt, hasFailed, mayHaveGoneOn, type Pass } from './pass.js'

/** What is to be done about a chain, and the pass that says so. */
export type Remedy =
  /** It came to its end; it is under way; it has been queued or running for longer than a live worker would leave it. */
  | { readonly do: 'nothing' | 'wait' | 'restart the worker'; readonly pass: Pass }
  /** It goes on from where it stands. The steps in `keeps` need not be done again. */
  | { readonly do: 'resume'; readonly pass: Pass; readonly keeps: readonly string[] }
  | { readonly do: 'start again'; readonly pass: Pass; readonly because: Obstacle }
  /** Nothing was tried. */
  | { readonly do: 'start'; readonly pass?: undefined }

/** Why a pass cannot be resumed. */
export type Obstacle = 'cancelled' | 'stalled' | 'rows deleted' | 'out of order'

/** A step that is queued for longer has no thread of the worker; a live janitor gives a job up after 95 minutes. */
const AT_MOST: Readonly<Record<string, number>> = { queued: HOUR, running: 2 * HOUR }

/** Somebody has to act. */
export function isNeeded(remedy: Remedy): boolean {
  return remedy.do !== 'nothing' && remedy.do !== 'wait'
}

/**
 * The first rule that applies. `passes` are all of the chain, newest first; `pass` is the newest that failed, or else
 * the last one that was tried. It is resumed at its furthest failed step, on all of these conditions.
 */
export function remedyOf(
  chain: KnownChain,
  pass: Pass | undefined,
  passes: readonly Pass[],
  overdue: boolean,
  now: Date,
): Remedy {
  const ended = passes.find(({ state, startedAt }) => state === 'succeeded' && isSince(startedAt, pass))
  if (ended && !overdue) return { do: 'nothing', pass: ended }

  const underWay = [...(pass ? [pass] : []), ...passes].find(({ state }) => state === 'under way')
  if (underWay) return { do: isStuck(underWay, now) ? 'restart the worker' : 'wait', pass: underWay }

  if (pass === undefined) return { do: 'start' }
  if (pass.state === 'cancelled' || pass.state === 'stalled') return { do: 'start again', pass, because: pass.state }
  if (mayHaveGoneOn(pass.jobs.at(-1)?.job, now)) return { do: 'start again', pass, because: 'rows deleted' }

  const furthest = pass.jobs.findLast(({ job }) => hasFailed(job))
  if (furthest !== pass.at) return { do: 'start again', pass, because: 'out of order' }
  return { do: 'resume', pass, keeps: keptBy(chain, pass) }
}

function isSince(startedAt: number | undefined, pass: Pass | undefined): boolean {
  return startedAt !== undefined && pass?.startedAt !== undefined && startedAt >= pass.startedAt
}

function isStuck({ at: { job } }: Pass, now: Date): boolean {
  return now.getTime() - begunAt(job) >= (AT_MOST[job.status] ?? Number.POSITIVE_INFINITY)
}

/** The steps before it whose last job was done. A step without a row was: its row is deleted. */
function keptBy({ steps }: KnownChain, { jobs, at }: Pass): readonly string[] {
  const before = steps.slice(0, steps.indexOf(at.step)).map(({ name }) => name)
  return before.filter((name) => (jobs.findLast(({ step }) => step.name === name)?.job.status ?? 'done') === 'done')
}
