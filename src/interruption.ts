import { stackOf } from './errors.js'
import type { Log } from './output.js'

/** Why a run was cut short. */
export class Interrupted extends Error {
  constructor(
    message: string,
    /** Undefined unless a signal was the cause. */
    readonly signal?: Signal,
  ) {
    super(message)
  }
}

/** Settles as `work` does, or rejects with the reason of `signal` as soon as that is aborted. */
export function interruptible<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

export type Deadline = ReturnType<typeof deadline>

/**
 * A signal that is aborted after `milliseconds`, and then has `passed`, or with `parent`; `clear` drops both.
 * Used instead of AbortSignal.any() and .timeout(): Node 20 may collect those before they fire.
 */
export function deadline(milliseconds: number, parent?: AbortSignal) {
  const controller = new AbortController()
  const late = new Interrupted('the time is up')
  const timer = setTimeout(() => controller.abort(late), milliseconds)
  const onAbort = (): void => controller.abort(parent?.reason)
  if (parent?.aborted) onAbort()
  parent?.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    get passed(): boolean {
      return controller.signal.reason === late
    },
    clear(): void {
      clearTimeout(timer)
      parent?.removeEventListener('abort', onAbort)
    },
  }
}

/**
 * `stop` ends a run before the send. A send that has begun is finished, because only SendGrid's answer tells what may
 * be marked. `abort` ends a run at once; every abort is also a stop.
 */
export interface Interruptions {
  readonly stop: AbortSignal
  readonly abort: AbortSignal
  /** Called before the send: the send and the commit have `timeout` milliseconds in place of the run's time. */
  sending(timeout: number): void
}

/** Signals that people and systems send to end a process. SIGUSR1 starts Node's debugger. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGALRM', 'SIGUSR2'] as const
type Signal = (typeof SIGNALS)[number]

/** In milliseconds; Render kills ten seconds or more after SIGTERM. */
const GRACE = 8_000

/**
 * Does `work`, which a signal or an uncaught error stops. A second signal, the end of the grace after the first, and
 * the end of `timeout` milliseconds (for the reason `expired`) abort it. Settles as `work` does. The listeners stay,
 * because without them a late signal would change the exit code.
 */
export async function withInterruptions<T>(
  timeout: number,
  expired: string,
  log: Log,
  work: (interruptions: Interruptions) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const abort = new AbortController()
  stop.signal.addEventListener('abort', () => log.debug('asked to stop'))
  const end = (reason: Interrupted): void => {
    abort.abort(reason)
    stop.abort(reason)
    exitSoon()
  }
  let bound = setTimeout(() => end(new Interrupted(expired)), timeout)
  let grace: NodeJS.Timeout | undefined
  let signalled = false
  const onSignal = (name: Signal): void => {
    const reason = new Interrupted(`stopped by ${name}`, name)
    // A closed terminal sends SIGHUP twice, once through its shell, and means one stop.
    if (signalled && name !== 'SIGHUP') end(reason)
    else grace ??= setTimeout(() => end(reason), GRACE)
    signalled = true
    stop.abort(reason)
  }
  const onError = (error: unknown): void => {
    log.error('internal error', { stack: stackOf(error) })
    stop.abort(new Interrupted(`internal error: ${error instanceof Error ? error.message : String(error)}`))
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  process.on('uncaughtException', onError).on('unhandledRejection', onError)
  const sending = (timeout: number): void => {
    clearTimeout(bound)
    bound = setTimeout(() => end(new Interrupted('the time for the mail is up')), timeout)
  }
  try {
    return await work({ stop: stop.signal, abort: abort.signal, sending })
  } finally {
    clearTimeout(bound)
    clearTimeout(grace)
  }
}

/** Milliseconds that a run has after its end or an abort: more than a session takes to close. */
const WIND_UP = 3_000

/** Ends the process even if something keeps it alive: a run that hangs would block the next one. */
export function exitSoon(): void {
  setTimeout(() => process.exit(), WIND_UP).unref()
}
