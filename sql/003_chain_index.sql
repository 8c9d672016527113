-- The rows of one chain. A hash index, because a b-tree refuses values beyond 2,700 bytes and would make the
-- worker's insert fail on an odd payload.
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
    where indexrelid = to_regclass('research_jobs_chain')
      and not indisvalid
  ) then
    alter index research_jobs_chain rename to research_jobs_chain_invalid;
  end if;
end
$$;

drop index concurrently if exists research_jobs_chain_invalid;

create index concurrently if not exists research_jobs_chain
  on research_jobs using hash ((payload ->> 'chain_started_at'))
  where (payload ->> 'chain_started_at') is not null;
