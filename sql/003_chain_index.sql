-- The rows of one chain. A hash index, because a b-tree refuses values beyond 2,700 bytes and would make the
-- worker's insert fail on an odd payload.
-- An interrupted concurrent build leaves an invalid index under the name: it is set aside, dropped and built again.
do $$
begin
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
