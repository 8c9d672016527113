import { Interrupted } from './deadline.js'

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

/** Render kills ten seconds or more after its SIGTERM. */
const GRACE = 8_000

/**
 * Listens for what may cut a run short. SIGINT and SIGTERM stop it, and abort it when a second one comes or the grace
 * has passed. An error that nobody caught aborts it, and so does the end of `timeout` milliseconds; `expired`
 * is the reason then. `dispose` clears the timers. The listeners stay, or a late signal would change the exit code.
 */
export function listenForInterruptions(timeout: number, expired: string): Interruptions & { dispose(): void } {
  const stop = new AbortController()
  const abort = new AbortController()
  const end = (reason: Interrupted): void => {
    abort.abort(reason)
    stop.abort(reason)
  }
  let bound = setTimeout(() => end(new Interrupted(expired)), timeout)
  const timers: NodeJS.Timeout[] = []
  const onSignal = (name: 'SIGINT' | 'SIGTERM'): void => {
    const reason = new Interrupted(`stopped by ${name}`, name)
    if (stop.signal.aborted) end(reason)
    else timers.push(setTimeout(() => end(reason), GRACE))
    stop.abort(reason)
  }
  const onError = (error: unknown): void =>
    end(new Interrupted(`internal error: ${error instanceof Error ? error.message : String(error)}`, undefined, error))
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  process.on('uncaughtException', onError).on('unhandledRejection', onError)
  return {
    stop: stop.signal,
    abort: abort.signal,
    sending(timeout) {
      clearTimeout(bound)
      bound = setTimeout(() => end(new Interrupted('the time for the mail is up')), timeout)
    },
    dispose() {
      for (const timer of [bound, ...timers]) clearTimeout(timer)
    },
  }
}

/** How long a run that is over, or was aborted, may take to wind up before it is ended. */
const WIND_UP = 5_000

/** Nothing should keep the process any more; if something does, it must not block the next run. */
export function exitSoon(): void {
  setTimeout(() => process.exit(), WIND_UP).unref()
}
