/**
 * Policies of allocation side by side, on a simulated service with a known fault: how much of a bad
 * canary real users meet, how soon a good one is at its last weight, how often the weight turns.
 * Seeded, so it prints the same figures again.
 *
 *   node bench/allocation/compare.ts [rollouts of each]
 */

import { policySchema } from '../../src/core/contract/policy.ts'
import type { Policy } from '../../src/core/contract/policy-rules.ts'
import { rideFlagger, rideSource } from './others.ts'
import { rideOurs } from './ours.ts'
import type { Ride } from './ride.ts'
import { SCENARIOS, type Scenario } from './world.ts'

const STAGES = ['5%', '10%', '25%', '50%', '100%'].map((weight) => ({ weight, for: '5m' }))
const gate = { need: 'none' as const }

function policyOf(written: Parameters<typeof policySchema.parse>[0]): Policy {
  return policySchema.parse(written)
}

const linear = policyOf({ gate })
const gated = policyOf({})
const stages = policyOf({ kind: 'stages', stages: STAGES, gate })
const doubling = policyOf({ kind: 'multiplicative', start: '5%', interval: '3m', gate })

const CONTENDERS: readonly {
  readonly name: string
  readonly ride: (scenario: Scenario, seed: number) => Ride
}[] = [
  { name: 'source, 3 sigma', ride: (scenario, seed) => rideSource(scenario, seed) },
  {
    name: 'source, our evidence',
    ride: (scenario, seed) => rideSource(scenario, seed, { lnThreshold: Math.log(300) }),
  },
  {
    name: 'Flagger 10 % to 50 %',
    ride: (scenario, seed) => rideFlagger(scenario, seed, { step: 0.1, most: 0.5, threshold: 5 }),
  },
  {
    name: 'Flagger 1 % to 100 %',
    ride: (scenario, seed) => rideFlagger(scenario, seed, { step: 0.01, most: 1, threshold: 5 }),
  },
  { name: 'linear, no gate', ride: (scenario, seed) => rideOurs(linear, scenario, seed) },
  { name: 'linear (default)', ride: (scenario, seed) => rideOurs(gated, scenario, seed) },
  { name: 'stages, no gate', ride: (scenario, seed) => rideOurs(stages, scenario, seed) },
  { name: 'doubling, no gate', ride: (scenario, seed) => rideOurs(doubling, scenario, seed) },
]

const runs = Number(process.argv[2] ?? 6)
const startedAt = performance.now()
console.log(
  `${runs} rollouts of each, 3 h at most; up/back/going = promoted, rolled back, still going.\n` +
    'exposure = median % × min of real users on a bad canary (after a promotion all, for 3 h);\n' +
    'full = median min to the last weight; turns = changes of direction per rollout.',
)
for (const scenario of SCENARIOS) {
  console.log(`\n${scenario.name} (${scenario.bad ? 'bad' : 'good'})`)
  for (const { name, ride } of CONTENDERS) {
    const rides = Array.from({ length: runs }, (_, index) => ride(scenario, 1 + index * 1000))
    console.log(`  ${name.padEnd(21)} ${line(rides, scenario.bad)}`)
  }
}
console.log(`\n${((performance.now() - startedAt) / 1000).toFixed(1)} s`)

function line(rides: readonly Ride[], bad: boolean): string {
  const count = (outcome: Ride['outcome']): number =>
    rides.filter((ride) => ride.outcome === outcome).length
  const reached = rides.flatMap(({ fullMinutes }) => fullMinutes ?? [])
  const full = reached.length === 0 ? '-' : median(reached).toFixed(0)
  const exposure = median(rides.map((ride) => ride.exposure))
  const mean = rides.reduce((sum, { turns }) => sum + turns, 0) / rides.length
  return [
    `${count('promoted')}/${count('rolled back')}/${count('still going')}`.padStart(8),
    ...(bad ? [`exposure ${exposure.toFixed(1).padStart(7)}`] : []),
    `ended ${median(rides.map(({ endMinutes }) => endMinutes))
      .toFixed(1)
      .padStart(6)} min`,
    `full ${full.padStart(3)}`,
    `turns ${mean.toFixed(1).padStart(4)}`,
  ].join('  ')
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}
