import { expect, test } from 'vitest'
import { dissect, excerpt, headline } from '../../../src/text/traceback.js'

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
  ['of one line is that line', ' refused ', 'refused'],
  ['of a text without a traceback is its first', '\n \n  refused\nmore', 'refused'],
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
  ['of a traceback that was cut is its last', `${START}\n${FRAME}\n${FRAME.replace('job', 'song')}`, 'handler(song)'],
  ['of an ExceptionGroup is its last exception', GROUP, 'ValueError: bad title'],
  [
    'of an ExceptionGroup that was cut is its own',
    GROUP.split('\n').slice(0, 5).join('\n'),
    'ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)',
  ],
  ['of an indented traceback is its exception', prefixed('    '), "KeyError: 'title'"],
  ['of a logged traceback is its exception', prefixed('2026-11-23 03:12:01,123 ERROR '), "KeyError: 'title'"],
  [
    'of chained tracebacks of which the last was cut off is the first exception',
    `${TRACEBACK}\n\nThe above …:\n\n${START}\n${FRAME}\nOSError: x\n\nDuring …:\n\n${START}\n  File "/app/wor`,
    "KeyError: 'title'",
  ],
  [
    'is not a fragment that 2,000 characters left',
    `${TRACEBACK}\n\nThe above …:\n\n${START}\n${`${FRAME}\n`.repeat(20)}requests.exc`.padEnd(2_000, 'e'),
    "KeyError: 'title'",
  ],
  [
    'of a text that was cut in its only exception is what is left of it',
    `job 7 failed\n${START}\n${`${FRAME}\n`.repeat(40)}KeyError: 'ti`.padEnd(2_000, 't'),
    `KeyError: 'ti`.padEnd(2_000 - `job 7 failed\n${START}\n${`${FRAME}\n`.repeat(40)}`.length, 't'),
  ],
  [
    'of a long text is its last exception, where that is whole',
    `${TRACEBACK}\n\nThe above …:\n\n${START}\n${`${FRAME}\n`.repeat(40)}OSError: x\n${'more '.repeat(20)}`,
    'OSError: x',
  ],
  ['is not ^^^^^', `${START}\n${FRAME}\n    ^^^^^^^^^`, 'handler(job)'],
  [
    'is not that another task was cancelled',
    GROUP.replace(
      / {4}\+-+$/,
      `    +---- 2 ----\n    | ${START}\n    |   File "/a.py", line 7, in store\n    | asyncio.exceptions.CancelledError\n    +----`,
    ),
    'ValueError: bad title',
  ],
  [
    'is that of a task that was cancelled where nothing else failed',
    `${START}\n${FRAME}\nCancelledError`,
    'CancelledError',
  ],
  [
    'of a RemoteTraceback is the exception in it',
    `concurrent.futures.process._RemoteTraceback: \n"""\n${TRACEBACK}\n"""\n\nThe above …:\n\n${START}\n  File "/app/w.py", line 20, in run\n    pool.map(par`,
    "KeyError: 'title'",
  ],
  [
    'of a traceback in a repr is its exception',
    `RuntimeError('${TRACEBACK.replaceAll('\n', '\\n').replaceAll("'", "\\'")}\\n')`,
    "KeyError: 'title'",
  ],
  ['of a traceback without its first line is its exception', TRACEBACK.replace(START, '').trim(), "KeyError: 'title'"],
  [
    'of a box that rich drew is the exception beneath',
    "╭── Traceback (most recent call last) ──╮\n│ /app/worker.py:12 in run              │\n│ ❱ 12   handler(job)                   │\n╰───────────────────────────────────────╯\nKeyError: 'title'",
    "KeyError: 'title'",
  ],
  [
    'of pydantic names the fields and what they lack',
    '2 validation errors for Track\nisrc\n  Field required [type=missing, input_value={}]\n    For further information …\ntracks.3.ms\n  Input should be a valid integer [type=int_type]',
    '2 validation errors for Track: isrc: Field required; tracks.3.ms: Input should be a valid integer',
  ],
  [
    'that ends with a colon goes on',
    'Import: could not read the feed:\n  404 Not Found\nmore',
    'Import: could not read the feed: 404 Not Found',
  ],
  ['that ends with a colon before an empty line is whole', 'Failed:\n\nmore', 'Failed:'],
  ['of a cut traceback is what stands before it, if anything', `job 7 failed\n${START}\n${FRAME}`, 'job 7 failed'],
])('the headline %s', (_, text, expected) => {
  expect(headline(text)).toBe(expected)
})

test.each([TRACEBACK, prefixed('ERROR '), GROUP])(
  'the headline of %j leads an excerpt and is not said again',
  (text) => {
    const [first, ...rest] = excerpt(text, 40, 1_000, 160)
    expect(first).toBe(headline(text))
    expect(rest).toHaveLength(text.split('\n').length - 1)
    expect(dissect(text).beneath.filter((line) => line.endsWith(headline(text)))).toEqual([])
  },
)

test.each([
  ['Python', TRACEBACK, '/app/worker.py run'],
  ['a module', TRACEBACK.replace('run', '<module>'), '/app/worker.py <module>'],
  ['chained tracebacks', `${TRACEBACK}\n\n${START}\n  File "/b.py", line 1, in two\nOSError: x`, '/b.py two'],
  ['rich', '╭─ Traceback (most recent call last) ─╮\n│ /c.py:12 in three │\n╰─────╯\nOSError: x', '/c.py three'],
  ['a task that was cancelled', `${START}\n${FRAME}\nCancelledError`, '/app/worker.py run'],
  ['no traceback', 'refused\nmore', ''],
])('the innermost frame of %s is file and function, without the line', (_, text, frame) => {
  expect(dissect(text).frame).toBe(frame)
})

test('what the headline has said is not said beneath', () => {
  expect(dissect('Could not read the feed:\n  404 Not Found\n\n  404 Not Found\nmore').beneath).toEqual([
    '  404 Not Found',
    'more',
  ])
})

test('an excerpt has so many lines, from the head and from the tail; what is left out is counted', () => {
  const text = (lines: number) => Array.from({ length: lines }, (_, index) => `line ${index}`).join('\n')
  expect(excerpt(text(6), 6, 100, 100)).toEqual(text(6).split('\n'))
  expect(excerpt(text(7), 6, 100, 100)).toEqual([
    'line 0',
    'line 1',
    'line 2',
    '… 2 lines left out …',
    'line 5',
    'line 6',
  ])
  expect(excerpt(' ', 6, 100, 100)).toEqual([])
})
