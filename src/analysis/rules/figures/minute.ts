/** The last sixty seconds of one arm, in slices of ten: what a query over a minute would return. */

import { Requests, joinSlices, type Slices } from './requests.ts'

export const SLICE_SECONDS = 10
const SLICES = 6

export class LastMinute {
  #slices: Requests[] = [new Requests()]

  /** Into the slice that is open. */
  add(latencyMs: number, failed: boolean): void {
    this.#slices.at(-1)?.add(latencyMs, failed)
  }

  /** What was added since the sixth last `nextSlice`. */
  read(): Slices {
    return joinSlices(this.#slices)
  }

  /** Every ten seconds. */
  nextSlice(): void {
    this.#slices = [...this.#slices.slice(1 - SLICES), new Requests()]
  }
}
