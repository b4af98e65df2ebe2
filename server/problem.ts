/**
 * Problem documents (RFC 9457): every answer that is not the one that was asked for says what
 * could not be done, where, and what to do about it, and never how the program looks inside.
 */

import type { Problem } from '../src/core/contract/http.ts'
import {
  CapacityError,
  ConflictError,
  OutriderError,
  RouterError,
  StoreError,
  TargetError,
  UsageError,
} from '../src/core/errors.ts'

type Details = {
  readonly where?: string
  readonly mend?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A fault that only HTTP has, such as a method that is not allowed. */
export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly status: number
  readonly code: string
  readonly details: Details

  constructor(status: number, code: string, message: string, details: Details = {}) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
  }
}

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  'duplicate-profile': 409,
  'unknown-profile': 404,
  'unknown-rollout': 404,
  'rollout-open': 409,
  'rollout-held': 409,
  'rollout-fenced': 409,
  // The router answered; it only is not as a rollout needs it.
  'router-not-ready': 409,
  'router-not-at-zero': 409,
}

/** The document for anything thrown. What is no error of ours says nothing of its inside. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) {
    return problem(thrown.status, thrown.code, thrown.message, thrown.details)
  }
  if (thrown instanceof OutriderError) {
    const { where, mend } = thrown
    return problem(statusOf(thrown), thrown.code, thrown.message, {
      ...(where === undefined ? {} : { where }),
      ...(mend === undefined ? {} : { mend }),
    })
  }
  return problem(500, 'internal-error', 'Cannot answer: the server met a fault of its own', {
    mend: 'the log of the server says more; please report it',
  })
}

/** The same as an answer. */
export function problemResponse(thrown: unknown): Response {
  const document = problemOf(thrown)
  const headers = thrown instanceof ProblemError ? thrown.details.headers : undefined
  return new Response(JSON.stringify(document), {
    status: document.status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}

/**
 * Wrong use is the caller's (400); a busy target, a full house or a state that forbids it a conflict
 * (409); an application or a router that does not answer a bad gateway (502): we are the gateway
 * between the caller and it.
 */
function statusOf(error: OutriderError): number {
  const special = STATUS_OF_CODE[error.code]
  if (special !== undefined) return special
  if (error instanceof UsageError) return 400
  if (error instanceof CapacityError || error instanceof ConflictError) return 409
  if (error instanceof TargetError || error instanceof RouterError) return 502
  if (error instanceof StoreError) return 503
  return 500
}

function problem(status: number, code: string, detail: string, details: Details): Problem {
  const { where, mend } = details
  const words = code.replaceAll('-', ' ')
  return {
    type: `/errors/${code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status,
    code,
    detail,
    ...(where === undefined ? {} : where.startsWith('/') ? { pointer: where } : { where }),
    ...(mend === undefined ? {} : { mend }),
  }
}
