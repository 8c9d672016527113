import type { Job } from '../job.js'
import { type Cluster, laterFirst } from './cluster.js'

/** Failures with one error, of one or several kinds; "spotify/match_song" is a kind. */
export interface Group extends Cluster {
  /** Its kinds, the most frequent first, each with its own count and latest job. */
  readonly kinds: readonly { readonly name: string; readonly count: number; readonly latest: Job }[]
  /** The redacted headline in which what identifies a job is "…". */
  readonly headline: string
  /** Whether all errors are the same to the letter. */
  readonly alike: boolean
  /**
   * Of a merged group: its different errors, redacted, one line each, most frequent first. Up to twelve all of them,
   * beyond that the most frequent and one of each different ending. Empty otherwise.
   */
  readonly variants: readonly { readonly text: string; readonly count: number }[]
  /** Jobs whose error is none of the variants. */
  readonly others: number
}

/** What a stream of failures comes to. */
export interface Grouped {
  /** Every kind with all its failures, noisiest first; kinds beyond the bound are one entry that says how many. */
  readonly kinds: readonly { readonly name: string; readonly count: number; readonly last: number }[]
  /** Noisiest first. What is in none of them was too varied to be kept apart. */
  readonly groups: readonly Group[]
}

/** The groups that get a section, noisiest first: every kind has one before any has two. */
export function chosen({ groups }: Grouped, most: number): readonly Group[] {
  const seen = new Set<string>()
  const first = groups.filter(({ kinds }) => {
    const isNew = kinds.some(({ name }) => !seen.has(name))
    for (const { name } of kinds) seen.add(name)
    return isNew
  })
  const some = new Set([...new Set([...first, ...groups])].slice(0, most))
  return groups.filter((group) => some.has(group))
}

export function noisiestFirst(a: Group, b: Group): number {
  return b.count - a.count || laterFirst(a.latest, b.latest)
}
