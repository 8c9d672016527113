import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { redact } from './text/redact.js'

const FRAME = /file:\/\/(\S+\.js):(\d+):(\d+)/g

/** An error's stack by the lines of the source, fit for a log. The maps are read only now that they are needed. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return redact(String(error))
  const stack = error.stack ?? error.message
  return redact(
    stack.replace(FRAME, (place, file: string, line: string, column: string) => source(file, +line, +column) ?? place),
  )
}

function source(file: string, line: number, column: number): string | undefined {
  try {
    const map = new SourceMap(JSON.parse(readFileSync(`${decodeURIComponent(file)}.map`, 'utf8')))
    const { originalSource, originalLine = 0 }: { originalSource?: string; originalLine?: number } = map.findEntry(
      line - 1,
      column - 1,
    )
    return originalSource && `${originalSource.replace(/^(?:\.\.\/)+/, '')}:${originalLine + 1}`
  } catch {
    return undefined
  }
}
