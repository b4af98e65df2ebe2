/**
 * Errors by who must act. Each has a stable code, the place (file:line, JSON pointer or flag) and
 * the mend, so that the command line and the API can say the same thing.
 */

export interface ErrorDetails {
  /** Kebab-case and stable; listed in docs/reference/errors.md. */
  readonly code: string
  /** `file:line`, a JSON pointer or a flag. */
  readonly where?: string
  /** What to do about it, in one clause. */
  readonly mend?: string
  readonly cause?: unknown
}

export class OutriderError extends Error {
  override name = 'OutriderError'
  readonly code: string
  readonly where: string | undefined
  readonly mend: string | undefined

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.where = details.where
    this.mend = details.mend
  }
}

/** The caller is wrong: exit 2, HTTP 400. */
export class UsageError extends OutriderError {
  override name = 'UsageError'
}

/** The application under test cannot be used: unreachable, garbage, refused. */
export class TargetError extends OutriderError {
  override name = 'TargetError'
}

/** The router: not reached, changed by someone else, or it did not do what it was told. */
export class RouterError extends OutriderError {
  override name = 'RouterError'
}

/** Disk or database. */
export class StoreError extends OutriderError {
  override name = 'StoreError'
}

/** We are the bottleneck, or someone else already runs against the target (HTTP 409). */
export class CapacityError extends OutriderError {
  override name = 'CapacityError'
}

/** What was asked for does not fit the present state; nothing was changed (HTTP 409). */
export class ConflictError extends OutriderError {
  override name = 'ConflictError'
}

/** The message of anything thrown, for a cause that is shown in a sentence. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
