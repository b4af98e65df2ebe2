/** What a rollout did to users: the weight minute by minute, its turns, and how it ended. */

export const HORIZON_MINUTES = 180

export type Outcome = 'promoted' | 'rolled back' | 'still going'

export interface Ride {
  readonly outcome: Outcome
  /** Percent × minutes of real users on the canary; after a promotion all of them, to the horizon. */
  readonly exposure: number
  /** Minutes to the first time at the last weight. */
  readonly fullMinutes: number | undefined
  readonly endMinutes: number
  /** How often the weight turned from rising to falling or back. */
  readonly turns: number
}

export interface Log {
  /** One second at this share of real users. */
  second(minute: number, weight: number): void
  reached(minute: number): void
  end(minute: number, outcome: Outcome): Ride
}

/** @param harmFrom exposure counts from this minute on */
export function createLog(harmFrom: number): Log {
  let exposure = 0
  let last = 0
  let direction = 0
  let turns = 0
  let fullMinutes: number | undefined
  return {
    second(minute, weight) {
      if (minute >= harmFrom) exposure += (weight * 100) / 60
      const move = Math.sign(weight - last)
      if (move !== 0) {
        if (direction !== 0 && move !== direction) turns += 1
        direction = move
      }
      last = weight
    },
    reached(minute) {
      fullMinutes ??= minute
    },
    end(minute, outcome) {
      const after = outcome === 'promoted' ? HORIZON_MINUTES - Math.max(minute, harmFrom) : 0
      return { outcome, exposure: exposure + 100 * after, fullMinutes, endMinutes: minute, turns }
    },
  }
}
