import { type Parse, Wrong } from './values.js'

/** Variables by their names; unset and empty are the same. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Every problem of the environment at once, one a line, none with a value that may be secret. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '))
  }
}

/** Reads values and keeps a list of what is wrong with them, so that all of it is reported in one go. */
export class Reader {
  readonly problems: string[] = []

  constructor(private readonly env: Environment) {}

  text(name: string): string | undefined {
    return this.env[name]?.trim() || undefined
  }

  /** With the white space around it. */
  verbatim(name: string): string | undefined {
    return this.env[name] || undefined
  }

  optional<T, F>(name: string, parse: Parse<T>, fallback: F): T | F {
    const text = this.text(name)
    return text === undefined ? fallback : (this.parsed(name, text, parse) ?? fallback)
  }

  /** `cure` says what to set it to. What is missing or wrong is a problem, and then the value does not matter. */
  required<T>(name: string, parse: Parse<T>, cure: string): T {
    const text = this.text(name)
    if (text === undefined) this.problems.push(`${name} is missing: ${cure}`)
    return (text === undefined ? undefined : this.parsed(name, text, parse)) as T
  }

  private parsed<T>(name: string, text: string, parse: Parse<T>): T | undefined {
    const value = parse(text)
    if (!(value instanceof Wrong)) return value
    this.problems.push(name + value.problem)
    return undefined
  }

  /** Throws a ConfigError if anything read so far was wrong. */
  finish<T>(config: T): T {
    if (this.problems.length > 0) throw new ConfigError(this.problems)
    return config
  }
}
