/** Waiting comes in through the door, like time: tests let it pass at once. */

export interface Timers {
  /** Does `work` once, `ms` from now; gives the way to take it back. */
  after(ms: number, work: () => void): () => void
}

export const systemTimers: Timers = {
  after(ms, work) {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}
