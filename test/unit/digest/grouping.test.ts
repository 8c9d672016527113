import { expect, test } from 'vitest'
import { Grouping } from '../../../src/digest/grouping.js'
import { different, job } from '../../support/jobs.js'

test('templates are let go as any group is', () => {
  const grouping = new Grouping()
  const ids = different(120)
  for (const words of different(20, 3))
    for (let time = 0; time < 6; time++) {
      const error = `${words} ${ids.next().value}`
      grouping.groupOf(error, error).add(job({ error }), error)
    }
  expect(grouping.result()).toHaveLength(20)
  grouping.halve()
  expect(grouping.size).toBe(10)
})
