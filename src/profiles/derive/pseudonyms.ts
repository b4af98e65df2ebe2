/** Pseudonyms of one import: HMACs with a key that nobody has once the import is over. */

import { createHmac, randomBytes } from 'node:crypto'

/** The same pseudonym for the same text, for as long as the key lives. */
export type Pseudonyms = (text: string) => string

/** Texts that are remembered: most lines of a log are of clients that were there before. */
const REMEMBERED = 200_000

/**
 * HMAC-SHA-256, 132 bits of it.
 * @param key for tests; by default random, and gone with the function
 */
export function createPseudonyms(key: Uint8Array = randomBytes(32)): Pseudonyms {
  const remembered = new Map<string, string>()
  return (text) => {
    const known = remembered.get(text)
    if (known !== undefined) return known
    const made = createHmac('sha256', key).update(text).digest('base64url').slice(0, 22)
    if (remembered.size >= REMEMBERED) remembered.clear()
    remembered.set(text, made)
    return made
  }
}
