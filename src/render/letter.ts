import type { Presentation } from '../config.js'
import { type Cluster, type Digest, howItDied } from '../digest.js'
import type { Job } from '../failures.js'
import type { Chain, NewerRun, Outlook, Step } from '../ladder.js'
import { cut, oneLine } from '../redact.js'
import { Clock, duration, isDate } from './time.js'

/** How much of everything is shown; a storm is rendered again with less. */
export interface Caps {
  /** Chains, and again groups. */
  readonly sections: number
  /** Rungs of one ladder. */
  readonly steps: number
  /** Jobs of one section. */
  readonly jobs: number
  /** Characters of one error. */
  readonly error: number
}

/** The mail in words, before anything is laid out: text and HTML say the same, in the same order. */
export interface Letter {
  readonly environment: string | undefined
  readonly blocks: readonly Block[]
  readonly footer: readonly string[]
}

/** One thing that failed. */
export interface Block {
  readonly headline: string
  readonly summary: string
  readonly ladder: readonly Rung[]
  /** Of the latest failure. */
  readonly error: string | undefined
  readonly entries: readonly Entry[]
  readonly remainder: string | undefined
  readonly outlook: readonly string[]
  readonly link: string
  readonly resume: { readonly introduction: string; readonly statement: string } | undefined
}

export interface Rung {
  readonly mark: '✓' | '✗' | '·' | '…'
  readonly name: string
  readonly state: string
  readonly duration: string
  readonly job: string
  readonly note: string
  readonly link: string | undefined
}

/** One failed job. */
export interface Entry {
  readonly facts: readonly [string, ...string[]]
  readonly link: string
  readonly error: string | undefined
}

const NAME_LENGTH = 60
const ERROR_LINES = 12
/** Characters of an error that are looked at: it may be a megabyte of line feeds. */
const ERROR_READ = 8_000
/** Characters of the errors in a list below the latest one, from which they differ little. */
const LISTED_ERROR = 200
const NO_ERROR = '(no error was recorded)'

export function writeLetter(digest: Digest, presentation: Presentation, caps: Caps): Letter {
  const writer = new Writer(new Clock(presentation.timezone, digest.now), presentation.adminBaseUrl, caps)
  return {
    environment: presentation.environment,
    blocks: [
      ...digest.chains.slice(0, caps.sections).map((chain) => writer.safely(chain.failures, () => writer.chain(chain))),
      ...digest.groups.slice(0, caps.sections).map((group) => writer.safely(group, () => writer.group(group))),
    ],
    footer: writer.footer(digest),
  }
}

/** The first line of an error, for where only one fits. */
export function firstLine(error: string | null, length: number): string {
  return cut(oneLine((error ?? '').trim().split('\n', 1)[0] ?? '') || NO_ERROR, length)
}

export function jobName({ source, jobType }: Job): string {
  return `${name(source)}/${name(jobType)}`
}

function name(text: string): string {
  return cut(oneLine(text), NAME_LENGTH)
}

function target({ targetType, targetId }: Job): string {
  return `${name(targetType)} ${targetId}`
}

function list(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '')
}

/** "1 job", "71,000 jobs" */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

class Writer {
  constructor(
    private readonly clock: Clock,
    private readonly adminBaseUrl: string,
    private readonly caps: Caps,
  ) {}

  chain({ title, page, failures, failedAt, startedAt, steps, outlook }: Chain): Block {
    const shown = failures.jobs.slice(0, Math.max(1, this.caps.jobs))
    return {
      headline: `${name(title)} failed at ${list(failedAt.map(name))}`,
      summary: `Started ${this.clock.moment(startedAt)}, failed ${this.clock.after(startedAt, failures.last)} (${this.clock.ago(failures.last)})`,
      ladder: steps.slice(0, this.caps.steps).map((step) => this.rung(step)),
      error: this.error(failures.jobs[0], this.caps.error),
      entries: shown.map((job) => this.entry(job, failures, [jobName(job), target(job)])),
      remainder: this.remainder(failures.count - shown.length, 'failed job'),
      outlook: outlook ? this.outlook(outlook) : [],
      link: this.adminBaseUrl + page,
      resume: outlook?.resume && resumption(outlook.resume),
    }
  }

  group(group: Cluster): Block {
    const { count, first, last, death, jobs } = group
    const [latest] = jobs
    const shown = jobs.slice(0, this.caps.jobs)
    const when =
      first === last
        ? `${this.clock.moment(last)} (${this.clock.ago(last)})`
        : `${this.clock.moment(first)} to ${this.clock.after(first, last)}`
    return {
      headline: count === 1 ? `${jobName(latest)} failed` : `${plural(count, `${jobName(latest)} job`)} failed`,
      summary: death === undefined ? when : `${death}, ${when}`,
      ladder: [],
      error: this.error(latest, this.caps.error),
      entries: shown.map((job) => this.entry(job, group, [`job ${job.id}`, target(job)])),
      remainder: this.remainder(count - shown.length, 'job'),
      outlook: [],
      link: `${this.adminBaseUrl}/research/`,
      resume: undefined,
    }
  }

