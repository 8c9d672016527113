import type { Listed } from '../digest/cluster.js'

/** The admin's pages; ADMIN_BASE_URL is followed by these paths. */
export class Pages {
  constructor(private readonly base: string) {}

  /** A page that a chain names itself, or else that of every job. */
  at(path = '/research/'): string {
    return this.base + path
  }

  /** One job, as JSON. */
  job(id: bigint): string {
    return `${this.base}/research/jobs/${id}`
  }

  /** The jobs of one source and type that are in the state of this one, as JSON. */
  jobsLike({ source, jobType, status }: Listed): string {
    const query = new URLSearchParams({ source, status, job_type: jobType })
    return `${this.base}/research/jobs?${query}`
  }
}
