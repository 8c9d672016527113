import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders: string[] = []

/** A new temporary folder in `parent`, which is removed when this process ends, also at Ctrl-C. */
export function temporaryFolder(name: string, parent = tmpdir()): string {
  if (folders.length === 0) removeAtEnd()
  const folder = mkdtempSync(join(parent, `job-alert-${name}-`))
  folders.push(folder)
  return folder
}

function removeAtEnd(): void {
  // A server that was killed just now may still write into its folder.
  const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  process.on('exit', () => folders.forEach(remove))
  // Without a listener, a signal ends a process and nothing is told that it ends.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(1))
}
