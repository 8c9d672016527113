const VOID = new Set(['meta', 'br'])
const TAG = /<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)>/g

/** What is wrong with the HTML of a mail: tags that do not nest, attributes without quotes, stray < > & characters. */
export function faults(html: string): readonly string[] {
  const found: string[] = []
  const open: string[] = []
  const document = html.replace(/^<!doctype html>\n/, '').replace(/<style>[^<]*<\/style>/, '')
  for (const [tag, slash, name = ''] of document.matchAll(TAG)) {
    if (slash && open.pop() !== name) found.push(`misplaced ${tag}`)
    if (!slash && !VOID.has(name)) open.push(name)
  }
  if (open.length > 0) found.push(`not closed: ${open.join(', ')}`)
  const text = document.replace(TAG, '').replace(/&(?:amp|lt|gt|quot|nbsp|#39);/g, '')
  return [...found, ...(text.match(/.{0,20}[<>&"].{0,20}/g) ?? [])]
}

/** The elements that a mail's HTML has. */
export function elements(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(TAG)].map(([, , name = '']) => name))
}

export function links(html: string): readonly string[] {
  return [...html.matchAll(/href="([^"]*)"/g)].map(([, link = '']) => decoded(link))
}

/** What a reader sees of the body, without its white space. */
export function visible(html: string): string {
  const body = html.slice(html.indexOf('<div class="page"'))
  return decoded(body.replace(TAG, '')).replace(/\s/g, '')
}

function decoded(text: string): string {
  return text
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
