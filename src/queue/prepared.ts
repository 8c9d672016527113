import { isServerError, type Sql } from '../postgres/session.js'

/** The database is not as the command needs it; the message says how to fix that. Nothing was sent or marked. */
export class NotPrepared extends Error {}

/** The indexes that the files of sql/ build. */
export const INDEXES = ['research_jobs_unreported_failures', 'research_jobs_chain']

/** What the catalog says of research_jobs, as this role sees it. */
export interface Table {
  /** pg_class.relkind, e.g. "r" for a table and "v" for a view; null when there is none. */
  readonly relkind: string | null
  /** Where the role's search_path finds it. */
  readonly schema: string | null
  /** Type of last_alerted_at, e.g. "timestamp with time zone"; null when there is no such column. */
  readonly markType: string | null
  /** Whether row-level security hides rows that have to be read, or read and marked. */
  readonly hidesFromReading: boolean
  readonly hidesFromMarking: boolean
  readonly role: string
  /** Those of INDEXES that exist and whose build was completed. */
  readonly indexes: readonly string[]
}

/** Reads only the catalog, for which the role needs no right. A policy "using (true)" hides nothing. */
export async function readTable(sql: Sql): Promise<Table> {
  const [row] = await sql`
    with policy as (
      select
        polpermissive as permissive,
        polcmd as command,
        pg_get_expr(polqual, polrelid) = 'true'
          and coalesce(pg_get_expr(polwithcheck, polrelid), 'true') = 'true' as shows_all
      from pg_policy
      where polrelid = to_regclass('research_jobs')
        and exists (select from unnest(polroles) as role where role = 0 or pg_has_role(role, 'usage'))
    ),
    shown as (
      select
        bool_and(permissive) and bool_or(shows_all and command in ('r', '*')) as reading,
        bool_and(permissive) and bool_or(shows_all and command in ('w', '*')) as marking
      from policy
    )
    select
      relkind::text,
      relnamespace::regnamespace::text as schema,
      (
        select format_type(atttypid, null)
        from pg_attribute
        where attrelid = found.oid and attname = 'last_alerted_at' and not attisdropped
      ) as "markType",
      row_security_active(found.oid) and reading is not true as "hidesFromReading",
      row_security_active(found.oid) and (reading and marking) is not true as "hidesFromMarking",
      current_user as role,
      (
        select coalesce(json_agg(relname), '[]')
        from pg_index
        join pg_class on pg_class.oid = indexrelid
        where relname in ${sql(INDEXES)} and pg_table_is_visible(pg_class.oid) and indisvalid
      ) as indexes
    from shown
    cross join (select to_regclass('research_jobs') as oid) as found
    left join pg_class on pg_class.oid = found.oid`
  return row as unknown as Table
}

export const MIGRATE = 'run "node bin/job-alert.js migrate" as the owner of the table'
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

/** Throws NotPrepared if a digest cannot trust the table. */
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
