import { JOBS_LISTED } from '../digest/cluster.js'
import { CHAINS_SHOWN, type Digest, type Fault, leading } from '../digest/digest.js'
import { plural } from '../text/words.js'
import { htmlPart } from './html.js'
import { type Letter, writeLetter } from './letter.js'
import type { Paint, Presentation } from './presentation.js'
import { type Caps, firstLine } from './section.js'
import { subject } from './subject.js'
import { textPart } from './text.js'

/** A mail, ready to be sent. */
export interface Message {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Bytes. Gmail clips HTML at about 102 KB, and then hides what matters behind a link. */
const HTML_LIMIT = 90_000
const TEXT_LIMIT = 60_000
const PREHEADER_LENGTH = 140

/** All that a digest keeps. */
const KEPT = { sections: CHAINS_SHOWN, steps: 12, jobs: JOBS_LISTED }
/** From the design's figures down to a bare list of what failed. */
const CAPS: readonly Omit<Caps, 'remainder'>[] = [
  { ...KEPT, errorLines: 12, error: 1_000 },
  { ...KEPT, errorLines: 6, error: 300 },
  { ...KEPT, steps: 8, jobs: 3, errorLines: 3, error: 200 },
  { ...KEPT, steps: 4, jobs: 1, errorLines: 1, error: 100 },
  { ...KEPT, steps: 0, jobs: 1, errorLines: 1, error: 100 },
  { sections: 10, steps: 0, jobs: 0, errorLines: 1, error: 60 },
  { sections: 2, steps: 0, jobs: 0, errorLines: 1, error: 60 },
]

/** Digest → mail, with as much detail as no reader clips. `onFault` hears of what could not be said. */
export function renderMessage(
  digest: Digest,
  presentation: Presentation,
  onFault: (fault: Fault) => void,
  paint?: Paint,
): Message {
  const [title, preheader] = headings(digest, presentation, onFault)
  const html = (letter: Letter): string => htmlPart(letter, title, preheader)
  const fits = (letter: Letter): boolean =>
    Buffer.byteLength(html(letter)) <= HTML_LIMIT && Buffer.byteLength(textPart(letter)) <= TEXT_LIMIT
  const letter = fittingLetter(digest, presentation, fits)
  for (const fault of letter.faults) onFault(fault)
  return { subject: title, text: textPart(letter, paint), html: html(letter) }
}

/** Every source and job type is named before any detail is given; where not even the names fit, as many as do. */
function fittingLetter(digest: Digest, presentation: Presentation, fits: (letter: Letter) => boolean): Letter {
  const written = (caps: Omit<Caps, 'remainder'>, remainder: number): Letter =>
    writeLetter(digest, presentation, { ...caps, remainder })
  for (const caps of CAPS) {
    const letter = written(caps, Number.POSITIVE_INFINITY)
    if (fits(letter)) return letter
  }
  const least = CAPS.at(-1) as Caps
  let [fitting, tooMany] = [0, digest.kinds.length + digest.moreChains.length]
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2)
    if (fits(written(least, middle))) fitting = middle
    else tooMany = middle
  }
  return written(least, fitting)
}

/** Subject and preheader. What they need may be what cannot be said, and then they say how many jobs failed. */
function headings(
  digest: Digest,
  presentation: Presentation,
  onFault: (fault: Fault) => void,
): readonly [string, string] {
  try {
    const title = subject(digest, presentation)
    const { section, kind } = leading(digest)
    const job =
      section?.chain?.leading ??
      (kind && digest.groups.find(({ kinds }) => kinds.some(({ name }) => name === kind.name))?.latest)
    return [title, job ? firstLine(job.error, PREHEADER_LENGTH) : title]
  } catch (error) {
    onFault({ error, jobIds: [] })
    const bare = plural(digest.count, 'failed job')
    return [bare, bare]
  }
}
