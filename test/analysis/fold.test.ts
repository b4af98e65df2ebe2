import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEvidence, updateEvidence } from '../../src/analysis/evidence.ts'
import { coin, failureScore, throwOf } from '../../src/analysis/failures.ts'
import {
  foldPairs,
  mergeSums,
  withoutLatency,
  type BlockSums,
  type PairRecord,
} from '../../src/analysis/fold.ts'
import {
  countSlots,
  GRIDS,
  RATIO_GRID,
  SLOTS,
  type Grid,
} from '../../src/analysis/folding/slots.ts'
import { shareScore, tailScore, toUnits, typicalScore } from '../../src/analysis/latency.ts'
import { createLearning, learn, parametersOf } from '../../src/analysis/parameters.ts'
import type { ActionSums } from '../../src/analysis/folding/sums.ts'
import type { AnswerDiff, PairAnswers } from '../../src/core/answers.ts'
import { OUTCOMES } from '../../src/core/contract/sample.ts'
import { createRandom, type Random } from '../../src/core/random.ts'
import { createWorld, planOf } from './synthetic.ts'

const plan = planOf()
const zeroPlan = planOf({
  floorMs: 0,
  margins: { latency_typical: 0, latency_tail: 0, errors: 0 },
  healthyMargins: { latency_typical: 0, latency_tail_share: 0, errors: 0 },
})
const learned = createLearning(plan)
learn(
  learned,
  foldPairs(plan, 1, parametersOf(plan, learned, -1), createWorld(plan, 9).pairs(0, 60, 'load')),
)
const parameters = parametersOf(plan, learned, 0)
const zeroParameters = parametersOf(zeroPlan, learned, 0)

const latency = fc.oneof(
  fc.double({ min: 0.001, max: 20_000, noNaN: true }),
  fc.constantFrom(Number.NaN, Infinity, 0, -1),
)
const pairs = fc
  .array(
    fc.record({
      action: fc.integer({ min: 0, max: 3 }),
      baselineMs: latency,
      canaryMs: latency,
      baseline: fc.constantFrom('ok' as const, 'ok' as const, ...OUTCOMES),
      canary: fc.constantFrom('ok' as const, 'ok' as const, ...OUTCOMES),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 60 },
  )
  .map((list): PairRecord[] => list.map((pair, index) => ({ ...pair, pair: `s${index}.0` })))

function one(changed: Partial<PairRecord>): PairRecord {
  const plain = { pair: 's1.1', action: 0, baselineMs: 20, canaryMs: 22, at: 1 }
  return { ...plain, baseline: 'ok', canary: 'ok', ...changed }
}

function foldOne(changed: Partial<PairRecord>): BlockSums['actions'][number] {
  const [sums] = foldPairs(plan, 1, parameters, [one(changed)]).actions
  if (sums === undefined) throw new Error('no sums')
  return sums
}

describe('pair scores', () => {
  it('coin() never falls at a margin of 0 and always at 1', () => {
    for (let index = 0; index < 1000; index += 1) {
      const thrown = throwOf(1, `s${index}.0`)
      expect(coin(thrown, 0)).toBe(false)
      expect(coin(thrown, 1)).toBe(true)
    }
  })

  it('coin() falls as often as the margin says and is the same each time', () => {
    const falls = Array.from({ length: 20_000 }, (_, index) => coin(throwOf(7, `s${index}`), 0.05))
    expect(falls.filter(Boolean).length / falls.length).toBeCloseTo(0.05, 2)
    expect(coin(throwOf(7, 's17'), 0.05)).toBe(falls[17])
  })

  it('every score is negated bit for bit when the compared values are swapped', () => {
    const positive = fc.double({ min: 0.01, max: 20_000, noNaN: true })
    const margin = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(positive, positive, margin, positive, (b, c, m, tau) => {
        const lnMargin = Math.log1p(m)
        const shifted = Math.log(c) - lnMargin
        const straight = toUnits(typicalScore(Math.log(b), Math.log(c), lnMargin, 0.68))
        // Swapped, the baseline's place is taken by ln c − m and the canary's by ln b.
        const swapped = toUnits(typicalScore(shifted, Math.log(b), 0, 0.68))
        expect(swapped + straight).toBe(0)
        const divided = c / (1 + m)
        const tail = toUnits(tailScore(b, c, 1 + m, tau))
        expect(toUnits(tailScore(divided, b, 1, tau)) + tail).toBe(0)
        expect(shareScore(b, c, tau, false) + shareScore(c, b, tau, false)).toBe(0)
      }),
    )
  })

  it('failureScore() counts the coin as a failure of the baseline', () => {
    expect(failureScore(false, true, false)).toBe(1)
    expect(failureScore(false, true, true)).toBe(0)
    expect(failureScore(true, false, true)).toBe(-1)
    expect(failureScore(true, true, false)).toBe(0)
  })
})

