import { describe, expect, it } from 'vitest'
import type { RememberedPair } from '../../../src/analysis/cause/again.ts'
import { correlateFindings, rowsNeeded } from '../../../src/analysis/cause/correlate.ts'
import { createRemembered } from '../../../src/analysis/cause/remembered.ts'
import type { Finding } from '../../../src/core/contract/report.ts'
import { planOf } from '../synthetic.ts'
import { findingUnderLoad, remembered, simulate } from './queue.ts'

const actions = ['checkout', 'cart', 'home'].map((action) => ({ action, share: 1 / 3 }))
const options = {
  plan: planOf({ phases: ['load'] }, actions),
  seed: 1,
  originSeconds: 0,
  loadSeconds: 0,
}

function shop(users: number, rate: number, seconds: number): RememberedPair[] {
  const slow = actions.map((one) => ({
    ...one,
    baselineMs: 4,
    canaryMs: one.action === 'checkout' ? 40 : 4,
  }))
  return simulate({ actions: slow, rate, users, seconds })
}

describe('correlateFindings()', () => {
  it('leaves findings as they are where nothing is remembered', () => {
    const found = [findingUnderLoad('home'), findingUnderLoad('cart', { role: 'under_load' })]
    expect(correlateFindings(found, () => [], options)).toEqual({ findings: found, reasons: [] })
    expect(correlateFindings([], () => [], options)).toEqual({ findings: [], reasons: [] })
  })
  it('puts causes first and victims last, in the order of the evidence among them', () => {
    const found = ['home', 'cart', 'checkout'].map((action) => findingUnderLoad(action))
    const critical = findingUnderLoad('*', { rule: 'critical' }, 'errors')
    const rows = remembered(shop(8, 20, 60))
    const { findings, reasons } = correlateFindings([...found, critical], rows, options)
    expect(findings.map(({ action, role }) => [action, role])).toEqual([
      ['*', undefined],
      ['checkout', 'cause'],
      ['home', 'victim'],
      ['cart', 'victim'],
    ])
    expect(reasons).toEqual([])
  })
  it('says of whom it cannot tell, with what goes along with what', () => {
    const found = ['home', 'cart', 'checkout'].map((action) => findingUnderLoad(action))
    const { findings, reasons } = correlateFindings(found, remembered(shop(50, 60, 20)), options)
    expect(findings.map(({ action, role }) => [action, role])).toEqual([
      ['checkout', 'cause'],
      ['home', undefined],
      ['cart', undefined],
    ])
    expect(reasons).toHaveLength(2)
    expect(reasons[0]?.code).toBe('not-separable')
    expect(reasons[0]?.message).toMatch(
      /^home may be held up by checkout: \d+ of its \d+ pairs under load met no request of checkout; about \d+ % of its excess goes along with theirs$/,
    )
  })
  it('looks at the load phase alone for roles', () => {
    const quiet = shop(1, 5, 30)
    const found = ['home', 'checkout'].map((action) => findingUnderLoad(action))
    const { reasons } = correlateFindings(found, remembered(quiet), { ...options, loadSeconds: 30 })
    expect(reasons[0]?.message).toContain('0 of its 0 pairs')
  })
  it('adds the segment that explains a finding, and whether the rest is proven', () => {
    const pairs = shop(1, 30, 60).map((pair, index) => ({
      ...pair,
      canaryMs: index % 3 === 0 ? 2 * pair.baselineMs : pair.baselineMs,
      segment: { ...pair.segment, device: index % 3 === 0 ? 'mobile' : 'desktop' },
    }))
    const { findings } = correlateFindings([findingUnderLoad('home')], remembered(pairs), options)
    expect(findings[0]).toMatchObject({ segment: { device: 'mobile' }, restHealthy: true })
  })
  it('names the action that explains a finding of the whole service', () => {
    const pairs = shop(1, 5, 300)
    const { findings } = correlateFindings([findingUnderLoad('*')], remembered(pairs), options)
    expect(findings[0]?.segment).toEqual({ action: 'checkout' })
  })
})

describe('rowsNeeded()', () => {
  it('names each action once and the whole service first, and nothing without findings', () => {
    const twice: Finding[] = [findingUnderLoad('home'), findingUnderLoad('home', {}, 'errors')]
    expect(rowsNeeded([...twice, findingUnderLoad('rare')])).toEqual(['*', 'home'])
    expect(rowsNeeded([])).toEqual([])
  })
})

describe('createRemembered()', () => {
  const record = (at: number): Omit<RememberedPair, 'segment'> => ({
    pair: `s${at}`,
    at,
    baselineMs: 1,
    canaryMs: 2,
    baseline: 'ok',
    canary: 'ok',
  })
  it('does not remember actions that the plan does not have', () => {
    const kept = createRemembered(['home'])
    kept.pair('stranger', record(1), {})
    expect(kept.rows('stranger')).toEqual([])
    expect(kept.rows('*')).toEqual([])
  })
  it('keeps the last 3000 pairs of each action, and of all together with their action', () => {
    const kept = createRemembered(['home', 'cart'])
    for (let at = 0; at < 3500; at += 1) kept.pair('home', record(at), { device: 'mobile' })
    kept.pair('cart', record(3500), undefined)
    expect(kept.rows('home').map(({ at }) => at)).toEqual(
      Array.from({ length: 3000 }, (_, index) => 500 + index),
    )
    expect(kept.rows('cart')).toEqual([{ ...record(3500), segment: {} }])
    expect(kept.rows('*')).toHaveLength(3000)
    expect(kept.rows('*').at(-1)?.segment).toEqual({ action: 'cart' })
    expect(kept.rows('*').at(-2)?.segment).toEqual({ action: 'home', device: 'mobile' })
  })
  it('keeps nothing but what it needs', () => {
    const kept = createRemembered(['home'])
    const more = { ...record(1), action: 3, answers: { canary: 'large' } }
    kept.pair('home', more, {})
    expect(kept.rows('home')[0]).not.toHaveProperty('answers')
  })
})
