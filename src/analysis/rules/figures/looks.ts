/** The moments at which a rule looks: every so many seconds, before what ended later is taken in. */

export interface Looks {
  /** Makes every look that is due at this second or before. */
  upTo(seconds: number): void
}

/** Looks that are also made in silence, which may be passed over. */
export interface TimedLooks extends Looks {
  /** Leaves out every look before this second. */
  skipTo(seconds: number): void
}

/** Each look is made, also in silence, until `over` says that no more are needed. */
export function createLooks(
  everySeconds: number,
  look: (seconds: number) => void,
  over: () => boolean,
): TimedLooks {
  let made = 0
  return {
    upTo(seconds) {
      while (!over() && (made + 1) * everySeconds <= seconds) {
        made += 1
        look(made * everySeconds)
      }
    },
    skipTo(seconds) {
      made = Math.max(made, Math.floor(seconds / everySeconds))
    },
  }
}

/** For rules that judge everything so far: a look without news would say the same again. */
export function createNewsLooks(everySeconds: number, look: (seconds: number) => void): Looks {
  let made = 0
  return {
    upTo(seconds) {
      const due = Math.floor(seconds / everySeconds)
      if (due <= made) return
      look((made + 1) * everySeconds)
      made = due
    },
  }
}
