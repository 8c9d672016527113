import type { Digest } from '../digest/digest.js'
import { type Job, kindOf } from '../job.js'
import { plural } from '../text/words.js'
import { type Caps, HTML_LIMIT, PLAIN_IDS, PLAIN_KINDS, RUNGS, TEXT_LIMIT } from './caps.js'
import { htmlPart, plainHtml } from './html.js'
import { type Letter, writeLetter } from './letter.js'
import { Pages, type Paint, type Presentation } from './presentation.js'
import { firstLine, short } from './section.js'
import { textPart } from './text.js'

/** A mail, ready to be sent. */
export interface Message {
  readonly subject: string
  readonly text: string
  readonly html: string
  /** Why it is only the plain mail; to be logged. */
  readonly fault?: unknown
}

/** Digest → mail, with as much detail as no reader clips. If it cannot be written, a plain mail with the figures. */
export function renderMessage(digest: Digest, presentation: Presentation, paint?: Paint): Message {
  try {
    const letter = fittingLetter(digest, presentation)
    return { subject: letter.subject, text: textPart(letter, paint), html: htmlPart(letter) }
  } catch (fault) {
    return { ...plainMessage(digest, presentation), fault }
  }
}

/** All job types are named before any detail is given; where not all names fit, as many as do. */
function fittingLetter(digest: Digest, presentation: Presentation): Letter {
  const written = (caps: Caps, names: number): Letter => writeLetter(digest, presentation, caps, names)
  for (const caps of RUNGS) {
    const letter = written(caps, Number.POSITIVE_INFINITY)
    if (fits(letter)) return letter
  }
  const least = RUNGS.at(-1) as Caps
  let [fitting, tooMany] = [0, digest.kinds.size]
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2)
    if (fits(written(least, middle))) fitting = middle
    else tooMany = middle
  }
  return written(least, fitting)
}

function fits(letter: Letter): boolean {
  return Buffer.byteLength(htmlPart(letter)) <= HTML_LIMIT && Buffer.byteLength(textPart(letter)) <= TEXT_LIMIT
}

/** The mail that always goes: numbers by job type, job ids, links, and the latest errors. */
function plainMessage(
  { count, kinds, examples, ids, overdue }: Digest,
  { adminBaseUrl, environment }: Presentation,
): Message {
  const pages = new Pages(adminBaseUrl)
  const names = [...kinds].slice(0, PLAIN_KINDS)
  const about = [
    ...(count > 0 ? [`${plural(count, 'job')} failed`] : []),
    ...(overdue ? ['a refresh is overdue'] : []),
  ].join(', ')
  const lines = [
    `✗ ${about}. The mail could not be laid out: the log of job-alert says why.`,
    '',
    ...names.map(([kind, jobs]) => `  ${short(kind)}: ${jobs}`),
    ...(kinds.size > names.length ? [`  … and ${plural(kinds.size - names.length, 'more job type')}`] : []),
    '',
    ...examples.flatMap((job) => [
      `  job ${job.id}  ${short(kindOf(job))}: ${safely(job)}`,
      `    ${pages.job(job.id)}`,
    ]),
    '',
    ...(ids.length > 0 ? [`Jobs: ${ids.slice(0, PLAIN_IDS).join(', ')}${ids.length > PLAIN_IDS ? ' …' : ''}`] : []),
    pages.retry(),
  ]
  const text = `${lines.join('\n')}\n`
  return { subject: `${environment ? `${short(environment, 20)}: ` : ''}${about}`, text, html: plainHtml(text) }
}

/** What cannot be rendered may be this error. */
function safely({ error }: Job): string {
  try {
    return firstLine(`${error ?? ''}`, 200)
  } catch {
    return '(the error could not be shown)'
  }
}
