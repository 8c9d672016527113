-- Exactly the failures that have not been reported: a silent run costs the same however large the table is.
-- The predicate is that of src/queue/failures.ts, word for word: the planner would not use the index otherwise.
-- An interrupted concurrent build leaves an invalid index, which is renamed, dropped and built again.
-- A build that is still running looks the same, and a second build could make both fail, so that is an error.
set statement_timeout = 0;

set lock_timeout = 0;

-- Unknown before PostgreSQL 17.
select set_config('transaction_timeout', '0', false)
where current_setting('transaction_timeout', true) is not null;

do $$
declare
  builder int := (
    select min(pid)
    from pg_stat_progress_create_index
    join pg_locks using (pid)
    where datname = current_database()
      and relation = 'research_jobs'::regclass
      and granted
  );
begin
  if builder is not null then
    raise exception 'process % is building an index of research_jobs', builder
      using errcode = 'object_in_use', hint = 'Apply this file again when it has ended.';
  end if;
  if exists (
    select
    from pg_index
    where indexrelid = to_regclass('research_jobs_unreported_failures')
      and not indisvalid
  ) then
    alter index research_jobs_unreported_failures rename to research_jobs_unreported_failures_invalid;
  end if;
end
$$;

drop index concurrently if exists research_jobs_unreported_failures_invalid;

create index concurrently if not exists research_jobs_unreported_failures
  on research_jobs ((coalesce(finished_at, claimed_at, created_at)))
  where (status = 'dead' or (status = 'failed' and attempts >= max_attempts))
    and last_error is distinct from 'cancelled by admin'
    and (last_alerted_at is null or last_alerted_at < coalesce(finished_at, claimed_at, created_at));
