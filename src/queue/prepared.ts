import { isServerError, type Sql } from '../postgres/session.js'

/** The database is not as digest needs it, and says how it can be; nothing was attempted. */
export class NotPrepared extends Error {}

const NEEDED_POLICIES = { read: 'r', mark: 'r,w' }

/**
 * Throws NotPrepared unless this role can read every row, or mark every row as well: row-level security hides rows
 * without a word, and a run that is blind would be silent for ever. A policy "using (true)" hides nothing.
 */
export async function demandAllRows(sql: Sql, to: keyof typeof NEEDED_POLICIES): Promise<void> {
  const [row] = await sql`
    with policy as (
      select
        polpermissive as permissive,
        polcmd::text as command,
        pg_get_expr(polqual, polrelid) as condition,
        coalesce(pg_get_expr(polwithcheck, polrelid), 'true') as check
      from pg_policy
      where polrelid = 'research_jobs'::regclass
        and exists (select from unnest(polroles) as role where role = 0 or pg_has_role(role, 'usage'))
    )
    select
      current_user as role,
      row_security_active('research_jobs') and (
        exists (select from policy where not permissive)
        or exists (
          select
          from unnest(string_to_array(${NEEDED_POLICIES[to]}, ',')) as needed
          where not exists (
            select from policy where command in (needed, '*') and condition = 'true' and policy.check = 'true'
          )
        )
      ) as hides`.catch(explain)
  if (row?.hides)
    throw new NotPrepared(
      `row-level security hides rows of research_jobs from the role ${row.role}: run "alter role ${row.role} bypassrls", or give the role policies for select and update with "using (true)"`,
    )
}

/** Of what `migrate` adds: whether it is there and, of an index, whether its build was completed. */
export async function readMigrated(sql: Sql): Promise<Readonly<Record<string, boolean>>> {
  const rows = await sql`
    select 'research_jobs' as name, to_regclass('research_jobs') is not null as fine
    union all
    select 'last_alerted_at', exists (
      select
      from pg_attribute
      where attrelid = to_regclass('research_jobs') and attname = 'last_alerted_at' and not attisdropped
    )
    union all
    select name, exists (select from pg_index where indexrelid = to_regclass(name) and indisvalid)
    from unnest(string_to_array(${INDEXES.join(',')}, ',')) as name`
  return Object.fromEntries(rows.map(({ name, fine }) => [name, fine]))
}

/** What the files of sql/ build. */
export const INDEXES = ['research_jobs_unreported_failures', 'research_jobs_chain']

/** Throws NotPrepared where the server's error means that, and otherwise the error itself. */
export function explain(error: unknown): never {
  if (!isServerError(error)) throw error
  if (error.code === '42703' && error.message.includes('last_alerted_at'))
    throw new NotPrepared('research_jobs has no column last_alerted_at: run "node bin/job-alert.js migrate" first')
  if (error.code === '42P01')
    throw new NotPrepared(
      'the table research_jobs was not found: check the database that DATABASE_URL names, and that the role may use its schema',
    )
  if (error.code === '42501')
    throw new NotPrepared(
      `${error.message}: the role needs select on research_jobs and update (last_alerted_at); see the README`,
    )
  throw error
}
