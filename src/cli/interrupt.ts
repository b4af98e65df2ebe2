/** Ctrl-C: the first asks the run to end with what it knows, the second ends the process at once. */

import { EXIT } from './exit.ts'
import type { Terminal } from './terminal.ts'

export interface Interrupt {
  readonly signal: AbortSignal
  asked(): boolean
  /** From now on the first Ctrl-C calls this; before that it ends the process. */
  onFirst(stop: () => void): void
  /** Ctrl-C is the system's again. */
  dispose(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export function listenForInterrupt(terminal: Terminal, words: string): Interrupt {
  const controller = new AbortController()
  let stop: (() => void) | undefined
  const receive = (): void => {
    if (stop === undefined || controller.signal.aborted) process.exit(EXIT.interrupted)
    controller.abort()
    terminal.err(`${words}; Ctrl-C again ends at once\n`)
    stop()
  }
  for (const signal of SIGNALS) process.on(signal, receive)
  return {
    signal: controller.signal,
    asked: () => controller.signal.aborted,
    onFirst(callback) {
      stop = callback
    },
    dispose() {
      for (const signal of SIGNALS) process.off(signal, receive)
    },
  }
}
