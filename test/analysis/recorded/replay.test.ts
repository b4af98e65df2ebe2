import { describe, expect, it } from 'vitest'
import {
  replay,
  type NumberedLine,
  type ReplayOptions,
} from '../../../src/analysis/recorded/replay.ts'
import type { Report } from '../../../src/core/contract/report.ts'
import { formatSample, toSampleLine } from '../../../src/core/contract/sample.ts'
import { UsageError } from '../../../src/core/errors.ts'
import { createRandom } from '../../../src/core/random.ts'
import {
  createWorld,
  failing,
  planOf,
  runSynthetic,
  samplesOf,
  settings,
  slower,
  type Change,
} from '../synthetic.ts'

const OPTIONS: ReplayOptions = { settings, run: 'p1', startedAt: '2026-01-01T00:00:00Z' }

function analyze(lines: readonly string[], options: Partial<ReplayOptions> = {}): Promise<Report> {
  async function* open(): AsyncGenerator<NumberedLine> {
    for (const [index, text] of lines.entries()) {
      yield { line: toSampleLine(JSON.parse(text)), lineNumber: index + 1 }
    }
  }
  return replay({ file: 'samples.ndjson', open }, { ...OPTIONS, ...options })
}

/** Moves lines by up to so many seconds of their time. */
function shuffled(lines: readonly string[], seconds: number): string[] {
  const random = createRandom(5)
  const timed = lines.map((text, index) => {
    const value: { at?: number; kind?: string } = JSON.parse(text)
    const at = value.kind === 'run' ? -1e9 : (value.at ?? 0)
    return { text, index, key: at + random.next() * seconds }
  })
  return timed.toSorted((left, right) => left.key - right.key).map(({ text }) => text)
}

/** The same samples as another tool would have written them. */
function foreign(lines: readonly string[], keepBlocks = false): string[] {
  return lines.flatMap((text) => {
    const { kind, block, phase: _phase, warmup, ...rest } = JSON.parse(text)
    if (kind !== undefined) return []
    return [JSON.stringify({ ...rest, ...(keepBlocks ? { block, warmup } : {}) })]
  })
}

const hang: Change = (answer, { seconds }) =>
  seconds >= 60 ? { latencyMs: 10_000, outcome: 'timeout' } : answer

