import { expect } from 'vitest'

const ROUNDS = 3
const FACTOR = 8
const GARBAGE_MS = 20

/**
 * Expects that eight times the input takes about eight times the processor's time, where a quadratic piece of code takes
 * sixty-four times: the best of some rounds in turn, of the process's own time, so that a busy machine is no failure.
 */
export function expectLinear(work: (size: number) => unknown, size: number): void {
  const sizes = [size, FACTOR * size]
  const best = sizes.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, each] of sizes.entries()) {
      const before = process.cpuUsage()
      work(each)
      const { user, system } = process.cpuUsage(before)
      best[index] = Math.min(best[index] as number, (user + system) / 1_000)
    }
  const [once = 0, more = 0] = best
  // What is too fast to be compared lies below one collection of garbage; what is quadratic at these sizes, far above.
  expect(more, `${once.toFixed(2)} ms became ${more.toFixed(2)} ms`).toBeLessThan(2.5 * FACTOR * once + GARBAGE_MS)
}
