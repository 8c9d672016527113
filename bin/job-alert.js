#!/usr/bin/env -S node --
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// Node 22.1 and newer keep the compiled code from run to run; the build fills the folder.
module.enableCompileCache?.(fileURLToPath(new URL('../dist/compiled', import.meta.url)))
await import('../dist/cli.js')
