import { defineConfig } from 'vitest/config'

const { UNIT = '**' } = process.env

/**
 * The pure modules alone, without a database: what the mutation tester runs, over and over. Without the storms and the
 * measurements of growth, which take as long as all the others. UNIT narrows it to some of the rooms.
 */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: [`unit/${UNIT}/*.test.ts`],
    exclude: ['unit/growth.test.ts', 'unit/mail/storms.test.ts'],
    testTimeout: 60_000,
  },
})
