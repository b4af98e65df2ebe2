/** Counts what an address did of late, so that nobody can try or write as often as they like. */

import type { Clock } from '../../src/core/clock.ts'

const WINDOW_MS = 60_000
/** Addresses that are remembered; the ones that were seen first go. */
const ADDRESSES = 10_000

export interface Attempts {
  /** Whether the address has used up its attempts of this minute. */
  isOver(address: string): boolean
  add(address: string): void
  /** Seconds until it may try again, rounded up. */
  waitSeconds(address: string): number
}

/** @param perMinute attempts that one address has */
export function createAttempts(clock: Clock, perMinute: number): Attempts {
  const seen = new Map<string, { readonly sinceMs: number; count: number }>()

  function find(address: string): { readonly sinceMs: number; count: number } | undefined {
    const entry = seen.get(groupOf(address))
    return entry === undefined || clock.nowMs() - entry.sinceMs >= WINDOW_MS ? undefined : entry
  }

  return {
    isOver: (address) => (find(address)?.count ?? 0) >= perMinute,
    add(address) {
      const entry = find(address)
      if (entry !== undefined) {
        entry.count += 1
        return
      }
      seen.delete(groupOf(address))
      seen.set(groupOf(address), { sinceMs: clock.nowMs(), count: 1 })
      const oldest = seen.keys().next().value
      if (seen.size > ADDRESSES && oldest !== undefined) seen.delete(oldest)
    },
    waitSeconds(address) {
      const sinceMs = find(address)?.sinceMs ?? clock.nowMs()
      return Math.max(1, Math.ceil((sinceMs + WINDOW_MS - clock.nowMs()) / 1000))
    },
  }
}

/** One IPv6 user has a whole /64, so its first four groups stand for it; IPv4 stands for itself. */
function groupOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return groups.slice(0, 4).join(':')
}
