import { EXIT_CODES } from './outcome.js'

const WIDTH = 80

/** What stands below the options that commander lists, for each command. */
export const PROGRAM_HELP = `\n${table('The most common calls:', {
  'job-alert digest --dry-run': 'what just failed? prints the mail, sends and changes nothing',
  'job-alert digest': 'send what is new and mark it, as the cron does',
  'job-alert check': 'would a digest work? configuration, database, SendGrid',
})}`

export const DIGEST_HELP = `\n${[
  table('Exit codes:', EXIT_CODES),
  table('Examples:', {
    'job-alert digest --dry-run': 'what just failed? prints the mail, changes nothing',
    'job-alert digest': 'send what is new and mark it; sends no mail when nothing is new',
    'job-alert digest --since 30d': 'send failures older than the usual seven days, and mark them',
    'job-alert digest --since 7d --include-alerted': 'send again: the mail got lost, the address was wrong',
  }),
  folded('Variables: DATABASE_URL, SENDGRID_API_KEY, ALERT_EMAIL_TO, FROM_EMAIL; the README has the others.'),
].join('\n')}`

export const CHECK_HELP = `\n${folded('Exits with 0 if a digest would work, otherwise with the exit code that a digest would give.')}`

export const MIGRATE_HELP = '\nRuns the files of sql/ in order; psql -f can run them too.'

/** Two columns, the second one folded below itself. */
function table(heading: string, rows: Readonly<Record<string, string>>): string {
  const indent = Math.max(...Object.keys(rows).map((term) => term.length)) + 5
  const lines = Object.entries(rows).map(([term, text]) => `  ${term}`.padEnd(indent) + folded(text, indent))
  return `${heading}\n${lines.join('\n')}\n`
}

/** Lines of eighty columns; all but the first begin after `indent` blanks, which stand before the first already. */
function folded(text: string, indent = 0): string {
  const lines = text.match(new RegExp(`.{1,${WIDTH - indent}}(?= |$)`, 'g')) ?? []
  return lines.map((line) => line.trimStart()).join(`\n${' '.repeat(indent)}`)
}
