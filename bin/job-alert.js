#!/usr/bin/env -S node --
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// Node 22.1 and newer keep the compiled code from run to run; the build fills the folder.
module.enableCompileCache?.(fileURLToPath(new URL('../dist/compiled', import.meta.url)))
if (existsSync(new URL('../dist/cli.js', import.meta.url))) await import('../dist/cli.js')
else {
  process.stderr.write('job-alert is not built yet: run npm run build first\n')
  process.exitCode = 2
}
