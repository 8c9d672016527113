-- When job-alert last reported this job; null if never. job-alert writes nothing else in this table.
-- Nullable and without a default, so the table is not rewritten. Gives up after three seconds: workers wait behind it.
do $$
begin
  if not exists (
    select
    from pg_attribute
    where attrelid = 'research_jobs'::regclass
      and attname = 'last_alerted_at'
      and not attisdropped
  ) then
    perform set_config('lock_timeout', '3s', true);
    alter table research_jobs add column if not exists last_alerted_at timestamptz;
  end if;
end
$$;
