/** What the mail says beside the failures. */
export interface Presentation {
  /** Without a trailing slash; pages are appended to it. */
  readonly adminBaseUrl: string
  /** IANA name. */
  readonly timezone: string
  /** E.g. "staging"; undefined for production. */
  readonly environment: string | undefined
}
