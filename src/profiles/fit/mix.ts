/**
 * The behaviour mix: one persona, or several where sessions are of kinds that one chain would blur.
 *
 * How many kinds there are decides Schwarz's criterion (1978). A mix that would lose more
 * transitions to k-anonymity than one chain does, by a hundredth of all steps, is not taken: what
 * it gains in kinds it would lose in ways.
 */

import type { Sliced } from '../slices.ts'
import type { Chain, StateSession } from './chain.ts'
import { encode, fitMixture } from './mixture.ts'

export interface Persona {
  readonly name: string
  /** Sessions, in part where they belong to several. */
  readonly count: number
  readonly chain: Chain
}

const MOST_PERSONAS = 5
const MORE_LOST = 0.01
/** The share of the work for each number of personas. */
const PART = 1 / (MOST_PERSONAS + 1)
/** A session that belongs to a persona by less adds nothing to it. */
const LEAST_EXTENT = 0.001

/**
 * The personas, the most frequent first; undefined where not even one chain can be fitted.
 * @param fit the chain of these sessions
 */
export function* fitMix(
  sessions: readonly StateSession[],
  fit: (own: readonly StateSession[]) => Chain | undefined,
  seed: number,
): Sliced<Persona[] | undefined> {
  const whole = fit(sessions)
  yield PART
  if (whole === undefined) return undefined
  const steps = sessions.reduce((sum, { states }) => sum + states.length, 0)
  const mostLost = whole.rareTransitions + MORE_LOST * steps
  const encoded = encode(sessions.map(({ states }) => states))
  let best = fitMixture(encoded, 1, seed).cost
  let personas: Persona[] = [{ name: 'visitor', count: sessions.length, chain: whole }]
  for (let count = 2; count <= MOST_PERSONAS; count += 1) {
    const { cost, belongs } = fitMixture(encoded, count, seed)
    yield PART * count
    if (cost >= best) continue
    const found: Persona[] = []
    for (const own of belongs) {
      found.push(...personaOf(sessions, own, fit))
      yield PART * count
    }
    const lost = found.reduce((sum, { chain }) => sum + chain.rareTransitions, 0)
    if (found.length < count || lost > mostLost) continue
    best = cost
    personas = found
      .toSorted((left, right) => right.count - left.count)
      .map((persona, index) => ({ ...persona, name: `visitor_${index + 1}` }))
  }
  return personas
}

function personaOf(
  sessions: readonly StateSession[],
  belongs: Float64Array,
  fit: (own: readonly StateSession[]) => Chain | undefined,
): Persona[] {
  const own = sessions.flatMap((session, index) => {
    const extent = belongs[index] ?? 0
    return extent < LEAST_EXTENT ? [] : [{ ...session, extent }]
  })
  const chain = fit(own)
  const count = own.reduce((sum, { extent }) => sum + extent, 0)
  return chain === undefined ? [] : [{ name: '', count, chain }]
}
