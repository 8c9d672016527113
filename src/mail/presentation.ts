/** What the mail says beside the failures. */
export interface Presentation {
  /** Without a trailing slash; pages are appended to it. */
  readonly adminBaseUrl: string
  /** IANA name. */
  readonly timezone: string
  /** E.g. "staging"; undefined for production. */
  readonly environment: string | undefined
}

/** What colours a mark or a headline on a terminal; in a mail, nothing does. */
export type Paint = (tone: 'failed' | 'done' | 'quiet', text: string) => string
