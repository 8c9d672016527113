import { readFileSync, statSync } from 'node:fs'
import { parse } from 'dotenv'
import { type Parse, Wrong } from './values.js'

/** Set where there is no ./.env; no variable can have this name. */
const NO_FILE = Symbol('no ./.env')

/** Variables by their names; unset and empty are the same. */
export type Environment = Readonly<Record<string, string | undefined>> & { readonly [NO_FILE]?: true }

/** Every problem of the environment at once, one a line, none with a value that may be secret. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '))
  }
}

/** The variables of the file and of the process, which win. Unless a path is given, ./.env may be missing. Throws a ConfigError. */
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
  // Every other byte of UTF-16 is zero.
  if (text.includes('\0')) throw new Error('it is UTF-16: save it as UTF-8')
  return text
}

/** Pasted unseen from a page or a document. Looked for only in what is not plain: Unicode's tables take 5 MB. */
const INVISIBLE = /(?![ \t\r\n])[\p{Cc}\p{Cf}\p{Z}]/u
const PLAIN = /^[ -~\t\r\n]*$/

/** Reads values and keeps a list of what is wrong with them, so that all of it is reported in one go. */
export class Reader {
  readonly problems: string[] = []

  constructor(private readonly env: Environment) {}

  has(name: string): boolean {
    return Boolean(this.env[name]?.trim())
  }

  /** With the blanks around it. */
  verbatim(name: string): string | undefined {
    return this.env[name] ? this.parsed(name, (text) => text) : undefined
  }

  optional<T, F>(name: string, parse: Parse<T>, fallback: F): T | F {
    return this.has(name) ? (this.parsed(name, (text) => parse(text.trim())) ?? fallback) : fallback
  }

  /** `cure` says what to set it to. What is missing or wrong is a problem, and then the value does not matter. */
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
