/**
 * Recorded exchanges: what a log, a HAR, a trace or the recording proxy knows of one request.
 *
 * All sources end here, so that mapping, proposing an ontology, correlation, anonymising and fitting
 * are written once. Whoever makes one has dropped already what may not go on: addresses and agents
 * are pseudonyms, and headers and bodies are there only if the source has them and they may be read.
 */

import type { DeviceType } from '../../core/contract/profile.ts'

export interface RecordedExchange {
  /** Pseudonym of the client (address and agent, user, or one browser): sessions are cut by it. */
  readonly client: string
  /** Pseudonym of the person as far as it is known (the address alone): what k-anonymity counts. */
  readonly person: string
  readonly device: DeviceType
  /** ISO 3166; `ZZ` where it is not known. */
  readonly geo: string
  /** Epoch milliseconds at which the request was sent, or as near as the source knows. */
  readonly timeMs: number
  readonly method: string
  /** Path with query as it was asked for. */
  readonly target: string
  readonly status: number
  /** Names in lower case; only those that are allowed. */
  readonly requestHeaders?: Readonly<Record<string, string>>
  /** Text of the request's body, decoded, where it is known. */
  readonly requestBody?: string
  readonly responseHeaders?: Readonly<Record<string, string>>
  /** Text of the answer's body, decoded, where it is known. */
  readonly responseBody?: string
}
