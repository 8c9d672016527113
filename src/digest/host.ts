const DOMAINS = 'ai|app|cloud|co|com|de|dev|eu|example|fm|internal|io|local|net|org|tv|uk|us'
const HOST = new RegExp(`\\.(?:${DOMAINS})$`, 'i')

/** A host as it stands in a text, told from a file or a version by its domain. */
export const HOST_IN_TEXT = new RegExp(`(?<![\\w.-])[\\w.-]+\\.(?:${DOMAINS})(?![\\w-])`)

export function isHost(word: string): boolean {
  return HOST.test(word)
}
