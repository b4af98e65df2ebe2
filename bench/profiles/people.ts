/** Made-up profiles of five entries: common and rare values, as criteria meet them. Seeded. */

import { DEVICE_TYPES, type Profile } from '../../src/core/contract/profile.ts'
import { createRandom, type Random } from '../../src/core/random.ts'

const ACTIONS = [
  'home',
  'search',
  'list',
  'view',
  'cart',
  'checkout',
  'login',
  'logout',
  'review',
  'account',
  'help',
  'order',
]
export const COUNTRIES = ['US', 'DE', 'FR', 'GB', 'JP', 'BR', 'IN', 'ES', 'IT', 'PL']
const ACTIVITY = ['low_activity', 'medium_activity', 'high_activity']
/** Each is on a tenth of all profiles; both are on one profile in RARELY. */
export const NEVER_TOGETHER = ['left', 'right'] as const
const RARELY = 100_000

export function* people(count: number, prefix = 'user'): Generator<Profile> {
  const random = createRandom(1, prefix)
  for (let index = 0; index < count; index += 1) yield person(`${prefix}-${index}`, index, random)
}

function person(user_id: string, index: number, random: Random): Profile {
  const country = pick(COUNTRIES, random.next() ** 2)
  let timestamp = 0
  return {
    user_id,
    behavioral_patterns: Array.from({ length: 5 }, () => {
      timestamp = Math.round((timestamp + 8 * random.exponential()) * 1000) / 1000
      return {
        timestamp,
        action: pick(ACTIONS, random.next()),
        data: { q: `oak chair ${random.int(1000)}`, sku: `S${random.int(10_000)}` },
      }
    }),
    resource_intensity: {
      cpu_ms: Math.round(5000 * random.exponential()) / 100,
      memory_mb: random.int(64),
      network_kb: Math.round(100_000 * random.next()) / 100,
      period_s: 30 + random.int(600),
    },
    geo_location:
      random.next() < 0.5 ? country : `${country}-${pick(['A', 'B', 'C'], random.next())}`,
    device_type: pick(DEVICE_TYPES, random.next() ** 2),
    labels: [pick(ACTIVITY, random.next()), ...extraLabels(index, random)],
    source: random.next() < 0.9 ? 'synthetic' : 'derived',
  }
}

function extraLabels(index: number, random: Random): readonly string[] {
  if (index % RARELY === RARELY / 2) return NEVER_TOGETHER
  const share = random.next()
  if (share < 0.1) return NEVER_TOGETHER.slice(0, 1)
  if (share < 0.2) return NEVER_TOGETHER.slice(1)
  if (share < 0.4) return ['buyer']
  return share < 0.4005 ? ['rare'] : []
}

function pick<Value>(values: readonly Value[], share: number): Value {
  const value = values[Math.min(values.length - 1, Math.floor(share * values.length))]
  if (value === undefined) throw new RangeError('there is nothing to pick from')
  return value
}
