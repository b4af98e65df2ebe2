/** What a command that follows a rollout works with: the screen, Ctrl-C and time. */

import { listenForInterrupt } from '../interrupt.ts'
import { findServer } from '../remote/address.ts'
import type { VerbInput } from '../verb.ts'
import type { Tools } from './follow/following.ts'
import { createScreen } from './course/screen.ts'
import { systemTiming } from './course/timing.ts'

/** Ctrl-C is ours while this works, and what is printed stands above the live line. */
export async function withTools(
  input: VerbInput,
  work: (input: VerbInput, tools: Tools) => Promise<number>,
): Promise<number> {
  const screen = createScreen(input.terminal)
  const words =
    findServer(input) === undefined ? 'Pausing, the weight is held' : 'Leaving, nothing is stopped'
  const interrupt = listenForInterrupt(screen.terminal, words)
  try {
    const shown = { ...input, terminal: screen.terminal }
    return await work(shown, { screen, interrupt, timing: systemTiming })
  } finally {
    screen.end()
    interrupt.dispose()
  }
}