describe('foldPairs()', () => {
  it('refuses a pair of an action that the plan does not have', () => {
    expect(() => foldPairs(plan, 1, parameters, [one({ action: 4 })])).toThrow(/action of the plan/)
  })

  it('leaves a pair with an aborted arm out of everything', () => {
    const sums = foldPairs(plan, 1, parameters, [one({ canary: 'aborted' })])
    expect(sums.pairs).toBe(0)
    expect(sums).toEqual(foldPairs(plan, 1, parameters, []))
  })

  it('keeps a fast failure of either arm out of the latency scores only', () => {
    for (const arm of ['baseline', 'canary'] as const) {
      const sums = foldOne({ [arm]: 'http_error' })
      expect(sums.pairs).toBe(1)
      expect(sums.latencyPairs).toBe(0)
      expect(sums.scores[SLOTS.typical('alarm')]).toBe(0)
      expect(sums.scores[SLOTS.errors('serviceAlarm')]).toBe(arm === 'canary' ? 1 : -1)
    }
  })

  it('scores a timeout as slow and as failed, and a hang as no more than the censor', () => {
    const hang = foldOne({ canary: 'timeout', canaryMs: 10_000 })
    expect(hang.latencyPairs).toBe(1)
    expect(hang.canaryFailed).toBe(1)
    const censored = foldOne({ canary: 'timeout', canaryMs: 2000 })
    expect(hang.scores).toEqual(censored.scores)
  })

  it('counts latencies that cannot be true as 0.01 ms', () => {
    expect(foldOne({ canaryMs: Number.NaN }).odd).toBe(1)
    expect(foldOne({ canaryMs: -5, baselineMs: 0 }).odd).toBe(2)
    expect(foldOne({ canaryMs: Number.NaN }).scores).toEqual(foldOne({ canaryMs: 0.01 }).scores)
  })

  it('negates every score bit for bit when the arms are swapped at margin 0', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const swapped = list.map((pair) => ({
          ...pair,
          baselineMs: pair.canaryMs,
          canaryMs: pair.baselineMs,
          baseline: pair.canary,
          canary: pair.baseline,
        }))
        const straight = foldPairs(zeroPlan, 1, zeroParameters, list)
        const mirrored = foldPairs(zeroPlan, 1, zeroParameters, swapped)
        for (const [index, { scores }] of straight.actions.entries()) {
          const other = mirrored.actions[index]?.scores ?? []
          for (let slot = 0; slot < SLOTS.grid('typical', 0); slot += 1) {
            expect((scores[slot] ?? 0) + (other[slot] ?? 0)).toBe(0)
          }
          // The grids mirror too: +m in one is −m in the other. A tail's threshold is the baseline's.
          for (const grid of ['typical', 'errors', 'share'] as const) {
            for (const [place, margin] of GRIDS[grid].entries()) {
              const mirror = SLOTS.grid(grid, GRIDS[grid].indexOf(margin === 0 ? 0 : -margin))
              const sum = (scores[SLOTS.grid(grid, place)] ?? 0) + (other[mirror] ?? 0)
              expect(Math.abs(sum)).toBeLessThan(grid === 'typical' ? list.length * 2 + 1 : 1)
            }
          }
        }
      }),
    )
  })

  it('does not care about the order of the pairs', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const straight = foldPairs(plan, 1, parameters, list)
        expect(foldPairs(plan, 1, parameters, list.toReversed())).toEqual(straight)
      }),
    )
  })

  it('sums are exact integers', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        for (const { scores, deviation } of foldPairs(plan, 1, parameters, list).actions) {
          expect([...scores, deviation].every(Number.isSafeInteger)).toBe(true)
        }
      }),
    )
  })

  it('survives structured clone', () => {
    const sums = foldPairs(plan, 1, parameters, [one({})])
    expect(structuredClone(sums)).toEqual(sums)
    expect(structuredClone(parameters)).toEqual(parameters)
  })
})

