/*
 * Tells an HTTP status from a number like any other by what stands around it. In doubt it is a status: two causes in
 * one group hide one of them, one cause in two groups hides nothing.
 */

/** Those that are in use, beyond the registered ones too; HTTP401, Http404. */
const STATUS = /^(?:https?_?)?(?:10[0-3]|20[0-8]|226|30[0-8]|4[0-5]\d|49\d|5[0-3]\d|59[89])$/i
const NAMED = /^https?_?\d/i

/** "status_code=", "HTTP/1.1 ", "Client error '", "responded with ", "hit a " */
const SAID =
  /(?:\b\w*(?:https?|status|code|error|answered|responded|replied|returned|returns|rejected|received|raised|gave|gets|got|hit|response|failed|with)["']?(?:\s?[:=]\s?|\s(?:an?\s)?)|\ban? |HTTP\/\d(?:\.\d)? )["'(]?$/i
/** Where a sentence begins or an answer is shown: "Spotify: 401", "(401", "GET https://… -> 401" */
const PAUSE = /(?:^|: |\s[([]|^[([]|[-=]>\s?|→\s?)$/
/** "MusicBrainz 401", "Spotify API 401" */
const SERVICE =
  /\b(?:[A-Za-z]+[a-z][A-Z]\w*|Spotify|Apple|Music|Google|Discogs|Wikidata|Commons|API|GET|HEAD|POST|PUT|PATCH|DELETE) $/
/** "401 error", "503 Service Unavailable" */
const EXPLAINED =
  /^ (?:(?:client |server )?errors?\b|responses?\b|unauthori[sz]ed|forbidden|not found|too many req|bad (?:request|gateway)|internal server|service unav|gateway time|conflict|gone\b|unprocessable)/i
/** It counts what follows or is one number of several: "200 rows", "300 s", "404 of 500", "404, 7". */
const COUNTS =
  /^(?:\s?(?:%|[/,]\s?\d|(?:m?s|h|min|sec|[kMG]?B)\b)| of \d| more\b| (?!(?:errors|responses|across|always|as|has|is|means|says|unless|was)\b)[a-z]+s\b)/

/** Whether the number `token` is a status, from about 24 characters of what stands before and after it. */
export function isStatus(token: string, before: string, after: string): boolean {
  if (!STATUS.test(token)) return false
  if (NAMED.test(token)) return true
  return EXPLAINED.test(after) || (isSaid(before) && !COUNTS.test(after))
}

/** Client error '401 Unauthorized' */
export function isQuotedStatus(content: string, before: string): boolean {
  return /^[1-5]\d\d(?: [A-Z]|$)/.test(content) && SAID.test(before)
}

function isSaid(before: string): boolean {
  return SAID.test(before) || PAUSE.test(before) || SERVICE.test(before)
}
