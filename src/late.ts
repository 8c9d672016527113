/** What a run that finds nothing does without: loaded as one file, when it is needed. */
export { check } from './check/check.js'
export { findingLine } from './check/finding.js'
export { renderMessage } from './mail/message.js'
export { migrate } from './migrate.js'
export { sendGrid } from './sendgrid/sendgrid.js'
