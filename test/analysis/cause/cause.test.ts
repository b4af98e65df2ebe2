import { describe, expect, it } from 'vitest'
import type { RememberedPair } from '../../../src/analysis/cause/again.ts'
import { findingKey, rankOf, separate, type Separation } from '../../../src/analysis/cause/cause.ts'
import type { Finding } from '../../../src/core/contract/report.ts'
import { findingUnderLoad, remembered, simulate, type SimulatedAction } from './queue.ts'

const options = { alphaHealthy: 0.05, seed: 1, floorMs: 0.5, fromSeconds: 0 }

/** Four actions of 2 ms each; in the canary some take longer. */
function shop(canaryMs: Readonly<Record<string, number>>): SimulatedAction[] {
  return ['checkout', 'cart', 'search', 'home'].map((action) => ({
    action,
    share: 0.25,
    baselineMs: 2,
    canaryMs: canaryMs[action] ?? 2,
  }))
}

const everybody = ['home', 'search', 'cart', 'checkout'].map((action) =>
  findingUnderLoad(action, { margin: 0.25 }),
)

function rolesOf(
  findings: readonly Finding[],
  separations: ReadonlyMap<string, Separation>,
): Record<string, string> {
  return Object.fromEntries(
    findings.flatMap((finding) => {
      const known = separations.get(findingKey(finding))
      return known === undefined ? [] : [[finding.action, known.role ?? 'not separable'] as const]
    }),
  )
}

function separated(
  pairs: readonly RememberedPair[],
  findings: readonly Finding[] = everybody,
): Record<string, string> {
  return rolesOf(findings, separate(findings, remembered(pairs), options))
}

