/** Library: whether the undici that was installed measures what the target does. */

import { createRequire } from 'node:module'
import { CapacityError } from '../../core/errors.ts'

/**
 * Before this version an idle connection waited up to half a second before it was used again
 * (nodejs/undici#5707), which would be measured as the target's time.
 */
const LEAST = [8, 10, 1] as const

let known: string | undefined

/** The version that is installed; an empty text where its package does not tell. */
export function foundUndici(): string {
  if (known !== undefined) return known
  const found: unknown = createRequire(import.meta.url)('undici/package.json')
  const version: unknown = typeof found === 'object' && found ? Reflect.get(found, 'version') : ''
  known = typeof version === 'string' ? version : ''
  return known
}

/**
 * A pre-release counts as older than its release, and what is no version as too old.
 * @throws CapacityError with code `old-undici`
 */
export function refuseOldUndici(version: string): void {
  if (isNewEnough(version)) return
  const least = LEAST.join('.')
  throw new CapacityError(
    `Cannot send anything: undici ${version === '' ? 'of an unknown version' : version} may hold up ` +
      'idle connections, and that would be measured as latency',
    { code: 'old-undici', mend: `install outrider again, with undici ${least} or later` },
  )
}

function isNewEnough(version: string): boolean {
  const [, major, minor, patch, before] = /^(\d+)\.(\d+)\.(\d+)(-[^+]+)?/.exec(version) ?? []
  if (major === undefined) return false
  const numbers = [major, minor, patch].map(Number)
  for (const [place, least] of LEAST.entries()) {
    const number = numbers[place] ?? 0
    if (number !== least) return number > least
  }
  return before === undefined
}
