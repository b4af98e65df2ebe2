import { describe, expect, it } from 'vitest'
import { renderCloseness } from '../../../src/cli/profiles/closeness.ts'
import { renderDescription } from '../../../src/cli/profiles/description.ts'
import type { Closeness, Description } from '../../../src/outrider.ts'
import { MEASURES } from '../../../src/profiles/distance/compare.ts'

const STYLE = { colour: false, unicode: true }

function closenessOf(measures: Closeness['measures']): Closeness {
  return { real: 1204, synthetic: 4000, perSide: 602, splits: 40, measures }
}

const measured = closenessOf(
  MEASURES.map((name, index) => ({
    name,
    kind: 'measured',
    distance: 0.1234 + index / 10,
    noise: 0.1,
    noiseHigh: 0.15,
    word: index === 0 ? 'within the noise' : index === 1 ? 'close' : 'far',
  })),
)

describe('renderCloseness', () => {
  it('renderCloseness() never gives a figure for what was not measured', () => {
    const reason = 'fewer than 10 sessions a side'
    const none = MEASURES.map((name) => ({ name, kind: 'not-measured' as const, reason }))
    const lines = renderCloseness(closenessOf(none), STYLE)
    expect(lines.at(-1)).toBe(
      '4 000 synthetic users beside 1 204 derived ones: too few to be compared',
    )
    expect(lines.slice(1, -1).every((line) => line.endsWith(`not measured: ${reason}`))).toBe(true)
    expect(lines.join('\n')).not.toMatch(/\d\.\d/)
  })
  it('renderCloseness() ends with the sentence, and names what is far', () => {
    const lines = renderCloseness(measured, STYLE)
    expect(lines[0]).toMatch(/^ {2}how close +distance +noise +95 %$/)
    expect(lines[1]).toMatch(/mix of actions .* 0\.123 +0\.100 +0\.150 {2}within the noise$/)
    const sentence = lines.slice(11).join(' ')
    expect(sentence).toContain('1 of 10 distances within the noise of two random halves')
    expect(sentence).toContain('(602 sessions a side); far: think times, session lengths')
  })
  it('renderCloseness() fits into 80 columns, also in ASCII', () => {
    for (const unicode of [true, false]) {
      for (const line of renderCloseness(measured, { colour: false, unicode })) {
        expect(line.length, line).toBeLessThanOrEqual(80)
        if (!unicode) expect(line).toMatch(/^[ -~]*$/)
      }
    }
  })
})

describe('renderDescription', () => {
  const spread = { p10: 1, p50: 2, p90: 65, p99: 4000 }
  const shares = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`action_${n}`, 1 / 20]))
  const description: Description = {
    users: 1000,
    steps: 6500,
    actions: shares,
    sources: { derived: 1 },
    geo: { 'US-CA': 0.5, ZZ: 0.5 },
    devices: { mobile: 1 },
    labels: {},
    sessionSteps: spread,
    sessionSeconds: spread,
  }
  it('renderDescription() leaves out what nobody has, and counts what it does not name', () => {
    const lines = renderDescription(description, STYLE)
    expect(lines.join(' ')).toContain('8 more')
    expect(lines.join('\n')).not.toContain('labels')
    expect(lines.at(-1)).toMatch(/^ {2}think time +- +- +- +-$/)
    expect(lines.find((line) => line.includes('session, time'))).toMatch(/1 min 5 s +1 h 6 min$/)
  })
  it('renderDescription() makes names harmless, and fits into 80 columns', () => {
    const hostile = { ...description, labels: { '\u001B[31mred': 1, ['x'.repeat(90)]: 0.5 } }
    const lines = renderDescription(hostile, { colour: false, unicode: false })
    expect(lines.join('\n')).toContain('\\x1b[31mred')
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80)
  })
})
