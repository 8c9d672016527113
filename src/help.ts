/** Printed below the options that commander lists. The README has the exit codes in the same words. */
export const PROGRAM_HELP = `
The most common calls:
  job-alert digest --dry-run   what just failed? prints the mail, sends and
                               changes nothing
  job-alert digest             send what is new and mark it, as the cron does
  job-alert check              would a digest work? configuration, database,
                               SendGrid
`

export const DIGEST_HELP = `
Exit codes:
  0     the mail was sent and the failures are marked; or there was nothing to
        report, another run is at work, or it was a dry run
  1     no mail was sent, or one may have been; nothing is marked, and the next
        run with the same options reports the failures
  2     wrong usage or configuration, or the database is not prepared; nothing
        was attempted
  3     the mail was sent but the failures are not marked, or may not be; the
        next run may repeat it. The log names the jobs (the first 1,000)
  130   stopped by SIGINT before the mail left; nothing is marked
  143   stopped by SIGTERM, SIGHUP or the like before the mail left; nothing is
        marked

Examples:
  job-alert digest --dry-run                      what just failed? prints the
                                                  mail, changes nothing
  job-alert digest                                send what is new and mark it;
                                                  sends no mail when nothing is
                                                  new
  job-alert digest --since 30d                    send failures older than the
                                                  usual seven days, and mark
                                                  them
  job-alert digest --since 7d --include-alerted   send again: the mail got lost,
                                                  the address was wrong

Variables: DATABASE_URL, SENDGRID_API_KEY, ALERT_EMAIL_TO, FROM_EMAIL; the
README has the others.`

export const CHECK_HELP = `
Exits with 0 if a digest would work, otherwise with the exit code that a digest
would give.`

export const MIGRATE_HELP = `
Runs the files of sql/ in order; psql -f can run them too. Through a pooler it
needs one that gives out sessions: on Supabase port 5432, not 6543.`
