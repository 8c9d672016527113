import { HTML_LIMIT, LISTED_ERROR, PLAIN_IDS, PLAIN_KINDS, RUNGS, TEXT_LIMIT } from '../caps.js'
import type { Digest } from '../digest/digest.js'
import { type Job, kindOf } from '../job.js'
import { plural } from '../text/words.js'
import { htmlPart, plainHtml } from './html.js'
import { writeLetter } from './letter.js'
import { Pages, type Presentation, type Screen } from './presentation.js'
import { headlineOf, said, short } from './section.js'
import { textPart } from './text.js'

/** A mail, ready to be sent. */
export interface Message {
  readonly subject: string
  readonly text: string
  readonly html: string
  /** Why this is the plain mail; to be logged. */
  readonly fault?: unknown
}

/** Digest → the mail with the most detail that the limits allow; if that fails, the plain mail and its fault. */
export function renderMessage(digest: Digest, presentation: Presentation, screen?: Screen): Message {
  try {
    return fittingMessage(digest, presentation, screen)
  } catch (fault) {
    return { ...plainMessage(digest, presentation), fault }
  }
}

/** More than needed: after the rungs, each attempt names fewer kinds. */
const ATTEMPTS = 20

/** The first that fits, with less detail each time, then fewer kinds. Throws a RangeError. */
function fittingMessage(digest: Digest, presentation: Presentation, screen: Screen | undefined): Message {
  let names = digest.kinds.size
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const rung = RUNGS[Math.min(attempt, RUNGS.length) - 1] as (typeof RUNGS)[number]
    const letter = writeLetter(digest, presentation, { ...rung, lastKinds: names })
    const [text, html] = [textPart(letter), htmlPart(letter)]
    const room = Math.min(TEXT_LIMIT / Buffer.byteLength(text), HTML_LIMIT / Buffer.byteLength(html))
    if (room >= 1) return { subject: letter.subject, text: screen ? textPart(letter, screen) : text, html }
    if (attempt >= RUNGS.length) names = Math.floor(0.95 * room * names)
  }
  throw new RangeError('the mail is too large')
}

/** The mail that always goes: counts by kind, job ids, links, and some of the errors. */
function plainMessage({ count, kinds, examples, ids, context }: Digest, presentation: Presentation): Message {
  const { adminBaseUrl, environment } = presentation
  const pages = new Pages(adminBaseUrl)
  const names = [...kinds].slice(0, PLAIN_KINDS)
  const more = names.reduce((rest, [, jobs]) => rest - jobs, count)
  const news = said(count > 0 && `${plural(count, 'job')} failed`, context.overdue && 'a refresh is overdue')
  const about = news.join(', ')
  const lines = said(
    `✗ ${about}. The mail could not be laid out: the log of job-alert says why.`,
    '',
    ...names.map(([kind, jobs]) => `  ${short(kind)}: ${jobs}`),
    more > 0 && `  … and ${plural(more, 'job')} of further types`,
    '',
    ...examples.flatMap((job) => [
      `  job ${job.id}  ${short(kindOf(job))}: ${safely(job)}`,
      `    ${pages.job(job.id)}`,
    ]),
    '',
    ids.length > 0 && `Jobs: ${ids.slice(0, PLAIN_IDS).join(', ')}${ids.length > PLAIN_IDS ? ' …' : ''}`,
    pages.retry(),
  )
  const text = `${lines.join('\n')}\n`
  return { subject: `${environment ? `${environment}: ` : ''}${about}`, text, html: plainHtml(text) }
}

/** Never throws: this error may be the fault. */
function safely({ error }: Job): string {
  try {
    return headlineOf(`${error ?? ''}`, LISTED_ERROR)
  } catch {
    return '(the error could not be shown)'
  }
}
