import { deadline } from './interruption.js'

const TIMEOUT = 5_000

/**
 * Requests the URL once, so that a dead-man's switch hears that a run ended well. Resolves with why that failed,
 * without the URL, which is a secret; undefined on success. Takes five seconds at most, and never rejects.
 */
export async function beat(url: string): Promise<string | undefined> {
  const bound = deadline(TIMEOUT)
  try {
    const { ok, status, body } = await fetch(url, { signal: bound.signal, redirect: 'manual' })
    // An unread body would keep the process alive.
    await body?.cancel()
    return ok ? undefined : `it answered ${status}`
  } catch (error) {
    if (bound.passed) return `no answer within ${TIMEOUT / 1_000} seconds`
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    return `it cannot be reached (${code ?? 'no code'})`
  } finally {
    bound.clear()
  }
}
