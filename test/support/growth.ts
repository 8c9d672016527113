import { expect } from 'vitest'

const ROUNDS = 5

/**
 * Expects that twice the input takes about twice the time, where a quadratic piece of code takes four times: the
 * fastest of five rounds in turn, so that a machine that is busy with something else is no failure. Slower machines
 * are slower at both.
 */
export function expectLinear(work: (size: number) => unknown, size: number): void {
  const fastest = { [size]: Number.POSITIVE_INFINITY, [2 * size]: Number.POSITIVE_INFINITY }
  for (let round = 0; round < ROUNDS; round++)
    for (const each of [size, 2 * size]) {
      const started = performance.now()
      work(each)
      fastest[each] = Math.min(fastest[each] ?? 0, performance.now() - started)
    }
  const [once = 0, twice = 0] = [fastest[size], fastest[2 * size]]
  // A millisecond and a half for what is too fast to be compared.
  expect(twice, `${once.toFixed(2)} ms became ${twice.toFixed(2)} ms`).toBeLessThan(3.2 * once + 1.5)
}
