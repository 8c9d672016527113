import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** The pure modules, and runs of the command against a real server. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    projects: [
      { extends: true, test: { name: 'unit', include: ['unit/**/*.test.ts'], isolate: false } },
      {
        extends: true,
        test: {
          name: 'runs',
          include: ['runs/**/*.test.ts'],
          globalSetup: fileURLToPath(new URL('support/server.ts', import.meta.url)),
        },
      },
    ],
    // Most of a test is waiting for a process or a timeout of the command's.
    maxWorkers: 4,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
    passWithNoTests: false,
  },
})
