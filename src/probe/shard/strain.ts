/**
 * Strain of one block: whether the generator's own thread was late in it. What is measured while the
 * thread stands still is its own delay, in both arms alike: it hides real differences, and a proof
 * made of it would be worth nothing. The rule knows nothing of the arms, so leaving the latencies of
 * such a block out favours neither.
 */

/** The period at which `tick` is called. */
const PERIOD_MS = 20
/** A tick that is this late was held up; the system's timers are about a millisecond off. */
const LATE_MS = 10
/** Held up for more than this share of the block … */
const LATE_SHARE = 0.1
/** … and at once for longer than this share of a usual answer. */
const LAG_SHARE_OF_MEDIAN = 0.2
/** Of one core: such a thread works off a queue. */
const CPU_SHARE = 0.95

/** CPU time of this thread so far, in milliseconds. */
export type ThreadCpu = () => number

export const threadCpuMs: ThreadCpu = () => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

export class BlockStrain {
  readonly #cpuMs: ThreadCpu
  #tickedMs: number
  #sinceMs: number
  #cpuSinceMs: number
  #lateMs = 0
  #worstMs = 0

  constructor(nowMs: number, cpuMs: ThreadCpu = threadCpuMs) {
    this.#cpuMs = cpuMs
    this.#tickedMs = nowMs
    this.#sinceMs = nowMs
    this.#cpuSinceMs = cpuMs()
  }

  /** To be called by a timer of 20 ms. */
  tick(nowMs: number): void {
    const late = nowMs - this.#tickedMs - PERIOD_MS
    this.#tickedMs = nowMs
    if (late <= LATE_MS) return
    this.#lateMs += late
    this.#worstMs = Math.max(this.#worstMs, late)
  }

  /**
   * Whether the time since the last call was strained.
   * @param medianMs of the quickest action's usual answers; 0 while it is not known
   */
  take(nowMs: number, medianMs: number): boolean {
    const spanMs = Math.max(PERIOD_MS, nowMs - this.#sinceMs)
    const isLate =
      this.#lateMs > LATE_SHARE * spanMs && this.#worstMs > LAG_SHARE_OF_MEDIAN * medianMs
    const cpuMs = this.#cpuMs()
    const isBusy = cpuMs - this.#cpuSinceMs > CPU_SHARE * spanMs
    this.#sinceMs = nowMs
    this.#cpuSinceMs = cpuMs
    this.#lateMs = 0
    this.#worstMs = 0
    return isLate || isBusy
  }
}