describe('mergeSums()', () => {
  it('gives the sums of nothing for no parts', () => {
    expect(mergeSums(plan, [])).toEqual(foldPairs(plan, 1, parameters, []))
  })

  it('of any split is the whole', () => {
    fc.assert(
      fc.property(pairs, fc.array(fc.integer({ min: 0, max: 3 })), (list, workers) => {
        const parts = split(list, (index) => workers[index % (workers.length || 1)] ?? 0)
        const folded = parts.map((part) => foldPairs(plan, 1, parameters, part))
        expect(mergeSums(plan, folded)).toEqual(foldPairs(plan, 1, parameters, list))
      }),
    )
  })

  it('of any split of every block gives bit-identical evidence', () => {
    const random = createRandom(3)
    const world = createWorld(plan, 3)
    const blocks = Array.from({ length: 40 }, (_, index) => world.pairs(index, index + 1, 'load'))
    const whole = blocks.map((block) => foldPairs(plan, 1, parameters, block))
    for (let round = 0; round < 20; round += 1) {
      const merged = blocks.map((block) => mergeSums(plan, foldSplit(block, random)))
      expect(lnEvidenceOf(merged)).toEqual(lnEvidenceOf(whole))
    }
  })

  it('keeps the order of pairs only where a block has few', () => {
    const many = Array.from({ length: 300 }, (_, index) => one({ pair: `s${index}`, at: index }))
    expect(foldPairs(plan, 1, parameters, many.slice(0, 200)).turns).toHaveLength(200)
    const parts = split(many, (index) => index % 2).map((part) =>
      foldPairs(plan, 1, parameters, part),
    )
    expect(mergeSums(plan, parts).turns).toEqual([])
    expect(mergeSums(plan, parts)).toEqual(foldPairs(plan, 1, parameters, many))
  })
})

function split(list: readonly PairRecord[], worker: (index: number) => number): PairRecord[][] {
  return [0, 1, 2, 3].map((own) => list.filter((_, index) => worker(index) === own))
}

function foldSplit(block: readonly PairRecord[], random: Random): BlockSums[] {
  const workers = block.map(() => random.int(4))
  return split(block, (index) => workers[index] ?? 0).map((part) =>
    foldPairs(plan, 1, parameters, part),
  )
}

function lnEvidenceOf(blocks: readonly BlockSums[]): number[] {
  const slots = [
    SLOTS.typical('alarm'),
    SLOTS.tail95('serviceAlarm'),
    SLOTS.errors('alarm'),
    SLOTS.grid('typical', 7),
    SLOTS.grid('tail99', 40),
    SLOTS.grid('errors', 20),
  ]
  return slots.flatMap((slot) => {
    const evidence = createEvidence(1800)
    for (const { actions } of blocks) {
      updateEvidence(
        evidence,
        actions.reduce((sum, { scores }) => sum + (scores[slot] ?? 0), 0),
      )
    }
    return [evidence.lnUp, evidence.lnDown]
  })
}

