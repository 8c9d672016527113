import { stackOf } from './errors.js'
import type { Log } from './output.js'

/** Why a run was cut short. */
export class Interrupted extends Error {
  constructor(
    message: string,
    /** Undefined when it was not a signal. */
    readonly signal?: Signal,
  ) {
    super(message)
  }
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it is aborted. */
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
 * A signal that is aborted `milliseconds` from now, and then has `passed`, or with `parent`; `clear` lets go of both.
 * In place of AbortSignal.any() and .timeout(): Node 20 may collect those before they fire.
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
 * Two grades of interruption. `stop` asks to end before the mail is sent; once the sending has begun it is finished,
 * because only its outcome tells what may be marked. `abort` ends at once. An abort is also a stop.
 */
export interface Interruptions {
  readonly stop: AbortSignal
  readonly abort: AbortSignal
  /** The mail is about to be sent: the run's time is over, and what follows has `timeout` milliseconds of its own. */
  sending(timeout: number): void
}

/** Every signal that people and systems send to end a process. SIGUSR1 starts Node's debugger. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGALRM', 'SIGUSR2'] as const
type Signal = (typeof SIGNALS)[number]

/** Render kills ten seconds or more after its SIGTERM. */
const GRACE = 8_000

/**
 * Does `work`, and listens for what may cut it short. A signal stops it, and aborts it when a second one comes or the
 * grace has passed. The end of `timeout` milliseconds aborts it with the reason `expired`. An uncaught error stops it.
 * The listeners stay, or a late signal would change the exit code.
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
    // A terminal that is closed sends SIGHUP twice: once itself, and once through its shell.
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

/** How long a run that is over, or was aborted, may take to wind up: longer than a session takes to close. */
const WIND_UP = 3_000

/** Nothing should keep the process any more; if something does, it must not block the next run. */
export function exitSoon(): void {
  setTimeout(() => process.exit(), WIND_UP).unref()
}
