import type { Presentation } from '../config.js'
import type { Digest } from '../digest.js'
import { htmlPart } from './html.js'
import { type Caps, firstLine, writeLetter } from './letter.js'
import { subject } from './subject.js'
import { textPart } from './text.js'

export interface Message {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Gmail clips at about 102 KB, and then hides what matters behind a link. */
const HTML_LIMIT = 90_000

/** From the design's figures down to a bare list of what failed, which fits whatever happened. */
const CAPS: readonly Caps[] = [
  { sections: 20, steps: 12, jobs: 10, error: 1_000 },
  { sections: 20, steps: 12, jobs: 10, error: 300 },
  { sections: 20, steps: 8, jobs: 3, error: 200 },
  { sections: 20, steps: 4, jobs: 1, error: 100 },
  { sections: 10, steps: 0, jobs: 0, error: 60 },
  { sections: 2, steps: 0, jobs: 0, error: 60 },
]

/** Digest → mail, with as much detail as fits a mail that no reader clips. */
export function renderMessage(digest: Digest, presentation: Presentation): Message {
  const [title, preheader] = headings(digest, presentation)
  const render = (caps: Caps): Message => {
    const letter = writeLetter(digest, presentation, caps)
    return { subject: title, text: textPart(letter), html: htmlPart(letter, title, preheader) }
  }
  for (const caps of CAPS.slice(0, -1)) {
    const message = render(caps)
    if (Buffer.byteLength(message.html) <= HTML_LIMIT) return message
  }
  return render(CAPS.at(-1) as Caps)
}

/** Subject and preheader. What they need may be what cannot be rendered, and then they say how many jobs failed. */
function headings(digest: Digest, presentation: Presentation): readonly [string, string] {
  try {
    const first = (digest.chains[0]?.failures ?? digest.groups[0])?.jobs[0]
    return [subject(digest, presentation), firstLine(first?.error ?? null, 140)]
  } catch {
    const bare = subject({ ...digest, chains: [], groups: [] }, presentation)
    return [bare, bare]
  }
}
