import { styleText } from 'node:util'
import type { Paint } from './mail/presentation.js'

let unwritable: NodeJS.ErrnoException | undefined

/** From then on a reader that has gone, or a full disk, ends nothing: `flushed` says what became of stdout. */
export function outliveReaders(): void {
  process.stdout.on('error', (error) => {
    unwritable ??= error
  })
  process.stderr.on('error', () => {})
}

/** Prints on stdout. Resolves when stdout has taken it, or whoever read it has gone; never rejects. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()))
}

/** Resolves when stdout has taken everything, or whoever read it has gone. Rejects when it cannot be written. */
export async function flushed(): Promise<void> {
  await print('')
  if (unwritable && unwritable.code !== 'EPIPE')
    throw Object.assign(new Error(`cannot write to stdout (${unwritable.code})`), { code: unwritable.code })
}

/** Colours on a terminal that has them, unless NO_COLOR or the like turns them off. */
export function paint(): Paint | undefined {
  if (!process.stdout.isTTY || !process.stdout.hasColors()) return undefined
  const styles = { failed: ['red', 'bold'], done: 'green', quiet: 'dim' } as const
  return (tone, text) => styleText(styles[tone] as Parameters<typeof styleText>[0], text)
}