describe('the grids', () => {
  const clean = fc
    .array(
      fc.record({
        baselineMs: fc.double({ min: 0.01, max: 2000, noNaN: true }),
        canaryMs: fc.double({ min: 0.01, max: 2000, noNaN: true }),
        baseline: fc.constantFrom('ok' as const, 'timeout' as const),
        canary: fc.constantFrom('ok' as const, 'timeout' as const),
      }),
      { minLength: 1, maxLength: 20 },
    )
    .map((list) => list.map((pair, index) => one({ ...pair, pair: `s${index}.0` })))

  function gridOf(list: readonly PairRecord[], grid: Grid): number[] {
    const scores = foldPairs(plan, 1, parameters, list).actions[0]?.scores
    return GRIDS[grid].map((_, index) => scores?.[SLOTS.grid(grid, index)] ?? Number.NaN)
  }

  it('hold what one score after the other gives, for the typical latency', () => {
    const clip = parameters.actions[0]?.clip ?? 0
    fc.assert(
      fc.property(clean, (list) => {
        const sums = RATIO_GRID.map((margin) =>
          list.reduce(
            (sum, { baselineMs, canaryMs }) =>
              sum + toUnits(typicalScore(Math.log(baselineMs), Math.log(canaryMs), margin, clip)),
            0,
          ),
        )
        expect(gridOf(list, 'typical')).toEqual(sums)
      }),
    )
  })

  it('hold what one score after the other gives, for differences of shares', () => {
    const tauMs = parameters.actions[0]?.tau95Ms ?? 0
    const hasCoin = (pair: PairRecord, margin: number): boolean =>
      coin(throwOf(1, pair.pair), Math.abs(margin))
    const scoresOf = (
      list: readonly PairRecord[],
      counts: (pair: PairRecord) => readonly [boolean, boolean],
    ): number[] =>
      GRIDS.errors.map((margin) =>
        list.reduce((sum, pair) => {
          const [baseline, canary] = counts(pair)
          const falls = hasCoin(pair, margin)
          return margin < 0
            ? sum + Number(canary || falls) - Number(baseline)
            : sum + Number(canary) - Number(baseline || falls)
        }, 0),
      )
    fc.assert(
      fc.property(clean, (list) => {
        const failed = ({ baseline, canary }: PairRecord): [boolean, boolean] => [
          baseline === 'timeout',
          canary === 'timeout',
        ]
        expect(gridOf(list, 'errors')).toEqual(scoresOf(list, failed))
        expect(gridOf(list, 'share')).toEqual(
          scoresOf(list, (pair) => [pair.baselineMs > tauMs, pair.canaryMs > tauMs]),
        )
      }),
    )
  })

  it('hold the severity above both thresholds, at 0 that of a margin of nothing', () => {
    const known = parameters.actions[0]
    const zero = RATIO_GRID.indexOf(0)
    fc.assert(
      fc.property(clean, (list) => {
        const severity = list.reduce(
          (sum, { baselineMs, canaryMs }) =>
            sum + tailScore(baselineMs, canaryMs, 1, known?.tau99Ms ?? Infinity),
          0,
        )
        const grid = gridOf(list, 'tail99')
        expect((grid[zero] ?? 0) / 2 ** 32).toBeCloseTo(severity, 6)
        expect(grid).toEqual(grid.toSorted((left, right) => right - left))
      }),
    )
  })

  it('can be left out, and the rest stays the same', () => {
    const list = [one({}), one({ pair: 's2.0', canaryMs: 900 })]
    const [whole] = foldPairs(plan, 1, parameters, list).actions
    const [short] = foldPairs(plan, 1, parameters, list, { intervals: false }).actions
    expect(short?.scores.length).toBe(SLOTS.grid('typical', 0))
    expect([...(short?.scores ?? [])]).toEqual(
      [...(whole?.scores ?? [])].slice(0, short?.scores.length),
    )
  })
})

