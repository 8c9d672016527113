/** The half that was counted least, the older ones among equals: what is left can still be overtaken by what comes. */
export function rarerHalf<T>(oldestFirst: Iterable<T>, countOf: (each: T) => number): readonly T[] {
  const all = [...oldestFirst].sort((a, b) => countOf(a) - countOf(b))
  return all.slice(0, Math.floor(all.length / 2))
}
