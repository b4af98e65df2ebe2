/** Activity labels: who does much and who does little, by the population's own quantiles. */

import { ACTIVITY_LABELS, type Profile } from '../core/contract/profile.ts'

const [HIGH, MEDIUM, LOW] = ACTIVITY_LABELS

/** Fewer profiles than these have no thirds. */
const SMALLEST_POPULATION = 3

/**
 * The profiles, each with `high_activity`, `medium_activity` or `low_activity` for the third of
 * these profiles it is in, by its number of steps. One that has such a label keeps it. Of fewer
 * than three profiles nothing is said.
 */
export function withActivityLabels(profiles: readonly Profile[]): Profile[] {
  return profiles.map(createActivityLabeller(profiles))
}

/** Labels one profile by the thirds of these others, as `withActivityLabels` does. */
export function createActivityLabeller(others: readonly Profile[]): (profile: Profile) => Profile {
  if (others.length < SMALLEST_POPULATION) return (profile) => profile
  const steps = others.map(stepsOf).toSorted((left, right) => left - right)
  const third = quantile(steps, 1 / 3)
  const twoThirds = quantile(steps, 2 / 3)
  const given: ReadonlySet<string> = new Set(ACTIVITY_LABELS)
  return (profile) =>
    profile.labels.some((label) => given.has(label))
      ? profile
      : { ...profile, labels: [...profile.labels, labelOf(stepsOf(profile), third, twoThirds)] }
}

/** Where both thirds end at the same number, those with that number are the middle. */
function labelOf(steps: number, third: number, twoThirds: number): string {
  const apart = third < twoThirds
  if (steps < third || (apart && steps === third)) return LOW
  if (steps > twoThirds || (apart && steps === twoThirds)) return HIGH
  return MEDIUM
}

function stepsOf(profile: Profile): number {
  return profile.behavioral_patterns.length
}

/** Nearest rank (Hyndman and Fan 1996, definition 1). */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
