import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The one that computes longest, and those that wait most of their time, for timeouts and pauses of the command's. */
const FIRST = [
  'storms',
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
 * Waiting overlaps with work: what takes longest begins first, then the other runs, then what needs the processor
 * alone. Files of one project are not mixed with those of another, because a worker goes on with its own project only.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

function rank({ moduleId, project }: TestSpecification): number {
  const index = FIRST.indexOf(basename(moduleId, '.test.ts'))
  if (index >= 0) return index
  return FIRST.length + (project.name === 'runs' ? 0 : 1)
}
