import { readFileSync, statSync } from 'node:fs'
import { parse } from 'dotenv'
import { type Parse, Wrong } from './values.js'

/** Key that is set if there is no ./.env; no variable can have this name. */
const NO_FILE = Symbol('no ./.env')

/** Variables by name; an empty one counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>> & { readonly [NO_FILE]?: true }

/** Every problem of the configuration at once, none with a value that may be secret. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '))
  }
}

/** Variables of the file `path`, or of ./.env if there is one; the given ones win. Throws a ConfigError. */
export function readEnvironment(path: string | undefined, variables: Environment): Environment {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''))
  if (path === '') throw new ConfigError(['--env is empty: name the file to read'])
  try {
    return { ...parse(textOf(path ?? '.env')), ...set }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (path === undefined && code === 'ENOENT') return { ...set, [NO_FILE]: true }
    throw new ConfigError([`cannot read ${path ?? '.env'} (${code ?? message})`])
  }
}

function textOf(path: string): string {
  // A pipe or a device might never end.
  if (!statSync(path).isFile()) throw new Error('it is no regular file')
  const text = readFileSync(path, 'utf8')
  // UTF-16 has a zero byte in every ASCII character.
  if (text.includes('\0')) throw new Error('it is UTF-16: save it as UTF-8')
  return text
}

/** Characters pasted unseen with a value. Looked for only in a value that is not PLAIN: Unicode's tables take 5 MB. */
const INVISIBLE = /(?![ \t\r\n])[\p{Cc}\p{Cf}\p{Z}]/u
const PLAIN = /^[ -~\t\r\n]*$/

/** Reads values and collects their problems, so that all are reported at once. */
export class Reader {
  readonly problems: string[] = []

  constructor(private readonly env: Environment) {}

  has(name: string): boolean {
    return Boolean(this.env[name]?.trim())
  }

  /** The value with the blanks around it. */
  verbatim(name: string): string | undefined {
    return this.env[name] ? this.parsed(name, (text) => text) : undefined
  }

  optional<T, F>(name: string, parse: Parse<T>, fallback: F): T | F {
    return this.has(name) ? (this.parsed(name, (text) => parse(text.trim())) ?? fallback) : fallback
  }

  /** A missing or wrong value adds a problem and is undefined, whatever T says. `cure` says what to set it to. */
  required<T>(name: string, parse: Parse<T>, cure: string): T {
    if (!this.has(name))
      this.problems.push(`${name} is missing: ${cure}${this.env[NO_FILE] ? ' (there is no ./.env)' : ''}`)
    return this.optional(name, parse, undefined) as T
  }

  /** What `read` returns, or undefined if it found a problem. */
  part<T>(read: (reader: Reader) => T): T | undefined {
    const before = this.problems.length
    const value = read(this)
    return this.problems.length === before ? value : undefined
  }

  private parsed<T>(name: string, parse: Parse<T>): T | undefined {
    const text = this.env[name] ?? ''
    const found = PLAIN.test(text) ? undefined : INVISIBLE.exec(text)?.[0]
    const code = found?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
    const value = code ? new Wrong(` contains an invisible character (U+${code}): type it anew`) : parse(text)
    if (!(value instanceof Wrong)) return value
    this.problems.push(name + value.problem)
    return undefined
  }
}
