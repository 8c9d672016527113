import { defineConfig } from 'vitest/config'

/** The pure modules alone, without a database: what the mutation tester runs, over and over. */
export default defineConfig({
  test: { root: import.meta.dirname, include: ['unit/**/*.test.ts'], testTimeout: 60_000 },
})
