import { anyCase, raw } from './rule.js'

const ENTITY = raw`&(?:quot|apos|#0?39|#x27);`
export const QUOTED = raw`"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.|'')*'?|\\{1,4}"[^"\n]*"?|\\{1,4}'[^'\n]*'?|${ENTITY}[^&\n]*(?:${ENTITY})?`
const LISTED = raw`\[[bBeErRuU]{0,2}["'][^\]\n]*\]?|\([^)\n]*\)?`
/** A delimiter ends it only where neither the value nor the next name could go on: passwords hold delimiters too. */
const BARE = raw`(?:\[redacted\]|[^\s&"'<>;,)}\]\\]|\\(?!u0026|x26)|["';,)}\]](?=[^\s&"'<>;,)}\]])(?![\w.-]{1,40}["']?\s{0,2}[=:]))`
/** Not a header's name: its own rule, the last one, would no longer know it. */
const NO_HEADER = raw`(?!["'{([\\]{0,4}(?:proxy-)?${anyCase('authorization')}["']?\s{0,4}[:=,])`

/** No password goes on behind it. */
export const END = raw`(?=["'.,;:)\]}]{0,4}(?:\s|$))`
const NOTHING = anyCase('none|null|nil|undefined|true|false')
/** What an ordinary message begins with. */
const WORD = anyCase(
  'a|an|are|at|bad|been|cannot|check|could|denied|does|empty|expected|expired|failed|for|forbidden|has|have|in|incorrect|invalid|is|it|malformed|may|mismatch|missing|must|no|none|not|null|of|only|or|please|rejected|required|revoked|should|the|this|timeout|to|too|unable|unauthorized|undefined|unexpected|unknown|unsupported|use|was|with|wrong|you|your',
)
/** The same, but only where a word or a number follows: a password may be "server", hardly "server error". */
const NOUN = anyCase(
  'access|authentication|connection|environment|error|fetch|field|file|limit|line|network|permission|quota|rate|read|remote|request|response|server|service|status|timed|value',
)
/** Where paths begin that no password begins with. */
const PATH = raw`/(?:app|data|etc|home|mnt|opt|root|run|srv|tmp|usr|var|work|workspace|Users)(?:/[\w./-]{0,200})?${END}`
/** Errors of the operating system, of TLS, of Node's network, of OAuth and of HTTP, as they stand behind a colon. */
const CAUSE = [
  raw`[1-5]\d\d${END}`,
  raw`HTTP(?:/\d|\s(?:[1-5]\d\d|[A-Za-z]{2,15})${END})`,
  raw`\[(?:Errno\s-?\d|SSL:\s[A-Z])`,
  raw`(?:connect |getaddrinfo |read |write )?E(?:AI_AGAIN|CONN[A-Z]{5,8}|HOSTUNREACH|NETUNREACH|NOTFOUND|OF|PIPE|PROTO|TIMEDOUT)${END}`,
  raw`(?:invalid_(?:client|grant|request|scope|token)|unauthorized_client|access_denied)${END}`,
  raw`(?:Service Unavailable|Internal Server Error|socket hang up)${END}`,
  raw`\{["']error["']:`,
  raw`\('Connection aborted`,
  raw`(?:[a-z_]{1,20}\.){0,4}[A-Z]\w{0,40}(?:Error|Exception|Pool|Timeout)(?=[\s(:])`,
].join('|')
/** The names of what a machine has made: it does not look like two words of a sentence, as a password may. */
const MACHINE_MADE = raw`(?:[tT]oken|TOKEN|[kK]ey|KEY|[sS]ignature|[cC]redentials?):\s{1,4}`
/**
 * What stands behind the colon of an ordinary message: a status, an exception, words of a sentence, what a parser did
 * not expect. Directly behind "=" stands a value, unless a sentence goes on: password=no, but password=not set.
 */
export const NO_SENTENCE = `(?!${[
  `(?:${NOTHING})${END}`,
  raw`(?<![=>]|3[adAD])(?:${WORD})${END}`,
  raw`(?:${WORD})\s{1,4}[a-z]{2,20}${END}`,
  raw`(?:${NOUN})\s{1,4}(?:[a-z]{2,20}|\d{1,5})${END}`,
  raw`(?<=:\s{1,4})(?:${CAUSE})`,
  raw`(?<=:\s{1,4}|(?<![\w;&])(?:pwd|PWD)=)${PATH}`,
  raw`(?<=${MACHINE_MADE})(?:[A-Z][a-z]{1,15}\s[a-z]{2,15}|[A-Z][A-Za-z]{0,40}(?:Error|Exception|Timeout))${END}`,
  raw`(?<=[eE]xpected token:\s{1,4})[A-Za-z_]{1,20}${END}`,
  raw`(?:"[^"\w]{0,2}"|'[^'\w]{0,2}'|[^\w\s"'([{\\&]{1,3})(?:\s|$)`,
].join('|')})`

/** A pattern for the value behind a name: quoted, listed or bare, but no sentence. */
export const VALUE = raw`${NO_HEADER}${NO_SENTENCE}(?:(?:[bBeErRuU]{0,2}(?:${QUOTED})|${LISTED})${BARE}*|${BARE}+)`
