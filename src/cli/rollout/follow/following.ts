/** Follows a rollout until it is over, waits for a person, or is let go of. */

import type { RolloutDocument, RolloutEvent } from '../../../core/contract/rollout.ts'
import type { Interrupt } from '../../interrupt.ts'
import { createRolloutProgress } from '../course/progress.ts'
import type { Screen } from '../course/screen.ts'
import type { Timing } from '../course/timing.ts'
import { ENDS } from '../words.ts'

/** A rollout that is controlled here or at a server, as far as it is followed. */
export interface FollowedRollout {
  /** As it was before the first event that is told. */
  readonly document: RolloutDocument
  /** Gives the way to leave. */
  watch(listener: (event: RolloutEvent) => void): () => void
  /** Resolves with the last document when it is over, or when it cannot be followed any further. */
  readonly settled: Promise<RolloutDocument>
  /** Lets go of it as it is. */
  leave(): Promise<RolloutDocument>
  /** How it stands, where that costs nothing. */
  find?(): RolloutDocument | undefined
  /**
   * Pauses it, and the weight is held.
   * @returns undefined where it is on its way to 0 %, which nobody stops
   */
  pause(reason: string): Promise<RolloutDocument | undefined>
}

export interface Tools {
  readonly screen: Screen
  readonly interrupt: Interrupt
  readonly timing: Timing
}

export interface FollowOptions extends Tools {
  /** What the first line says. */
  readonly begin: string
  /** The first Ctrl-C pauses it, or only stops following. */
  readonly onInterrupt: 'pause' | 'leave'
  readonly timeoutSeconds?: number
  /** Whether a promotion that waits for a person ends the following. */
  readonly leavesPromotion: boolean
}

export type Followed =
  | { readonly kind: 'settled' | 'waits' | 'stopped'; readonly document: RolloutDocument }
  | { readonly kind: 'left' }

type Happening = 'settled' | 'waits' | 'interrupt' | 'timeout'

export async function followRollout(
  followed: FollowedRollout,
  options: FollowOptions,
): Promise<Followed> {
  const { screen, interrupt, timing, begin, onInterrupt, timeoutSeconds } = options
  const { document } = followed
  const hint = onInterrupt === 'pause' ? 'Ctrl-C: pause, weight held' : 'Ctrl-C: stop following'
  const find = followed.find?.bind(followed)
  const progress = createRolloutProgress({
    document,
    begin,
    hint,
    screen,
    timing,
    ...(find === undefined ? {} : { find }),
  })
  const waits = Promise.withResolvers<void>()
  const look = (seen: Pick<RolloutDocument, 'state'>): void => {
    if (options.leavesPromotion && waitsForPerson(seen, document)) waits.resolve()
  }
  look(document)
  const unwatch = followed.watch((event) => {
    progress.show(event)
    if (event.kind === 'state') look(event)
    if (event.kind === 'block') look(event.document)
  })
  const interrupted = Promise.withResolvers<void>()
  interrupt.onFirst(() => interrupted.resolve())
  if (interrupt.asked()) interrupted.resolve()
  const late = Promise.withResolvers<void>()
  const stopTimer =
    timeoutSeconds === undefined ? () => {} : timing.after(timeoutSeconds * 1000, late.resolve)
  try {
    return await waitFor(followed, options, {
      settled: followed.settled.then(() => {}),
      waits: waits.promise,
      interrupt: interrupted.promise,
      timeout: late.promise,
    })
  } finally {
    stopTimer()
    unwatch()
    progress.end()
  }
}

/** Without `on_promoted` somebody has to say that the baseline runs the version. */
function waitsForPerson(
  { state }: Pick<RolloutDocument, 'state'>,
  { policy }: Pick<RolloutDocument, 'policy'>,
): boolean {
  return state === 'promoting' && policy.onPromoted === undefined
}

async function waitFor(
  followed: FollowedRollout,
  { screen, onInterrupt }: FollowOptions,
  happenings: Readonly<Record<Happening, Promise<void>>>,
): Promise<Followed> {
  const open = new Map(Object.entries(happenings))
  for (;;) {
    const first = await Promise.race(
      [...open].map(([name, happening]) => happening.then(() => name)),
    )
    if (first === 'settled') return { kind: 'settled', document: await followed.settled }
    if (first === 'waits') return { kind: 'waits', document: await followed.leave() }
    if (first === 'interrupt' && onInterrupt === 'leave') return { kind: 'left' }
    const document = await followed.pause(first === 'timeout' ? 'timeout' : 'Ctrl-C')
    if (document !== undefined) {
      return { kind: ENDS.has(document.state) ? 'settled' : 'stopped', document }
    }
    open.delete(first)
    screen.terminal.err('It is on its way to 0 %, which is not stopped: waiting for its end\n')
  }
}
