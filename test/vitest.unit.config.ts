import { defineConfig } from 'vitest/config'

/**
 * The pure modules alone, without a database: what the mutation tester runs, over and over. Without the storms, which
 * take as long as all the others.
 */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['unit/**/*.test.ts'],
    exclude: ['unit/mail/storms.test.ts'],
    testTimeout: 60_000,
  },
})
