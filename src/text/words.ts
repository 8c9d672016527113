/** Cuts at `length` UTF-16 units, never through a character, and says so with an ellipsis. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** The words that say how much is missing: to cut less than they take would lengthen the text. */
const NOTICE = '… (99 more characters)'.length

/** Cuts at about `length` UTF-16 units, never through a character, and says how much is missing. */
export function cutCounting(text: string, length: number): string {
  if (text.length <= length + NOTICE) return text
  const kept = text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
  return `${kept}… (${plural(text.length - kept.length, 'more character')})`
}

/** All white space, line feeds included, folded to single spaces. */
export function oneLine(text: string): string {
  return text.replace(/\s{2,}|[^\S ]/g, ' ').trim()
}

/** A copy that does not keep another text alive: V8's slices point to what they were cut from. */
export function detached(text: string): string {
  return Buffer.from(text).toString()
}

/** "71,000". Node's own formatter takes 10 MB when it is first used, which a silent run can do without. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** "1 job", "71,000 jobs" */
export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** "albums, songs and artists" */
export function list(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '')
}
