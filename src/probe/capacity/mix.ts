/**
 * What is sent: the safe actions of the profiles with the profiles' own data, in their natural
 * shares, built before anything is sent and the same for both arms.
 *
 * autocannon sends what it was given, again and again. So nothing that changes data is among it,
 * whatever is allowed elsewhere (the same order a thousand times is no user), and nothing that
 * needs an earlier answer: those actions are left out and listed.
 */

import { identityHeaders } from '../../actions/identity.ts'
import type { Action, Ontology } from '../../actions/ontology.ts'
import { buildRequest } from '../../actions/request.ts'
import type { Arm } from '../../core/arm.ts'
import type { Profile } from '../../core/contract/profile.ts'
import { UsageError } from '../../core/errors.ts'
import { createRandom } from '../../core/random.ts'
import type { ArmAddress } from '../../generator/client.ts'
import {
  isSendable,
  reachOf,
  type CapacityTarget,
  type FixedRequest,
} from '../../generator/capacity/target.ts'
import { createTraceParent, stampHeaders } from '../../generator/trace.ts'

export interface LeftOut {
  readonly action: string
  readonly code: string
}

export interface Mix {
  /** Those that are sent; their order is that of `CapacityTarget.statuses`. */
  readonly actions: readonly { readonly action: string; readonly share: number }[]
  readonly leftOut: readonly LeftOut[]
  readonly targets: Readonly<Record<'baseline' | 'canary', CapacityTarget>>
}

export interface MixOptions {
  readonly ontology: Ontology
  readonly profiles: readonly Profile[]
  readonly arms: readonly ArmAddress[]
  readonly secrets: Readonly<Record<string, string>>
  readonly seed: number
}

/** Different requests in all; each connection goes through a part of them. */
const REQUESTS = 1024

/** @throws UsageError with code `nothing-to-send` if no action is left */
export function createMix(options: MixOptions): Mix {
  const entries = entriesOf(options)
  const leftOut: LeftOut[] = []
  const kept: { action: Action; count: number; requests: readonly Request[] }[] = []
  for (const [name, { count, drawn }] of entries) {
    const action = options.ontology.actions.get(name)
    const why = action === undefined ? 'no-ontology-entry' : unfitness(action)
    if (action === undefined || why !== undefined) leftOut.push({ action: name, code: why ?? '' })
    else {
      const requests = drawn.flatMap((entry) => build(action, entry, options) ?? [])
      if (requests.length > 0) kept.push({ action, count, requests })
      else leftOut.push({ action: name, code: 'blocked' })
    }
  }
  if (kept.length === 0) throw nothingLeft(leftOut)
  const total = kept.reduce((sum, { count }) => sum + count, 0)
  const shares = kept.map(({ count }) => count / total)
  const order = spread(shares, REQUESTS)
  const nexts = kept.map(() => 0)
  const chosen = order.map((index) => {
    const { requests } = kept[index] ?? { requests: [] }
    const request = requests[(nexts[index] ?? 0) % requests.length]
    nexts[index] = (nexts[index] ?? 0) + 1
    return { index, request }
  })
  const targetOf = (arm: 'baseline' | 'canary'): CapacityTarget => ({
    ...reachOf(addressOf(options.arms, arm)),
    requests: chosen.flatMap(({ index, request }) =>
      request === undefined ? [] : { ...request[arm], action: index },
    ),
    statuses: kept.map(({ action }) => action.expectation.statuses),
  })
  return {
    actions: kept.map(({ action }, index) => ({
      action: action.name,
      share: shares[index] ?? 0,
    })),
    leftOut,
    targets: { baseline: targetOf('baseline'), canary: targetOf('canary') },
  }
}

/** Why autocannon cannot send the action, if it cannot. */
function unfitness({
  document,
  mutates,
  needs,
  followRedirects,
  request,
}: Action): string | undefined {
  if (mutates) return 'mutates'
  // Its parser waits for the body that a HEAD announces and never sends.
  if (document.request.method !== 'GET' || request.body.kind !== 'none') return 'not-get'
  if (needs.length > 0) return 'needs-capture'
  return followRedirects > 0 ? 'follows-redirects' : undefined
}

function nothingLeft(leftOut: readonly LeftOut[]): UsageError {
  const why = leftOut.slice(0, 5).map(({ action, code }) => `${action} (${code})`)
  return new UsageError(
    `Cannot measure capacity: no action can be sent on its own${why.length === 0 ? '' : `: ${why.join(', ')}`}`,
    {
      code: 'nothing-to-send',
      where: '--capacity',
      mend: 'have a GET in the profiles that needs nothing of an earlier answer, or leave out --capacity',
    },
  )
}

