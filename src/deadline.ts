/** Why a run was cut short. */
export class Interrupted extends Error {
  constructor(
    message: string,
    /** Undefined when it was not a signal. */
    readonly signal?: 'SIGINT' | 'SIGTERM',
    cause?: unknown,
  ) {
    super(message, { cause })
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
  let passed = false
  const timer = setTimeout(() => {
    passed = true
    controller.abort(new Interrupted('the time is up'))
  }, milliseconds)
  const onAbort = (): void => controller.abort(parent?.reason)
  if (parent?.aborted) onAbort()
  parent?.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    get passed(): boolean {
      return passed
    },
    clear(): void {
      clearTimeout(timer)
      parent?.removeEventListener('abort', onAbort)
    },
  }
}
