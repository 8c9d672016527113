import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './support/sequencer.js'

/** The pure modules, and runs of the command against a real server. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    projects: [
      {
        extends: true,
        // Nothing here waits. Each worker loads and compiles the modules anew.
        test: { name: 'unit', include: ['unit/**/*.test.ts'], maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'runs',
          include: ['runs/**/*.test.ts'],
          globalSetup: fileURLToPath(new URL('support/server.ts', import.meta.url)),
        },
      },
    ],
    // Loading the modules anew for each file takes as long as many a file.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // On two processors: the files that wait leave them to the others.
    maxWorkers: 6,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
    passWithNoTests: false,
  },
})
