/** Broken invariants are bugs of ours: they stop the work and say which promise was broken. */

export class InvariantError extends Error {
  override name = 'InvariantError'
}

/** @throws InvariantError if `condition` is false */
export function invariant(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new InvariantError(`Broken invariant: ${promise}`)
}
