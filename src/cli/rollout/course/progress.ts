/**
 * A rollout on the terminal while it is followed: its course as lines, and on a terminal one live
 * line below them with the sentence of the moment and the time to the next decision, redrawn at most
 * once a second.
 */

import type { RolloutDocument, RolloutEvent } from '../../../core/contract/rollout.ts'
import { createLines } from './lines.ts'
import type { Screen } from './screen.ts'
import { countdownTo, type Timing } from './timing.ts'

export interface RolloutProgress {
  show(event: RolloutEvent): void
  /** Prints what waits, and wipes the live line. */
  end(): void
}

type Standing = Omit<RolloutDocument, 'history'>

const EVERY_MS = 1000

export interface ProgressOptions {
  readonly document: RolloutDocument
  /** What the first line says. */
  readonly begin: string
  /** What Ctrl-C does: `Ctrl-C: pause, the weight is held`. */
  readonly hint: string
  readonly screen: Screen
  readonly timing: Timing
  /** How it stands now, where no event says so. */
  readonly find?: () => RolloutDocument | undefined
}

export function createRolloutProgress(options: ProgressOptions): RolloutProgress {
  const { document, begin, hint, screen, timing, find } = options
  const { terminal } = screen
  const lines = createLines(document.id, terminal.errStyle, (line) => terminal.err(`${line}\n`))
  let standing: Standing = document
  lines.begin(document, begin, timing.wallMs())
  const draw = (): void => {
    if (screen.isLive) screen.live(liveText(standing, hint, timing.wallMs()))
  }
  const stop = timing.every(EVERY_MS, () => {
    lines.tick(timing.wallMs())
    if (screen.isLive) standing = find?.() ?? standing
    draw()
  })
  draw()
  return {
    show(event) {
      if (event.kind === 'block') standing = event.document
      lines.show(event, timing.wallMs())
    },
    end() {
      stop()
      screen.end()
      lines.flush(timing.wallMs())
    },
  }
}

/** The sentence, and when it may change. */
export function liveText(standing: Standing, hint: string, nowMs: number): string {
  const { sentence, nextDecisionAt } = standing
  const next =
    nextDecisionAt === undefined ? [] : [`next decision ${countdownTo(nextDecisionAt, nowMs)}`]
  return [sentence, ...next, hint].join(' · ')
}
