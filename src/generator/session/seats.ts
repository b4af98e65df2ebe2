/** Seats: which user of the schedule plays which session. Pure. */

import type { Session } from '../session.ts'

export class Seats {
  readonly #open: () => Session | undefined
  /** By user; a user without a session opens the next one when a step of it is due. */
  #sessions: (Session | undefined)[] = []
  /** Sessions in the middle of their steps, left over from a pace with more users. */
  #parked: Session[] = []

  /** @param open the next new session; undefined = there is none any more */
  constructor(open: () => Session | undefined) {
    this.#open = open
  }

  /** A new schedule begins; who had a session goes on with it first. */
  begin(users: number): void {
    this.#park()
    this.#sessions = Array.from({ length: users }, () => undefined)
  }

  sessionOf(user: number): Session | undefined {
    const session = this.#sessions[user] ?? this.#parked.shift() ?? this.#open()
    this.#sessions[user] = session
    return session
  }

  leave(user: number): void {
    this.#sessions[user] = undefined
  }

  /** All sessions are cut short. @returns how many still have to clean up */
  closeEarly(): number {
    this.#park()
    for (const session of this.#parked) session.closeEarly()
    this.#sessions = []
    this.#parked = this.#parked.filter((session) => !session.isOver())
    return this.#parked.length
  }

  isEmpty(): boolean {
    return this.#parked.length === 0 && this.#sessions.every((one) => one === undefined)
  }

  #park(): void {
    this.#parked = [...this.#sessions.filter((one) => one !== undefined), ...this.#parked]
  }
}
