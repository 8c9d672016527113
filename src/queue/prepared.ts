import { isServerError, type Sql } from '../postgres/session.js'

/** The database is not as digest needs it, and says how it can be; nothing was attempted. */
export class NotPrepared extends Error {}

/** What the files of sql/ build. */
export const INDEXES = ['research_jobs_unreported_failures', 'research_jobs_chain']

/** What the catalog says of research_jobs, as this role sees it. */
export interface Table {
  /** pg_class.relkind, e.g. "r" for a table and "v" for a view; null when there is none. */
  readonly relkind: string | null
  /** Where the role's search_path finds it. */
  readonly schema: string | null
  /** Type of last_alerted_at, e.g. "timestamp with time zone"; null when there is no such column. */
  readonly markType: string | null
  /** Whether row-level security hides rows that have to be read, or marked as well. */
  readonly hidesFromReading: boolean
  readonly hidesFromMarking: boolean
  readonly role: string
  /** Of INDEXES those that are there and whose build was completed. */
  readonly indexes: readonly string[]
}

/** Reads the catalog alone, so that the role needs no right. A policy "using (true)" hides nothing. */
export async function readTable(sql: Sql): Promise<Table> {
  const [row] = await sql`
    with policy as (
      select
        polpermissive as permissive,
        polcmd::text as command,
        pg_get_expr(polqual, polrelid) as condition,
        coalesce(pg_get_expr(polwithcheck, polrelid), 'true') as check
      from pg_policy
      where polrelid = to_regclass('research_jobs')
        and exists (select from unnest(polroles) as role where role = 0 or pg_has_role(role, 'usage'))
    ),
    open as (
      select command
      from policy
      where condition = 'true' and policy.check = 'true'
    ),
    guard as (
      select
        coalesce(row_security_active(to_regclass('research_jobs')), false) as active,
        exists (select from policy where not permissive) as restricts
    )
    select
      (select relkind::text from pg_class where oid = to_regclass('research_jobs')) as relkind,
      (select relnamespace::regnamespace::text from pg_class where oid = to_regclass('research_jobs')) as schema,
      (
        select format_type(atttypid, null)
        from pg_attribute
        where attrelid = to_regclass('research_jobs') and attname = 'last_alerted_at' and not attisdropped
      ) as mark_type,
      active and (restricts or not exists (select from open where command in ('r', '*'))) as hides_from_reading,
      active and (restricts or not exists (select from open where command in ('w', '*'))) as hides_from_marking,
      current_user as role,
      (
        select string_agg(name, ',')
        from unnest(string_to_array(${INDEXES.join(',')}, ',')) as name
        where exists (select from pg_index where indexrelid = to_regclass(name) and indisvalid)
      ) as indexes
    from guard`
  return {
    relkind: row?.relkind,
    schema: row?.schema,
    markType: row?.mark_type,
    hidesFromReading: row?.hides_from_reading,
    hidesFromMarking: row?.hides_from_reading || row?.hides_from_marking,
    role: row?.role,
    indexes: row?.indexes?.split(',') ?? [],
  }
}

const MIGRATE = 'run "node bin/job-alert.js migrate" as the owner of the table'
/** Type of last_alerted_at, as format_type() writes timestamptz. */
export const MARK_TYPE = 'timestamp with time zone'

/** Why a digest cannot trust the table, with the cure; undefined when it can. A view could hide rows in silence. */
export function unprepared(table: Table, to: 'read' | 'mark'): string | undefined {
  const { relkind, markType, role } = table
  if (relkind === null)
    return 'the table research_jobs was not found: check the database that DATABASE_URL names, and that the role may use its schema'
  if (relkind !== 'r' && relkind !== 'p')
    return 'research_jobs is not a table, and may hide rows: name the schema of the table by "alter role … set search_path = …"'
  if (markType === null) return `research_jobs has no column last_alerted_at: ${MIGRATE}`
  if (markType !== MARK_TYPE)
    return `research_jobs.last_alerted_at is of type ${markType}: run "alter table research_jobs alter column last_alerted_at type timestamptz" as the owner of the table`
  if (to === 'read' ? table.hidesFromReading : table.hidesFromMarking)
    return `row-level security hides rows of research_jobs from the role ${role}: run "alter role ${role} bypassrls", or give the role policies for select and update with "using (true)"`
  return undefined
}

/** Throws NotPrepared unless this role sees every row of a table that can be marked. */
export async function demandPrepared(sql: Sql, to: 'read' | 'mark'): Promise<void> {
  const reason = unprepared(await readTable(sql), to)
  if (reason) throw new NotPrepared(reason)
}

/** Throws NotPrepared if the role lacks a right on research_jobs, otherwise the error itself. */
export function explainMissingRight(error: unknown): never {
  if (isServerError(error) && error.code === '42501' && /\bresearch_jobs\b/.test(error.message))
    throw new NotPrepared(
      `${error.message}: the role needs select on research_jobs and update (last_alerted_at); see the README`,
    )
  throw error
}
