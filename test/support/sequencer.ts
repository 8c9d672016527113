import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Those that wait most of their time, for timeouts and pauses of the command's, and then those that compute longest. */
const FIRST = [
  'database-faults',
  'migrations',
  'sendgrid-faults',
  'readers',
  'signals',
  'check',
  'storms',
  'command',
  'model',
  'backlog',
  'terminal',
  'outage',
]

/** What takes longest begins first: waiting overlaps with work. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

function rank({ moduleId }: TestSpecification): number {
  const index = FIRST.indexOf(basename(moduleId, '.test.ts'))
  return index >= 0 ? index : FIRST.length
}