describe('separate()', () => {
  it('knows nothing of findings that no queue explains', () => {
    const pairs = simulate({ actions: shop({ checkout: 30 }), rate: 20, users: 4, seconds: 20 })
    const strangers = [
      findingUnderLoad('*'),
      findingUnderLoad('rare'),
      findingUnderLoad('cart', {}, 'responses'),
      findingUnderLoad('*', {}, 'memory'),
      findingUnderLoad('home', { rule: 'critical' }),
      findingUnderLoad('home', { phase: 'quiet', role: 'cause' }),
    ]
    expect([...separate(strangers, remembered(pairs), options)]).toEqual([])
    expect([...separate([], remembered([]), options)]).toEqual([])
  })
  it.each([1, 4, 16])('names the slow action and its victims, with %i users', (users) => {
    const pairs = simulate({ actions: shop({ checkout: 30 }), rate: 30, users, seconds: 60 })
    expect(separated(pairs)).toEqual({
      checkout: 'cause',
      cart: 'victim',
      search: 'victim',
      home: 'victim',
    })
  })
  it('names two causes, whoever is held up by both', () => {
    const slow = shop({ checkout: 30, cart: 20 })
    const pairs = simulate({ actions: slow, rate: 20, users: 16, seconds: 60 })
    expect(separated(pairs)).toEqual({
      checkout: 'cause',
      cart: 'cause',
      search: 'victim',
      home: 'victim',
    })
  })
  it('blames no innocent action in 60 runs, at any load', () => {
    for (const rate of [20, 50, 80]) {
      for (let seed = 1; seed <= 20; seed += 1) {
        const pairs = simulate({
          actions: shop({ checkout: 30 }),
          rate,
          users: 16,
          seconds: 20,
          seed,
        })
        const { checkout, ...others } = separated(pairs)
        expect(checkout).toBe('cause')
        expect(Object.values(others)).not.toContain('cause')
      }
    }
  })
  it('says of nobody what it is where no pair is clean', () => {
    const flooded = simulate({ actions: shop({ checkout: 45 }), rate: 80, users: 50, seconds: 20 })
    const found = separate(everybody, remembered(flooded), options)
    expect(rolesOf(everybody, found)).toEqual({
      checkout: 'cause',
      cart: 'not separable',
      search: 'not separable',
      home: 'not separable',
    })
    const home = everybody.find(({ action }) => action === 'home')
    const known = home && found.get(findingKey(home))
    expect(known?.causes).toEqual(['checkout'])
    expect(known?.cleanPairs).toBeLessThan(20)
    expect(known?.pairs).toBeGreaterThan(200)
  })
  it('ranks by the mean excess, so that a frequent victim does not pass for the cause', () => {
    const [checkout, ...others] = shop({ checkout: 60 })
    const rare = [
      { action: 'checkout', baselineMs: 2, canaryMs: checkout?.canaryMs ?? 0, share: 0.04 },
      ...others.map((one) => ({ ...one, share: 0.32 })),
    ]
    const pairs = simulate({ actions: rare, rate: 50, users: 16, seconds: 60 })
    const excess = (action: string): number =>
      remembered(pairs)(action).reduce(
        (sum, { canaryMs, baselineMs }) => sum + canaryMs - baselineMs,
        0,
      )
    expect(excess('home') + excess('search') + excess('cart')).toBeGreaterThan(excess('checkout'))
    expect(separated(pairs)).toMatchObject({ checkout: 'cause', home: 'victim' })
  })
  it('keeps the cause of the quiet phase and looks for its victims under load', () => {
    const pairs = simulate({ actions: shop({ checkout: 30 }), rate: 30, users: 8, seconds: 60 })
    const cause = findingUnderLoad('checkout', { phase: 'quiet', role: 'cause' })
    const again = findingUnderLoad('checkout', { role: 'under_load' }, 'latency_tail')
    const held = findingUnderLoad('cart', { role: 'under_load', margin: 0.25 })
    const found = separate([cause, again, held], remembered(pairs), options)
    expect(found.get(findingKey(cause))).toBeUndefined()
    expect(found.get(findingKey(again))).toBeUndefined()
    expect(found.get(findingKey(held))).toMatchObject({ role: 'victim', causes: ['checkout'] })
  })
  it('leaves "only under load" to an action that was named alone', () => {
    const pairs = simulate({ actions: shop({ checkout: 30 }), rate: 30, users: 8, seconds: 20 })
    const alone = findingUnderLoad('checkout', { role: 'under_load' })
    expect(separated(pairs, [alone])).toEqual({ checkout: 'under_load' })
    expect(separated(pairs, [findingUnderLoad('checkout')])).toEqual({ checkout: 'cause' })
  })
  it('takes a tail for a victim only where nothing is left of it on clean pairs', () => {
    const pairs = simulate({ actions: shop({ checkout: 30 }), rate: 30, users: 8, seconds: 100 })
    const tails = everybody.map((finding) => ({ ...finding, metric: 'latency_tail' as const }))
    expect(separated(pairs, tails)).toMatchObject({ checkout: 'cause', home: 'victim' })
    // A slow mode of its own: each tenth answer of home takes 20 ms more.
    let answers = 0
    const own = pairs.map((pair) => {
      if (pair.segment['action'] !== 'home') return pair
      answers += 1
      return answers % 10 === 0 ? { ...pair, canaryMs: pair.canaryMs + 20 } : pair
    })
    expect(separated(own, tails)).toMatchObject({ checkout: 'cause', search: 'victim' })
    expect(separated(own, tails)['home']).not.toBe('victim')
  })
  it('separates errors by failures: timeouts behind a slow action are not those of its neighbours', () => {
    const slow = simulate({ actions: shop({ checkout: 60 }), rate: 20, users: 16, seconds: 150 })
    const late = slow.map((pair): RememberedPair => ({
      ...pair,
      canary: pair.canaryMs > 50 ? 'timeout' : 'ok',
    }))
    const errors = everybody.map(({ action }) => findingUnderLoad(action, {}, 'errors'))
    expect(separated(late, errors)).toMatchObject({ checkout: 'cause', cart: 'victim' })
    let seen = 0
    const own = late.map((pair): RememberedPair => {
      if (pair.segment['action'] !== 'cart') return pair
      seen += 1
      return seen % 4 === 0 ? { ...pair, canary: 'http_error' } : pair
    })
    const roles = separated(own, errors)
    expect(roles).toMatchObject({ checkout: 'cause', cart: 'cause' })
    expect(roles['home']).not.toBe('cause')
  })
  it('does not depend on the order in which pairs were remembered, nor on who is asked first', () => {
    const pairs = simulate({
      actions: shop({ checkout: 30, cart: 20 }),
      rate: 30,
      users: 8,
      seconds: 30,
    })
    const there = separated(pairs)
    expect(separated(pairs.toReversed(), everybody.toReversed())).toEqual(there)
  })
})

describe('rankOf()', () => {
  it('puts the fixed rule first, then causes, then what is not known, then victims', () => {
    const ranks = [
      rankOf({ rule: 'critical' }),
      rankOf({ rule: 'evidence', role: 'cause' }),
      rankOf({ rule: 'evidence' }),
      rankOf({ rule: 'evidence', role: 'victim' }),
    ]
    expect(ranks).toEqual(ranks.toSorted((left, right) => right - left))
    expect(new Set(ranks).size).toBe(4)
    expect(rankOf({ rule: 'evidence', role: 'under_load' })).toBe(rankOf({ rule: 'evidence' }))
  })
})
