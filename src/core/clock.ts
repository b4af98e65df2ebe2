/** Time comes in through the door: whoever decides by time takes a clock as an argument. */

export interface Clock {
  /** Milliseconds from a fixed but unknown origin; never runs backwards. */
  nowMs(): number
  /** Wall time in milliseconds since 1970, for what people read. */
  wallMs(): number
}
