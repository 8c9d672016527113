import { expect, test } from 'vitest'
import { beneath, excerpt, headline } from '../../../src/text/traceback.js'

const START = 'Traceback (most recent call last):'
const FRAME = '  File "/app/worker.py", line 12, in run\n    handler(job)'
const TRACEBACK = `${START}\n${FRAME}\nKeyError: 'title'`
const GROUP = `  + Exception Group ${START}
  |   File "/app/worker.py", line 3, in <module>
  |     asyncio.run(main())
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | ${START}
    |   File "/app/worker.py", line 8, in match
    |     raise ValueError('bad title')
    | ValueError: bad title
    +------------------------------------`
const prefixed = (prefix: string, text = TRACEBACK) => text.replace(/^/gm, prefix)

test.each([
  ['of a text without a traceback is its first', '\n\n  refused\nmore', 'refused'],
  ['of a traceback is its exception', TRACEBACK, "KeyError: 'title'"],
  [
    'of chained tracebacks is the last exception',
    `${TRACEBACK}\n\nDuring …:\n\n${START}\n${FRAME}\nOSError: x`,
    'OSError: x',
  ],
  ['leads the lines of its message', `${TRACEBACK}\nDETAIL:  Key (a)=(b) already exists.`, "KeyError: 'title'"],
  ['is not what a worker adds', `${TRACEBACK}\n\nWorker exiting: 1`, "KeyError: 'title'"],
  ['is not a line of code at the margin', `${START}\n${FRAME}\ntext of a docstring\nValueError: y`, 'ValueError: y'],
  ['of an exception without a message is its class', `${START}\n${FRAME}\napp.errors.NotFound`, 'app.errors.NotFound'],
  ['of a traceback that was cut is its last', `${START}\n${FRAME}`, 'handler(job)'],
  ['of an ExceptionGroup is its last exception', GROUP, 'ValueError: bad title'],
  [
    'of an ExceptionGroup that was cut is its own',
    GROUP.split('\n').slice(0, 5).join('\n'),
    'ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)',
  ],
  ['of an indented traceback is its exception', prefixed('    '), "KeyError: 'title'"],
  ['of a logged traceback is its exception', prefixed('2026-11-23 03:12:01,123 ERROR '), "KeyError: 'title'"],
])('the headline %s', (_, text, expected) => {
  expect(headline(text)).toBe(expected)
})

test.each([TRACEBACK, prefixed('ERROR '), GROUP])(
  'the headline of %j leads an excerpt and is not said again',
  (text) => {
    const [first, ...rest] = excerpt(text, 40, 1_000)
    expect(first).toBe(headline(text))
    expect(rest).toHaveLength(text.split('\n').length - 1)
    expect(beneath(text).filter((line) => line.endsWith(headline(text)))).toEqual([])
  },
)
