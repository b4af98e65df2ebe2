/** Who says a word: the name of the system's user, which goes into the journal. */

import { userInfo } from 'node:os'

const MOST_CHARACTERS = 100

/** `ana`; a number where the system has no name for the user. */
export function personHere(): string {
  try {
    const name = userInfo().username.trim().slice(0, MOST_CHARACTERS)
    return name === '' ? numberOfUser() : name
  } catch {
    // Containers often run under a number that has no entry.
    return numberOfUser()
  }
}

function numberOfUser(): string {
  return `user ${process.getuid?.() ?? 'unknown'}`
}
