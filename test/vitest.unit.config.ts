import { defineConfig } from 'vitest/config'

const { UNIT = '**' } = process.env

/**
 * The pure modules alone, without a database: what the mutation tester runs, thousands of times. Without what takes as
 * long as all the others: the storms, the measurements of growth, and the validators of HTML. UNIT names one room.
 */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: [`unit/${UNIT}/*.test.ts`],
    exclude: ['unit/growth.test.ts', 'unit/mail/html.test.ts', 'unit/mail/storms.test.ts'],
    isolate: false,
    testTimeout: 60_000,
  },
})