async function thrownBy(lines: readonly string[]): Promise<unknown> {
  return analyze(lines).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

describe('replay(): wrong use', () => {
  it('names a file without a sample', async () => {
    expect(await thrownBy([])).toMatchObject({ code: 'no-samples', where: 'samples.ndjson' })
  })

  it('names the line that is more than 30 s out of order', async () => {
    const lines = foreign(runSynthetic({ interruptAfter: 120 }).lines)
    const [first, ...rest] = lines
    const thrown = await thrownBy([...rest, first ?? ''])
    expect(thrown).toBeInstanceOf(UsageError)
    expect(thrown).toMatchObject({
      code: 'samples-out-of-order',
      where: `samples.ndjson:${lines.length}`,
    })
  })

  it('names the line that repeats an arm of a pair', async () => {
    const [first = '', ...rest] = foreign(runSynthetic({ interruptAfter: 3 }).lines)
    expect(await thrownBy([first, first, ...rest])).toMatchObject({
      code: 'duplicate-sample',
      where: 'samples.ndjson:2',
    })
  })

  it('says no-pairs for a single arm, and for samples without pairs', async () => {
    const lines = foreign(runSynthetic({ interruptAfter: 60 }).lines)
    const oneArm = lines.filter((text) => text.includes('"baseline"'))
    const unpaired = lines.map((text) => JSON.stringify({ ...JSON.parse(text), pair: undefined }))
    for (const given of [oneArm, unpaired]) {
      const report = await analyze(given)
      expect(report.verdict).toBe('invalid')
      expect(report.reasons[0]?.code).toBe('no-pairs')
      expect(report.requests).toBe(given.length)
    }
  })
})

describe('replay() of a run with its plan', () => {
  it.each([
    { name: 'healthy', options: {} },
    { name: 'a slow action', options: { canary: slower(1.5, 'view') } },
    { name: 'failures', options: { canary: failing(0.06, 'search'), seed: 7 } },
    { name: 'critical', options: { canary: failing(0.8) } },
    { name: 'a hang', options: { canary: hang } },
    { name: 'an ill baseline', options: { canary: failing(0.2), baseline: failing(0.2) } },
    { name: 'an interruption', options: { interruptAfter: 40 } },
    { name: 'a late generator', options: { plan: planOf({ duration: 40 }), lagP99Ms: 30.12345 } },
    {
      name: 'capped blocks',
      options: {
        plan: planOf({ duration: 40 }),
        capped: (index: number) => (index % 9 ? [] : ['canary' as const]),
      },
    },
    {
      name: 'strained blocks',
      options: { canary: slower(1.5, 'view'), strained: (index: number) => index % 3 === 0 },
    },
    {
      name: 'a limit of connections',
      options: {
        plan: planOf({ duration: 40 }),
        waits: (index: number) =>
          index % 9 ? undefined : { limit: 'files' as const, arms: { canary: index } },
      },
    },
  ])('repeats the report bit for bit: $name', async ({ options }) => {
    const { report, lines } = runSynthetic(options)
    const again = await analyze(lines)
    const { arms, ...rest } = again
    const { arms: armsBefore, ...before } = report
    expect(rest).toEqual(before)
    expect(arms.canary?.byStatus).toEqual(armsBefore.canary?.byStatus)
    expect(arms.canary?.sessions).toBeGreaterThan(0)
  })

  it('does not mind 30 s of disorder', async () => {
    const { report, lines } = runSynthetic({ interruptAfter: 160 })
    const again = await analyze(shuffled(lines, 29))
    expect(again.actions).toEqual(report.actions)
    expect(again.verdict).toBe(report.verdict)
  })

  it('leaves out what was sent between the phases, however late it stands', async () => {
    const { report, lines, plan } = runSynthetic()
    const between = createWorld(plan, 99).pairs(20, 21, 'quiet')
    const extra = between.flatMap((pair) => samplesOf(plan, { ...pair, pair: `x${pair.pair}` }))
    const again = await analyze([...lines, ...extra.map(formatSample)])
    expect(again.actions).toEqual(report.actions)
    expect(again.requests).toBe(report.requests + extra.length)
  })

  it('takes other margins and another α, under another hash', async () => {
    const { report, lines } = runSynthetic({ plan: planOf({ duration: 59 }), canary: slower(1.3) })
    expect(report.verdict).toBe('regressed')
    const tolerant = await analyze(lines, {
      replace: { margins: { latency_typical: 0.6, latency_tail: 2 } },
    })
    expect(tolerant.findings).toEqual([])
    expect(tolerant.plan).not.toBe(report.plan)
    const strict = await analyze(lines, { replace: { alpha: 1e-9 } })
    expect(strict.alpha).toBe(1e-9)
    expect(strict.findings).toEqual([])
  })

  it('takes a longer warm-up: earlier blocks are not scored', async () => {
    const { report, lines } = runSynthetic({ plan: planOf({ duration: 50 }) })
    const again = await analyze(lines, { replace: { warmupSeconds: 20 } })
    expect(again.warmupSeconds).toBe(20)
    expect(again.pairs).toBeLessThan(report.pairs)
  })
})

describe('replay() of a file without a plan', () => {
  it('proves a healthy one and finds a slow action, in blocks it builds itself', async () => {
    const healthy = await analyze(foreign(runSynthetic().lines))
    expect(healthy.verdict).toBe('healthy')
    expect(healthy.phases.map(({ name }) => name)).toEqual(['load'])
    expect(healthy.warmupSeconds).toBeGreaterThanOrEqual(10)
    const slow = await analyze(foreign(runSynthetic({ canary: slower(1.5, 'view') }).lines))
    expect(slow.verdict).toBe('regressed')
    expect(new Set(slow.findings.map(({ action }) => action))).toEqual(new Set(['view']))
    // Without a quiet phase an action that is named alone is the cause.
    expect(slow.findings[0]?.role).toBe('cause')
  })

  it('uses block numbers where they are', async () => {
    const { report, lines } = runSynthetic({
      plan: planOf({ phases: ['load'] }),
      interruptAfter: 200,
    })
    const again = await analyze(foreign(lines, true))
    expect(again.pairs).toBe(report.pairs)
    expect(again.warmupSeconds).toBeCloseTo(10, 0)
  })

  it('does not mind 30 s of disorder', async () => {
    const lines = foreign(runSynthetic({ interruptAfter: 160 }).lines)
    const [straight, mixed] = await Promise.all([analyze(lines), analyze(shuffled(lines, 29))])
    expect(mixed.actions).toEqual(straight.actions)
  })

  it('finds a lasting twentyfold slow-down although each block waits for its end', async () => {
    const plan = planOf({ rate: 20 })
    const world = createWorld(plan, 1, { canary: slower(20, undefined, 60) })
    const samples = world.pairs(0, 160, 'load').flatMap((pair) => samplesOf(plan, pair))
    const report = await analyze(samples.map(formatSample))
    expect(report.verdict).toBe('regressed')
    expect(report.generator.cappedBlocks).toBeGreaterThan(0)
    const first = Math.min(...report.findings.map(({ detectedAt }) => detectedAt))
    // It began 50 s after the warm-up; the cap of 10 s halves with each use.
    expect(first).toBeLessThan(50 + 45)
  })

  it('finds a hang in mid-run in the blocks it builds itself', async () => {
    const plan = planOf({ phases: ['load'] })
    const { lines } = runSynthetic({ plan, canary: hang })
    const report = await analyze(foreign(lines))
    expect(report.verdict).toBe('regressed')
    expect(report.findings[0]).toMatchObject({ rule: 'critical' })
  })

  it('takes margins and requirements from an ontology', async () => {
    const { lines } = runSynthetic({ interruptAfter: 60 })
    const report = await analyze(foreign(lines), { settings: { ...settings, require: ['home'] } })
    const required = report.actions.filter((action) => action.required)
    expect(required.map(({ action }) => action)).toEqual(['home'])
  })
})
