/** "Did you mean": the known name that is nearest to what was written, if it is near enough. */

import leven from 'leven'

/** The nearest of `known` within a third of the word's length (at least 2), or undefined. */
export function findNearest(written: string, known: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(written.length / 3))
  let nearest: string | undefined
  let distance = limit + 1
  for (const name of known) {
    const found = leven(written.toLowerCase(), name.toLowerCase())
    if (found < distance) {
      distance = found
      nearest = name
    }
  }
  return nearest
}

/** `did you mean "x"?` or the list of what is known. */
export function suggest(written: string, known: readonly string[]): string {
  const nearest = findNearest(written, known)
  if (nearest !== undefined) return `did you mean "${nearest}"?`
  const shown = known.slice(0, 12).join(', ')
  return known.length === 0 ? 'none is known' : `known: ${shown}${known.length > 12 ? ', …' : ''}`
}
