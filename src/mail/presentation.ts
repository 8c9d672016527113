import type { Job } from '../job.js'

/** Settings that a mail is written with. */
export interface Presentation {
  /** Without a trailing slash: paths are appended. */
  readonly adminBaseUrl: string
  /** IANA name. */
  readonly timezone: string
  /** E.g. "staging"; undefined for production. */
  readonly environment: string | undefined
}

/** The terminal that a mail is shown on; `paint` colours a word or a sign, where there are colours. */
export interface Screen {
  readonly columns: number
  readonly paint?: ((tone: 'failed' | 'done' | 'quiet', text: string) => string) | undefined
}

/** URLs of the admin pages: ADMIN_BASE_URL and a path. */
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

  /** The jobs of the same kind and status, as JSON. */
  jobsLike({ source, jobType, status }: Pick<Job, 'source' | 'jobType' | 'status'>): string {
    return this.at(`/research/jobs?${new URLSearchParams({ source, status, job_type: jobType })}`)
  }
}
