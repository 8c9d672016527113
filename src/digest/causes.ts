/** A host is told from a file or a version by its domain. */
const DOMAINS = 'ai|app|cloud|co|com|de|dev|eu|example|fm|internal|io|local|net|org|tv|uk|us'
const HOST = new RegExp(`\\.(?:${DOMAINS})$`, 'i')

/** What tells one cause from another, as a pattern has it; patterns with different causes are never merged. */
const CAUSES = new RegExp(
  [
    // An HTTP status, also that of HTTP401; any other number that is left is an errno, an exit code, SQLSTATE
    /(?<!\d)\d{3}(?!\d)/,
    /(?<![\w.])\d[\dA-Z]*(?![\w.])/,
    /(?<=:\/\/)[^\s"'<>/?#)]+/,
    new RegExp(`(?<![\\w.-])[\\w.-]+\\.(?:${DOMAINS})(?![\\w-])`),
    // ValueError, requests.exceptions.ReadTimeout
    /(?<![\w.])[\w.]*\w(?:Error|Exception)(?!\w)/,
    /(?<![\w.])(?:[a-z_]\w*\.)+[A-Z]\w*[a-z](?!\w)/,
    /(?<=\b(?:KeyError: |argument |attribute |column |constraint |relation |reason["']?: ?)["'])[^"']+/,
    // Reasons of Google's APIs: quotaExceeded
    /(?<!\w)[a-z]+(?:[A-Z][a-z]+)+(?!\w)/,
    /(?<!\w)forbidden(?!\w)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
)

export function isHost(word: string): boolean {
  return HOST.test(word)
}

/** The causes that a pattern names, in their order, as one text to be compared. */
export function causesOf(text: string): string {
  return (text.match(CAUSES) ?? []).join(' ')
}