describe('compared answers', () => {
  const differs = (...paths: string[]): AnswerDiff => ({ paths, shapes: [] })
  const fieldsOf = (answers: PairAnswers, noisyFields: string[] = []): ActionSums | undefined => {
    const actions = parameters.actions.map((known) => ({
      ...known,
      noisyFields,
      loudFields: noisyFields,
    }))
    const compared = {
      ...plan,
      actions: plan.actions.map((planned) => ({
        ...planned,
        healthyMargin: { ...planned.healthyMargin, responses: 0.02 },
      })),
    }
    return foldPairs(compared, 1, { ...parameters, actions }, [one({ answers })]).actions[0]
  }

  it('without a second baseline answer count for the proof alone', () => {
    const sums = fieldsOf({ canary: differs('$.price') })
    expect(sums).toMatchObject({ answers: 1, seconds: 0, mismatch: 0 })
    expect(sums?.scores[SLOTS.responses('alarm')]).toBe(0)
    expect(sums?.scores[SLOTS.responses('proof')]).toBe(1)
    expect(sums?.fields.size).toBe(0)
  })

  it('are told by field, and swapping the second answers negates the score', () => {
    const noise = { canary: differs('$.price', '$.id'), control: differs('$.id') }
    const sums = fieldsOf({ canary: differs('$.price', '$.id'), noise })
    expect(sums?.fields.get('$.price')).toMatchObject({ canary: 1, control: 0, noise: 0 })
    expect(sums?.fields.get('$.id')).toMatchObject({ canary: 1, control: 1, noise: 1 })
    const only = { canary: differs('$.price'), control: differs() }
    const swapped = { canary: only.control, control: only.canary }
    expect(fieldsOf({ canary: differs(), noise: only })?.mismatch).toBe(1)
    expect(fieldsOf({ canary: differs(), noise: swapped })?.mismatch).toBe(-1)
  })

  it('of a noisy field count only where the shape differs', () => {
    const noise = { canary: differs('$.at'), control: differs() }
    expect(fieldsOf({ canary: differs('$.at'), noise }, ['$.at'])?.fields.size).toBe(0)
    const shaped = { paths: ['$.at'], shapes: ['$.at'] }
    const other = { canary: shaped, control: differs() }
    expect(fieldsOf({ canary: shaped, noise: other }, ['$.at'])?.fields.get('$.at')?.canary).toBe(1)
    expect(
      fieldsOf({ canary: shaped, noise: other }, ['$.at'])?.scores[SLOTS.responses('proof')],
    ).toBe(0)
  })
})

describe('withoutLatency()', () => {
  const kept = new Set(countSlots())

  it('keeps what is said of failures, and nothing that latencies say', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const sums = foldPairs(plan, 1, parameters, list)
        const empty = withoutLatency(sums)
        expect([empty.pairs, empty.turns]).toEqual([sums.pairs, sums.turns])
        for (const [index, action] of empty.actions.entries()) {
          const from = sums.actions[index]
          const { pairs: count, baselineFailed, canaryFailed, odd } = action
          expect(from).toMatchObject({ pairs: count, baselineFailed, canaryFailed, odd })
          expect([action.latencyPairs, action.deviation]).toEqual([0, 0])
          expect([action.baselineBins, action.canaryBins, action.spreadBins]).toEqual([{}, {}, {}])
          for (const [slot, score] of action.scores.entries()) {
            expect(score).toBe(kept.has(slot) ? from?.scores[slot] : 0)
          }
        }
      }),
    )
  })

  it('gives the same whether parts or the whole are emptied, once or twice', () => {
    fc.assert(
      fc.property(pairs, pairs, (left, right) => {
        const parts = [left, right].map((list) => foldPairs(plan, 1, parameters, list))
        const whole = withoutLatency(mergeSums(plan, parts))
        expect(mergeSums(plan, parts.map(withoutLatency))).toEqual(whole)
        expect(withoutLatency(whole)).toEqual(whole)
      }),
    )
  })

  it('says the same of two services that differ in their latencies alone', () => {
    fc.assert(
      fc.property(pairs, latency, (list, other) => {
        const ended = list.map((pair) => ({ ...pair, baselineMs: 10, canaryMs: 10 }))
        const late = ended.map((pair) => ({ ...pair, canaryMs: other }))
        const [one, two] = [ended, late].map((of) =>
          withoutLatency(foldPairs(plan, 1, parameters, of)).actions.map(({ scores }) => scores),
        )
        expect(two).toEqual(one)
      }),
    )
  })
})
