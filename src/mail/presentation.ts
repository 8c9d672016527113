import type { Job } from '../job.js'

/** What the mail says beside the failures. */
export interface Presentation {
  /** Without a trailing slash; pages are appended to it. */
  readonly adminBaseUrl: string
  /** IANA name. */
  readonly timezone: string
  /** E.g. "staging"; undefined for production. */
  readonly environment: string | undefined
}

/** Colours a word or a mark on a terminal. */
export type Paint = (tone: 'failed' | 'done' | 'quiet', text: string) => string

/** The admin's pages; ADMIN_BASE_URL is followed by these paths. */
export class Pages {
  constructor(private readonly base: string) {}

  at(path: string): string {
    return this.base + path
  }

  /** Where jobs are retried, one by one. */
  retry(): string {
    return this.at('/research/')
  }

  /** One job, as JSON. */
  job(id: bigint): string {
    return this.at(`/research/jobs/${id}`)
  }

  /** The jobs of one source and type that are in the state of this one, as JSON. */
  jobsLike({ source, jobType, status }: Pick<Job, 'source' | 'jobType' | 'status'>): string {
    return this.at(`/research/jobs?${new URLSearchParams({ source, status, job_type: jobType })}`)
  }
}
