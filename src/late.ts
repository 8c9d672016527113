/** Loaded as one file, and only when needed; a silent run skips it. */
export { check } from './check/check.js'
export { findingLine } from './check/finding.js'
export { renderMessage } from './mail/message.js'
export { migrate } from './migrate.js'
export { sendGrid } from './sendgrid/sendgrid.js'