interface Entry {
  readonly profile: Profile
  readonly data: Profile['behavioral_patterns'][number]['data']
  readonly number: number
}

/** Of each action how often it occurs, and a fair draw of its entries. */
function entriesOf({
  profiles,
  seed,
}: MixOptions): ReadonlyMap<string, { count: number; drawn: Entry[] }> {
  const random = createRandom(seed, 'capacity')
  const found = new Map<string, { count: number; drawn: Entry[] }>()
  let number = 0
  for (const profile of profiles) {
    for (const { action, data } of profile.behavioral_patterns) {
      const own = found.get(action) ?? { count: 0, drawn: [] }
      found.set(action, own)
      own.count += 1
      number += 1
      const entry = { profile, data, number }
      // Reservoir sampling (Vitter 1985, algorithm R).
      if (own.drawn.length < REQUESTS) own.drawn.push(entry)
      else {
        const place = random.int(own.count)
        if (place < REQUESTS) own.drawn[place] = entry
      }
    }
  }
  return new Map([...found].toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

type Request = Readonly<Record<'baseline' | 'canary', Omit<FixedRequest, 'action'>>>

/** Undefined where the entry does not have what its templates need. */
function build(action: Action, entry: Entry, options: MixOptions): Request | undefined {
  const baseline = buildFor('baseline', action, entry, options)
  const canary = buildFor('canary', action, entry, options)
  return baseline === undefined || canary === undefined ? undefined : { baseline, canary }
}

function buildFor(
  arm: 'baseline' | 'canary',
  action: Action,
  { profile, data, number }: Entry,
  { ontology, arms, secrets, seed }: MixOptions,
): Omit<FixedRequest, 'action'> | undefined {
  const address = addressOf(arms, arm)
  const sessionId = `c${number}`
  const context = { data, profile, captured: {}, sessionId, arm, secrets }
  const built = buildRequest(ontology, action, context)
  if (built.kind === 'blocked') return undefined
  const lines = [...built.headers]
  // Not sampled: thousands of requests share it, and no collector is to be flooded with them.
  const trace = createTraceParent('capacity', seed)(sessionId, arm).replace(/01$/, '00')
  const own = [
    ...(address.host === undefined ? [] : ['host', address.host]),
    ...Object.entries(address.headers ?? {}).flatMap(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  ]
  stampHeaders(lines, trace, own, identityHeaders(ontology, profile))
  const headers: Record<string, string> = {}
  for (let index = 0; index < lines.length; index += 2) {
    const name = (lines[index] ?? '').toLowerCase()
    const value = lines[index + 1] ?? ''
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  // autocannon says itself that the connection stays.
  delete headers['connection']
  const path = new URL(address.url).pathname.replace(/\/+$/, '') + built.path
  const request = { path, headers }
  return isSendable(request) ? request : undefined
}

function addressOf(arms: readonly ArmAddress[], wanted: Arm): ArmAddress {
  const address = arms.find(({ arm }) => arm === wanted)
  if (address === undefined) throw new RangeError(`there is no ${wanted}`)
  return address
}

/**
 * Indices in their shares, each spread as evenly as can be, so that every stretch has the same mix
 * (the smooth weighted round robin of nginx).
 */
export function spread(shares: readonly number[], length: number): number[] {
  const credits = shares.map(() => 0)
  return Array.from({ length }, () => {
    let best = 0
    for (const [index, share] of shares.entries()) {
      credits[index] = (credits[index] ?? 0) + share
      if ((credits[index] ?? 0) > (credits[best] ?? 0)) best = index
    }
    credits[best] = (credits[best] ?? 0) - 1
    return best
  })
}

/** The mix without some of its actions; undefined if none is left. */
export function withoutActions(
  mix: Mix,
  names: ReadonlySet<string>,
  code: string,
): Mix | undefined {
  const kept = mix.actions.flatMap(({ action }, index) => (names.has(action) ? [] : [index]))
  if (kept.length === 0) return undefined
  const total = kept.reduce((sum, index) => sum + (mix.actions[index]?.share ?? 0), 0)
  const trimmed = (target: CapacityTarget): CapacityTarget => ({
    ...target,
    requests: target.requests.flatMap((request) => {
      const action = kept.indexOf(request.action)
      return action === -1 ? [] : { ...request, action }
    }),
    statuses: kept.flatMap((index) => target.statuses[index] ?? []),
  })
  return {
    actions: kept.flatMap((index) => {
      const entry = mix.actions[index]
      return entry === undefined ? [] : { action: entry.action, share: entry.share / total }
    }),
    leftOut: [...mix.leftOut, ...[...names].map((action) => ({ action, code }))],
    targets: { baseline: trimmed(mix.targets.baseline), canary: trimmed(mix.targets.canary) },
  }
}
