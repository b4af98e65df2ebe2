/**
 * The contract of a router: set the weight, read it back, count what went where.
 *
 * Problem: routers answer "success" to changes they did not make, fall back to an old weight when
 * they restart, and are changed by other people. Idea: an adapter only says how its router is read
 * and written; what makes a change trustworthy stands here once, for all of them. A change reads
 * first, refuses if someone else moved the weight, writes, and believes nothing but what the running
 * router then says. Whether the *traffic* follows the weight is another question: see verify.ts.
 * Limit: no router here has compare-and-set, so a writer between our read and our write is overrun
 * once and found by the next reading.
 */

import type { Clock } from '../../core/clock.ts'
import { RouterError, UsageError } from '../../core/errors.ts'
import { FULL_BP, formatWeight, isWeightBp } from '../../core/weight.ts'
import type { RouterCounts } from './counts.ts'

export interface RouterCapabilities {
  /** Smallest step of the weight. */
  readonly stepBp: number
  /** A user keeps the side while the weight grows. */
  readonly isMonotone: boolean
  /** Counts distinct users, not only requests. */
  readonly countsUsers: boolean
  readonly measuresLatency: boolean
  /** The weight is still there after a restart of the router; where not, it begins anew. */
  readonly survivesRestart: boolean
  /** It lives in this process: other processes can neither read nor set it. */
  readonly isInProcess: boolean
}

export interface RouterState {
  readonly kind: 'read'
  readonly configuredBp: number
  /** Share of the requests reaching a server that the canary gets; left out = cannot be known. */
  readonly effectiveBp?: number
  /** Another one means the router was restarted: weight and counts may have begun anew. */
  readonly incarnation: string
  /** Wall time in milliseconds. */
  readonly atMs: number
}

/** What the running router says, or why it says nothing that can be used. */
export type Reading =
  | RouterState
  | { readonly kind: 'unreachable'; readonly error: RouterError; readonly atMs: number }

export interface Finding {
  /** With an `error` the weight must not be moved. */
  readonly level: 'ok' | 'warning' | 'error'
  /** Kebab-case; `canary-down` also forbids to raise the weight. */
  readonly code: string
  readonly message: string
  readonly mend?: string
}

export interface SetOptions {
  /** What the caller believes the weight is; if it is not, someone else moved it. */
  readonly expectBp?: number
}

/** What one kind of router knows; everything else is the same for all kinds. */
export interface RouterAdapter {
  readonly kind: string
  readonly capabilities: RouterCapabilities
  /** Makes it ready; nothing to do for a router that runs elsewhere. @throws RouterError */
  open(): Promise<void>
  /** Where users are served, if that is in this process and it is open. */
  url(): string | undefined
  /** What stands in the way of moving a weight, looked at without moving anything. */
  preflight(): Promise<readonly Finding[]>
  /** From the running router, never from a file or our own memory. @throws RouterError */
  readState(): Promise<Omit<RouterState, 'atMs' | 'kind'>>
  /** Asks for the weight; what the router answers is not trusted. @throws RouterError */
  write(weightBp: number): Promise<void>
  /** Since the router's start. @throws RouterError */
  counts(): Promise<RouterCounts>
  /** Moves away from the canary who would stay there at weight 0. */
  evict(): Promise<void>
  close(): Promise<void>
}

export interface Router {
  readonly name: string
  readonly kind: string
  readonly capabilities: RouterCapabilities
  open(): Promise<void>
  url(): string | undefined
  preflight(): Promise<readonly Finding[]>
  read(): Promise<Reading>
  /**
   * The state after the change, read back.
   * @throws UsageError `bad-weight`; RouterError `router-conflict` if the weight is not what was
   *   expected, `router-not-applied` if it did not change, or why the router cannot be used
   */
  set(weightBp: number, options?: SetOptions): Promise<RouterState>
  /** @throws RouterError */
  counts(): Promise<RouterCounts>
  /** Weight 0 whatever it was, and nobody left on the canary. May be repeated. @throws RouterError */
  abort(): Promise<RouterState>
  /** Weight 0, verified; open connections end by themselves. @throws RouterError */
  finalise(): Promise<RouterState>
  close(): Promise<void>
}

/** The whole contract around what one kind knows. */
export function createRouter(name: string, adapter: RouterAdapter, clock: Clock): Router {
  const readState = async (): Promise<RouterState> => {
    const state = await adapter.readState()
    return { kind: 'read', ...state, atMs: clock.wallMs() }
  }
  const write = async (weightBp: number): Promise<RouterState> => {
    await adapter.write(weightBp)
    const state = await readState()
    if (state.configuredBp !== weightBp) throw notApplied(name, weightBp, state.configuredBp)
    return state
  }
  return {
    name,
    kind: adapter.kind,
    capabilities: adapter.capabilities,
    open: () => adapter.open(),
    url: () => adapter.url(),
    preflight: () => adapter.preflight(),
    async read() {
      try {
        return await readState()
      } catch (thrown) {
        if (!(thrown instanceof RouterError)) throw thrown
        return { kind: 'unreachable', error: thrown, atMs: clock.wallMs() }
      }
    },
    async set(weightBp, options = {}) {
      if (!isWeightBp(weightBp)) throw badWeight(name, weightBp)
      const before = await readState()
      const { expectBp = before.configuredBp } = options
      if (before.configuredBp !== expectBp) throw conflict(name, expectBp, before.configuredBp)
      return before.configuredBp === weightBp ? before : await write(weightBp)
    },
    counts: () => adapter.counts(),
    async abort() {
      const state = await write(0)
      await adapter.evict()
      return state
    },
    finalise: () => write(0),
    close: () => adapter.close(),
  }
}

/**
 * The canary's share of what reaches a server, where one side may have none that is up.
 * Undefined where neither side has one: there is no such traffic.
 */
export function effectiveWeight(
  configuredBp: number,
  up: { readonly baseline: boolean; readonly canary: boolean },
): number | undefined {
  const canary = up.canary ? configuredBp : 0
  const baseline = up.baseline ? FULL_BP - configuredBp : 0
  if (canary + baseline === 0) return undefined
  return Math.round((FULL_BP * canary) / (canary + baseline))
}

function badWeight(name: string, weightBp: number): UsageError {
  return new UsageError(`Cannot set the weight of router "${name}": ${weightBp} is no weight`, {
    code: 'bad-weight',
    mend: `give whole basis points from 0 to ${FULL_BP}`,
  })
}

function conflict(name: string, expectBp: number, foundBp: number): RouterError {
  const [expected, found] = [formatWeight(expectBp), formatWeight(foundBp)]
  return new RouterError(
    `Cannot set the weight of router "${name}": it should be ${expected} and is ${found}`,
    {
      code: 'router-conflict',
      mend: 'find out who else moves the weight, or whether the router was restarted',
    },
  )
}

function notApplied(name: string, wantedBp: number, foundBp: number): RouterError {
  const [wanted, found] = [formatWeight(wantedBp), formatWeight(foundBp)]
  return new RouterError(
    `Cannot set the weight of router "${name}": it accepted ${wanted} and still says ${found}`,
    {
      code: 'router-not-applied',
      mend: `look for a second writer or a proxy before it; outrider router check ${name} may say more`,
    },
  )
}
