/** Cuts to `length` UTF-16 units, the ellipsis included, and never through a character. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** Length of the note on what is missing: a cut shorter than the note would lengthen the text. */
const NOTICE = '… (99 more characters)'.length

/** Cuts at about `length` UTF-16 units, never through a character, and says how much is missing. */
export function cutCounting(text: string, length: number): string {
  if (text.length <= length + NOTICE) return text
  const kept = text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
  return `${kept}… (${plural(text.length - kept.length, 'more character')})`
}

/** Folds white space and line feeds to single spaces, and trims. */
export function oneLine(text: string): string {
  return text.replace(/\s{2,}|[^\S ]/g, ' ').trim()
}

/** A copy: V8's slices keep the whole text alive that they were cut from. */
export function detached(text: string): string {
  return Buffer.from(text).toString()
}

/** "71,000". Node's own formatter would cost a silent run 10 MB. */
export function separated(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** "1 job", "71,000 jobs" */
export function plural(count: number, noun: string): string {
  return `${separated(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** "albums, songs and artists" */
export function list(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '')
}