  /** A section that cannot be written must not cost the mail: its jobs are listed bare instead. */
  safely(cluster: Cluster, write: () => Block): Block {
    try {
      return write()
    } catch {
      const ids = cluster.jobs.slice(0, Math.max(1, this.caps.jobs)).map(({ id }) => id)
      return {
        headline: `${plural(cluster.count, 'job')} failed`,
        summary: 'The details of these jobs could not be rendered.',
        ladder: [],
        error: undefined,
        entries: ids.map((id) => ({ facts: [`job ${id}`], link: this.jobLink(id), error: undefined })),
        remainder: this.remainder(cluster.count - ids.length, 'job'),
        outlook: [],
        link: `${this.adminBaseUrl}/research/`,
        resume: undefined,
      }
    }
  }

  footer({ chains, groups, omitted, older, window, now }: Digest): readonly string[] {
    const lines: string[] = []
    const left = [
      ...chains.map(({ failures }) => failures).slice(this.caps.sections),
      ...groups.slice(this.caps.sections),
    ]
    const sections = omitted.sections + left.length
    const jobs = left.reduce((sum, { count }) => sum + count, omitted.jobs)
    if (sections > 0)
      lines.push(`… and ${plural(sections, 'more group')} (${plural(jobs, 'job')}): ${this.adminBaseUrl}/research/`)
    if (older.count > 0)
      lines.push(
        `${plural(older.count, 'older failure')} ${older.count === 1 ? 'has' : 'have'} never been reported, the oldest of ${this.clock.moment(older.oldest)}. To report ${older.count === 1 ? 'it' : 'them'}: job-alert digest --since ${minute(older.oldest)}`,
      )
    lines.push(
      `Jobs that failed for good since ${this.clock.moment(window.since.getTime())}${window.includeAlerted ? ', those reported before included' : ' and were not reported before'}. Written ${this.clock.moment(now.getTime())} by job-alert.`,
    )
    return lines
  }

  private rung({ name: stepName, state, duration: time, job }: Step): Rung {
    const failed = state === 'dead' || state === 'failed'
    return {
      mark: failed ? '✗' : state.startsWith('done') ? '✓' : state === 'not started' ? '·' : '…',
      name: name(stepName),
      state,
      duration: time === undefined ? '' : duration(time),
      job: job ? `job ${job.id}` : '',
      note: job && failed ? `attempt ${job.attempts} of ${job.maxAttempts}` : '',
      link: job && this.jobLink(job.id),
    }
  }

  /** What the section has not said already of all its jobs: when and how this one died, and its own error. */
  private entry(job: Job, { jobs: [latest], count, last, death }: Cluster, names: readonly string[]): Entry {
    const when = count > 1 ? [this.clock.after(last, job.failedAt)] : []
    const ofChain = job.chain !== null
    return {
      facts: [[...names, ...when].join('  '), ...(death === undefined || ofChain ? [howItDied(job)] : [])],
      link: this.jobLink(job.id),
      error: job.error === latest.error ? undefined : this.error(job, Math.min(this.caps.error, LISTED_ERROR)),
    }
  }

  private error({ error }: Job, length: number): string {
    const head = cut((error ?? '').trimStart(), ERROR_READ)
    const lines = head.split('\n').filter((line) => line.trim() !== '')
    const kept = lines.length > ERROR_LINES ? [...lines.slice(0, ERROR_LINES), '…'] : lines
    return cut(kept.join('\n').trim(), length) || NO_ERROR
  }

  private remainder(count: number, noun: string): string | undefined {
    return count > 0 ? `… and ${plural(count, `more ${noun}`)}` : undefined
  }

  private outlook({ consequence, finishedAt, lastSuccess, newer }: Outlook): readonly string[] {
    if (finishedAt !== null) return [`The chain went on all the same and finished ${this.clock.moment(finishedAt)}.`]
    const stale =
      lastSuccess === null
        ? `${consequence}; none is on record (they are kept for 30 days).`
        : `${consequence}: ${this.clock.moment(lastSuccess)}, ${this.clock.ago(lastSuccess)}.`
    const later = newer && this.newer(newer)
    if (newer?.state === 'succeeded') return [later as string]
    return later ? [stale, later] : [stale]
  }

  private newer({ startedAt, state, step, at }: NewerRun): string {
    const run = `A newer refresh, started ${this.clock.moment(startedAt)},`
    if (state === 'succeeded') return `${run} has succeeded since (${this.clock.moment(at)}): nothing to resume.`
    if (state === 'failed') return `${run} failed as well, at ${step}: resume that one.`
    return `${run} is ${state === 'running' ? 'running' : 'waiting in the queue'} at ${step}.`
  }

  private jobLink(id: number): string {
    return `${this.adminBaseUrl}/research/jobs/${id}`
  }
}

/** The admin page can only start again from the first step; this resumes, and only while the job is still dead. */
function resumption({ step, job, keeps }: NonNullable<Outlook['resume']>): NonNullable<Block['resume']> {
  const kept = keeps.length > 0 ? `keeps ${list(keeps)}; ` : ''
  return {
    introduction: `Resume at ${step} (${kept}does nothing unless job ${job.id} is still ${job.status}):`,
    statement: `update research_jobs
set status = 'queued', attempts = 0, run_after = now(), claimed_at = null,
  claimed_by = null, finished_at = null, last_error = null
where id = ${job.id} and status = '${job.status}';`,
  }
}

function minute(time: number | null): string {
  const start = time !== null && isDate(time) ? Math.max(0, Math.floor(time / 60_000) * 60_000) : 0
  return new Date(start).toISOString().replace(':00.000Z', 'Z')
}
