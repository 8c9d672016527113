import { expect, test } from 'vitest'
import { useScene } from '../support/scene.js'
import { acceptance } from '../support/sendgrid.js'

const scene = useScene()

test('twenty runs at once on a storm: one mail in all, and every row marked once', async () => {
  await scene.worker.storm(5_000)
  // Answered only when the others have had their turn: the winner holds the claim meanwhile.
  let others = 0
  let release: () => void = () => {}
  const allOthersDone = new Promise<void>((resolve) => {
    release = resolve
  })
  scene.sendGrid.answer(async (response, request) => {
    await allOthersDone
    await acceptance(response, request)
  })
  const runs = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      // Every tenth is a process; to the server, and so to each other, they are all the same.
      const finished = await (index % 10 === 0 ? scene.digest() : scene.report())
      if (++others === 19) release()
      return finished
    }),
  )
  expect(runs.map(({ code }) => code)).toEqual(Array(20).fill(0))
  const outcomes = runs.map(({ summary }) => summary.outcome).toSorted()
  expect(outcomes).toEqual([...Array(19).fill('another run is at work'), 'sent'])
  expect(scene.sendGrid.requests).toHaveLength(1)
  expect(await scene.marked()).toHaveLength(5_000)
})

test('runs beside a busy worker mail every final failure once, and nothing else', async () => {
  const { worker } = scene
  const final: number[] = []
  const deleted: number[] = []
  let working = true
  const work = (async () => {
    for (let round = 0; round < 60; round++) {
      final.push(await worker.dead({}, `permanent in round ${round}`))
      const retried = await worker.running()
      await worker.fail(retried, 'to be retried')
      const reaped = await worker.running({ maxAttempts: 1 })
      await worker.reap(reaped)
      final.push(reaped)
      await worker.cancel(await worker.enqueue())
      const again = await worker.dead({}, 'retried by an admin')
      await worker.retry(again)
      const gone = await worker.dead({}, 'deleted soon')
      await scene.sql`delete from research_jobs where id = ${gone}`
      deleted.push(gone)
    }
    working = false
  })()
  const reported: number[] = []
  while (working) {
    const { code, summary } = await scene.report()
    expect(code).toBe(0)
    reported.push(summary.reported as number)
  }
  await work
  reported.push((await scene.report()).summary.reported as number)
  expect((await scene.marked()).filter((id) => final.includes(id))).toEqual(final.toSorted((a, b) => a - b))
  expect((await scene.report()).summary.outcome).toBe('nothing to report')
  // Failures that were retried or deleted while the worker went on may have been seen dead by a run; the others, once.
  const total = reported.reduce((sum, count) => sum + count, 0)
  expect(total).toBeGreaterThanOrEqual(final.length)
  expect(total).toBeLessThanOrEqual(final.length + deleted.length + 60)
  const mailed = scene.sendGrid.accepted.flatMap(({ content }) => [
    ...new Set(content[0]?.value.match(/permanent in round \d+/g)),
  ])
  expect(new Set(mailed).size).toBe(mailed.length)
  for (const { content } of scene.sendGrid.accepted) {
    expect(content[0]?.value).not.toContain('to be retried')
    expect(content[0]?.value).not.toContain('cancelled by admin')
  }
})

test('a run beside one that is sending says so, exits 0 and sends nothing', async () => {
  await scene.worker.dead()
  scene.sendGrid.answer(async (response, request) => {
    expect((await scene.report()).summary).toMatchObject({ outcome: 'another run is at work', exitCode: 0 })
    await acceptance(response, request)
  })
  expect((await scene.report()).summary.outcome).toBe('sent')
  expect(scene.sendGrid.requests).toHaveLength(1)
})

test('a dry run beside one that is sending sees the failures and does not wait', async () => {
  await scene.worker.dead()
  scene.sendGrid.answer(async (response, request) => {
    expect((await scene.preview()).summary).toMatchObject({ outcome: 'dry run', found: 1 })
    await acceptance(response, request)
  })
  expect((await scene.report()).code).toBe(0)
})
