import { expect, test } from 'vitest'
import { rarerHalf } from '../../../src/digest/rarest.js'

test('the half that was counted least goes, and of equals the older ones', () => {
  const counted = ['old 2', 'old 9', 'middle 2', 'new 2', 'newest 1']
  expect(rarerHalf(counted, (text) => Number(text.split(' ')[1]))).toEqual(['newest 1', 'old 2'])
})
