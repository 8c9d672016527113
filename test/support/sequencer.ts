import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that wait most of their time, for timeouts and pauses of the command's, the longest first. */
const WAITING = [
  'database-faults',
  'migrations',
  'sendgrid-faults',
  'readers',
  'signals',
  'check',
  'terminal',
  'outage',
]

/**
 * Waiting overlaps with work: what waits begins first, then the other runs, then what needs the processor alone. Files
 * of one project are not mixed with those of another, because a worker goes on with files of its own project only.
 */
export class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

function rank({ moduleId, project }: TestSpecification): number {
  const index = WAITING.indexOf(basename(moduleId, '.test.ts'))
  if (index >= 0) return index
  return WAITING.length + (project.name === 'runs' ? 0 : 1)
}
