import { expect, test } from 'vitest'
import { preloaded } from '../support/command.js'
import { useScene } from '../support/scene.js'

const scene = useScene()

/** Faults in the program, as a mistake of ours or of a library would be. */
const NO_DATES = preloaded(
  `Intl.DateTimeFormat.prototype.formatToParts = () => { throw new TypeError('broken with password=hunter2') }`,
)
const NO_YEARS = preloaded(
  `Date.prototype.getUTCFullYear = () => { throw new TypeError('broken with password=hunter2') }`,
)

test('a mail that cannot be laid out goes as a plain one, and the log has the stack', async () => {
  const id = await scene.worker.dead({}, 'failed with password=hunter2')
  const { code, log, summary, stderr } = await scene.digest([], NO_DATES)
  expect({ code, outcome: summary.outcome }).toEqual({ code: 0, outcome: 'sent' })
  expect(await scene.marked()).toEqual([id])
  expect(scene.mail.subject).toBe('1 job failed')
  for (const said of ['  spotify/match_song: 1\n', `  job ${id}  spotify/match_song: `, `/research/jobs/${id}\n`])
    expect(scene.mail.text).toContain(said)
  const faults = log.filter(({ level, outcome }) => level === 'error' && outcome === undefined)
  expect(faults).toMatchObject([{ msg: 'the mail could only be written plainly' }])
  expect(faults[0]?.stack).toMatch(/TypeError: broken with password=\[redacted\]\n.*at .*src\/mail\/\w+\.ts:\d+/s)
  for (const output of [stderr, scene.mail.text, scene.mail.html]) expect(output).not.toContain('hunter2')
})

test('a dry run says so, too', async () => {
  const id = await scene.worker.dead()
  const { code, stdout, log } = await scene.digest(['--dry-run'], NO_DATES)
  expect(code).toBe(0)
  expect(stdout).toContain(`  job ${id}  spotify/match_song: `)
  expect(log.some(({ msg }) => msg === 'the mail could only be written plainly')).toBe(true)
})

test('a fault that stops the run keeps its stack, redacted, in the summary line', async () => {
  await scene.worker.dead()
  const { code, summary, stderr } = await scene.digest([], NO_YEARS)
  expect(code).toBe(1)
  expect(summary).toMatchObject({
    outcome: 'failed',
    msg: 'broken with password=[redacted]; nothing was sent or marked',
  })
  expect(summary.stack).toMatch(/TypeError: broken with password=\[redacted\]\n.*at .*src\/report\.ts:\d+/s)
  expect(stderr).not.toContain('hunter2')
  expect(await scene.marked()).toEqual([])
})

/** Texts with the word in it cannot be taken apart by this method. */
const cursed = (method: string) =>
  preloaded(`const { ${method} } = String.prototype
    String.prototype.${method} = function (...all) {
      if (this.includes('cursed')) throw new TypeError('cannot take that apart')
      return ${method}.apply(this, all)
    }`)

test.each(['split', 'slice', 'matchAll', 'search'])(
  'an error that %s cannot take apart stops neither its row nor the others, and the log has the fault',
  async (method) => {
    const ids = [await scene.worker.dead({}, 'cursed'), await scene.worker.dead({}, 'disk is full')]
    const { code, log } = await scene.digest([], cursed(method))
    expect(code).toBe(0)
    expect(await scene.marked()).toEqual(ids)
    for (const id of ids) expect(scene.mail.text).toContain(`job ${id} `)
    expect(scene.mail.text).toContain('disk is full')
    expect(log.filter(({ stack }) => `${stack}`.includes('cannot take that apart')).length > 0).toBe(log.length > 1)
  },
)
