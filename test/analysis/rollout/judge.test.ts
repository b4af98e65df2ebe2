import { describe, expect, it } from 'vitest'
import { withoutLatency } from '../../../src/analysis/fold.ts'
import { createJudge } from '../../../src/analysis/judge.ts'
import { createRolloutJudge } from '../../../src/analysis/rollout/judge.ts'
import { reportSchema, type Report } from '../../../src/core/contract/report.ts'
import { createTally } from '../../../src/analysis/tally.ts'
import { InvariantError } from '../../../src/core/invariant.ts'
import { METRICS } from '../../../src/core/verdict.ts'
import { failing, planOf, slower, type Change } from '../synthetic.ts'
import { ALPHAS, CRITICAL, rolling, rolloutPlan, type Rolling } from './rolling.ts'

const terms = { alphas: ALPHAS, critical: CRITICAL }

function conclude({ judge }: Rolling): Report {
  return judge.conclude({
    run: 'p1',
    planHash: 'sha256:0',
    startedAt: '2026-01-01T00:00:00Z',
    seconds: 100,
    tally: createTally(),
    skipped: [],
  })
}

/** Adds blocks until the condition holds. */
function until(run: Rolling, condition: () => boolean, most = 200): number {
  for (let added = 0; added < most; added += 1) {
    if (condition()) return added
    run.add(1)
  }
  throw new Error(`not within ${most} blocks`)
}

describe('createRolloutJudge(): wrong use', () => {
  it('refuses an episode that was not declared', () => {
    const { judge } = rolling()
    expect(() => judge.beginEpisode(3)).toThrow(RangeError)
    expect(judge.episode()).toBe(0)
  })

  it('refuses a block out of order, and one of a later episode than its own', () => {
    const run = rolling()
    const block = run.next()
    expect(() => run.judge.add({ ...block, index: 2 })).toThrow(InvariantError)
    const early = { episode: 1, comparable: true, climb: true }
    expect(() => run.judge.add({ ...block, marks: early })).toThrow(InvariantError)
  })

  it('refuses to go on from something else', () => {
    const probe = createJudge(rolloutPlan, 1).snapshot()
    expect(() => createRolloutJudge(rolloutPlan, terms, probe)).toThrow(RangeError)
    const other = planOf({}, [{ action: 'home', share: 1 }])
    const snapshot = rolling().judge.snapshot()
    expect(() => createRolloutJudge(other, terms, snapshot)).toThrow(/another plan/)
  })
})

describe('the gate', () => {
  const gate = { terms: { gateEndSeconds: 200 } }

  it('is undefined where there is none', () => {
    expect(rolling().judge.gate()).toBeUndefined()
  })

  it('proves a healthy canary as a probe does, with the same streams', () => {
    const plan = { ...rolloutPlan, minDurationSeconds: 30 }
    const run = rolling({ ...gate, plan })
    expect(run.judge.gate()).toEqual({ verdict: 'running' })
    const marks = { climb: false }
    run.add(20, marks, 'quiet')
    run.add(1, marks)
    expect(run.judge.judgement()?.lnThreshold).toBeCloseTo(-Math.log(ALPHAS.load))
    run.add(70, marks)
    expect(run.judge.gate()).toEqual({ verdict: 'healthy' })
    const before = run.judge.stream('home', 'latency_typical')
    run.judge.climb()
    expect(run.judge.stream('home', 'latency_typical')).toEqual(before)
    run.add(10)
    expect(run.judge.judgement()).toMatchObject({ episode: 0, alarm: false, requiredHealthy: true })
    expect(conclude(run).phases.map(({ name }) => name)).toEqual(['quiet', 'load'])
  })

  it('asks for the next phase when the quiet one shows nothing', () => {
    const run = rolling(gate)
    run.add(19, { climb: false }, 'quiet')
    expect(run.judge.add(run.next({ climb: false }, 'quiet'))).toEqual({ kind: 'end-phase' })
  })

  it('says what it found in one clause', () => {
    const run = rolling({ ...gate, canary: slower(1.6, 'checkout') })
    run.add(60, { climb: false }, 'quiet')
    const { verdict, finding } = run.judge.gate() ?? {}
    expect(verdict).toBe('regressed')
    expect(finding).toMatch(/^checkout is 1\.\d\d× slower \(\d\.\d\d–\d\.\d\d\)$/)
  })

  it('says critical without the word, which others put before it', () => {
    const run = rolling({ ...gate, canary: failing(1) })
    run.add(5, { climb: false })
    expect(run.judge.gate()).toMatchObject({ verdict: 'regressed' })
    expect(run.judge.gate()?.finding).toMatch(/^\d+ of the last \d+ pairs failed on the canary/)
  })

  it('is invalid beside an ill baseline, and stays so', () => {
    const run = rolling({ ...gate, baseline: failing(0.3), canary: failing(0.3) })
    run.add(15, { climb: false })
    expect(run.judge.gate()).toMatchObject({ verdict: 'invalid' })
    expect(run.judge.gate()?.finding).toMatch(/^the baseline failed/)
    expect(conclude(run).verdict).toBe('invalid')
  })

  it('is invalid where no block came, inconclusive where time was too short', () => {
    const empty = rolling(gate)
    empty.judge.endGate()
    expect(empty.judge.gate()).toMatchObject({ verdict: 'invalid' })
    const short = rolling({ terms: { gateEndSeconds: 25 } })
    short.add(16, { climb: false })
    expect(short.judge.gate()).toMatchObject({ verdict: 'inconclusive' })
    expect(short.judge.gate()?.finding).toMatch(/^Nothing found, but/)
  })

  it('is decided by what there is when the breaker ends the traffic', () => {
    const run = rolling({ ...gate, canary: failing(1) })
    run.add(2, { climb: false })
    expect(run.judge.gate()).toEqual({ verdict: 'running' })
    run.judge.trafficEnded('canary')
    expect(run.judge.gate()).toMatchObject({ verdict: 'regressed' })
  })

  it('can be left in the middle: nothing stops the judge any more', () => {
    const run = rolling({ ...gate, canary: slower(1.6) })
    run.add(3, { climb: false }, 'quiet')
    run.judge.climb()
    for (let block = 0; block < 100; block += 1) {
      expect(run.judge.add(run.next())).toEqual({ kind: 'go-on' })
    }
    expect(run.judge.judgement()).toMatchObject({ alarm: true, episode: 0 })
    expect(run.judge.findings('all').every(({ phase }) => phase === 'load')).toBe(true)
  })
})

describe('episodes', () => {
  it('begin with fresh streams at the first block that began after the call', () => {
    const run = rolling({ canary: slower(1.6) })
    until(run, () => run.judge.judgement()?.alarm === true)
    const learned = run.judge.parametersFor(run.judge.blocks() + 1)
    run.judge.beginEpisode(1)
    expect(run.judge.judgement()).toBeUndefined()
    const open = run.next({ episode: 0 })
    run.judge.add(open)
    expect(run.judge.hears(open)).toBe(false)
    expect(run.judge.judgement()).toBeUndefined()
    expect(run.judge.parametersFor(run.judge.blocks() + 2)).not.toEqual(learned)
    run.add(1)
    const judgement = run.judge.judgement()
    expect(judgement).toMatchObject({ episode: 1, alarm: false })
    expect(judgement?.lnRun).toBeLessThan(1)
    expect(judgement?.lnThreshold).toBeCloseTo(-Math.log(ALPHAS.later[0] ?? 0))
  })

  it('have findings of their own, and the report tells all of them', () => {
    const run = rolling({ canary: slower(1.6, 'view') })
    until(run, () => run.judge.findings('settled').length > 0)
    run.judge.beginEpisode(1)
    until(run, () => run.judge.findings('settled').some(({ episode }) => episode === 1))
    const report = conclude(run)
    expect(report.verdict).toBe('regressed')
    const named = report.findings.map(({ action, episode }) => [action, episode])
    expect(named).toContainEqual(['view', 0])
    expect(named).toContainEqual(['view', 1])
    const first = report.findings.find(({ episode }) => episode === 0)
    expect(first?.effect?.estimate).toBeCloseTo(1.6, 0)
    expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report)
  })

  it('are told regressed at the end although the last one found nothing', () => {
    const early: Change = (answer, request, random) =>
      request.seconds < 60 ? slower(2, 'view')(answer, request, random) : answer
    const run = rolling({ canary: early })
    until(run, () => run.judge.findings('settled').length > 0)
    run.add(60 - run.judge.blocks())
    run.judge.beginEpisode(1)
    run.add(60)
    expect(run.judge.judgement()).toMatchObject({ alarm: false })
    expect(run.judge.live().sentence).toMatch(/^Nothing found so far/)
    expect(conclude(run).verdict).toBe('regressed')
  })

  it('do not take the name from the alarm of the one before', () => {
    // All are slower, one a little more: the service alarms long before an action can be named.
    const canary: Change = (answer, request, random) =>
      slower(request.action === 'home' ? 1.25 : 1.09)(answer, request, random)
    const run = rolling({ canary, seed: 3 })
    until(run, () => run.judge.judgement()?.alarm === true)
    expect(run.judge.findings('all').map(({ action }) => action)).toEqual(['*'])
    expect(run.judge.findings('settled')).toEqual([])
    expect(run.judge.judgement()?.finding).toMatch(/^the service is 1\.\d\d× slower/)
    run.judge.beginEpisode(1)
    run.add(2)
    expect(run.judge.judgement()?.alarm).toBe(false)
    until(run, () => run.judge.findings('settled').some(({ episode }) => episode === 0), 60)
    const [named] = run.judge.findings('settled').filter(({ episode }) => episode === 0)
    expect(named).toMatchObject({ action: 'home', episode: 0, phase: 'load' })
  })

  it('wait sixty blocks for a name, then the finding is the service', () => {
    const run = rolling({ canary: slower(1.085) })
    until(run, () => run.judge.judgement()?.alarm === true)
    run.judge.beginEpisode(1)
    run.add(59)
    expect(run.judge.findings('settled')).toEqual([])
    run.add(1)
    const [settled, ...more] = run.judge.findings('settled')
    expect(settled).toMatchObject({ action: '*', metric: 'latency_typical', episode: 0 })
    expect(more.filter(({ episode }) => episode === 0)).toEqual([])
  })
})

describe('fixed rules in the climb', () => {
  it('critical is told although no block of the episode has come yet', () => {
    const run = rolling({ canary: failing(1) })
    run.judge.beginEpisode(1)
    run.add(4, { episode: 0 })
    expect(run.judge.judgement()).toMatchObject({ episode: 1, critical: true, alarm: false })
    expect(run.judge.judgement()?.finding).toMatch(/failed on the canary only$/)
  })

  it('critical has the thresholds that it is given', () => {
    const strict = { critical: { failures: 0.2, windowSeconds: 2, minPairs: 10 } }
    const run = rolling({ terms: strict, canary: failing(0.35) })
    run.add(2)
    expect(run.judge.judgement()?.critical).toBe(true)
    const lax = { critical: { failures: 0.9, windowSeconds: 40, minPairs: 20 } }
    const patient = rolling({ terms: lax, canary: failing(1) })
    patient.add(39)
    expect(patient.judge.judgement()?.critical).toBe(false)
    patient.add(1)
    expect(patient.judge.judgement()?.critical).toBe(true)
  })

  it('critical is judged at once when the breaker ends the traffic', () => {
    const run = rolling({ canary: failing(1) })
    run.add(2)
    expect(run.judge.judgement()?.critical).toBe(false)
    run.judge.trafficEnded('canary')
    expect(run.judge.judgement()?.critical).toBe(true)
  })

  it('a baseline is ill while it is, and no alarm counts meanwhile', () => {
    const hour: Change = (answer, request, random) =>
      request.seconds >= 40 && request.seconds < 70 ? failing(0.4)(answer, request, random) : answer
    const run = rolling({ baseline: hour, canary: slower(1.4) })
    until(run, () => run.judge.judgement()?.alarm === true)
    expect(run.judge.baselineIll()).toBeUndefined()
    run.add(50 - run.judge.blocks())
    expect(run.judge.baselineIll()).toMatch(/^the baseline failed \d+ %/)
    const ill = run.judge.judgement()
    expect(ill).toMatchObject({ alarm: false, requiredHealthy: false })
    expect(ill?.lnRun).toBeLessThan(ill?.lnThreshold ?? 0)
    expect(ill?.finding).toBeUndefined()
    run.add(60)
    expect(run.judge.baselineIll()).toBeUndefined()
    expect(run.judge.judgement()?.alarm).toBe(true)
  })
})

describe('blocks whose latencies cannot be compared', () => {
  it('leave latency streams as they are, and errors score', () => {
    const canary: Change = (answer, request, random) =>
      failing(0.2)({ ...answer, latencyMs: answer.latencyMs * 3 }, request, random)
    const run = rolling({ canary, terms: { critical: { ...CRITICAL, failures: 0.9 } } })
    run.add(40, { comparable: false })
    for (const action of ['*', 'home', 'checkout']) {
      for (const metric of METRICS) {
        const stream = run.judge.stream(action, metric)
        if (metric === 'errors') expect(stream.lnEvidence).not.toBe(0)
        else expect([stream.lnEvidence, stream.lnHealthyEvidence ?? 0]).toEqual([0, 0])
        expect(stream.ratio).toBeUndefined()
      }
    }
    expect(run.judge.quantiles('*')).toEqual({ baseline: [], canary: [] })
    expect(run.judge.findings('all').map(({ metric }) => metric)).toContain('errors')
    expect(run.judge.medianMs()).toBeGreaterThan(5)
  })

  it('are no evidence, however they are mixed with others', () => {
    const straight = rolling({ seed: 5 })
    const mixed = rolling({ seed: 5 })
    for (let block = 0; block < 30; block += 1) {
      const next = straight.next({ comparable: block % 3 !== 0 })
      straight.judge.add(next)
      const sums = block % 3 === 0 ? withoutLatency(next.sums) : next.sums
      mixed.judge.add({ ...next, sums })
    }
    for (const metric of METRICS) {
      const { lnEvidence } = straight.judge.stream('home', metric)
      expect(lnEvidence).toBe(mixed.judge.stream('home', metric).lnEvidence)
    }
  })
})

/** All confidence sequences but the typical ratio's begin anew after a restart. */
function withoutEffects(of: unknown): unknown {
  const dropped = new Set(['effect', 'share', 'sentence', 'finding'])
  return JSON.parse(
    JSON.stringify(of, (key, value: unknown) => (dropped.has(key) ? undefined : value)),
  )
}

describe('snapshot()', () => {
  it('goes on bit for bit, over episodes, names and gates', () => {
    for (const canary of [undefined, slower(1.3, 'view'), failing(0.05, 'home')]) {
      const changes = canary === undefined ? {} : { canary }
      const straight = rolling(changes)
      let copy = rolling(changes).judge
      for (let block = 1; block <= 90; block += 1) {
        const next = straight.next()
        straight.judge.add(next)
        copy.add(next)
        if (block === 40) for (const judge of [straight.judge, copy]) judge.beginEpisode(1)
        if (block % 20 !== 0) continue
        const written: unknown = JSON.parse(JSON.stringify(copy.snapshot()))
        copy = createRolloutJudge(rolloutPlan, terms, written)
      }
      expect(withoutEffects(copy.snapshot())).toEqual(withoutEffects(straight.judge.snapshot()))
      const judged = straight.judge.judgement()
      expect(withoutEffects(copy.judgement() ?? {})).toEqual(withoutEffects(judged ?? {}))
      expect(withoutEffects(copy.live())).toEqual(withoutEffects(straight.judge.live()))
      const found = straight.judge.findings('all')
      expect(withoutEffects(copy.findings('all'))).toEqual(withoutEffects(found))
      expect(copy.parametersFor(91)).toEqual(straight.judge.parametersFor(91))
    }
  })

  it('keeps ten minutes of readings', () => {
    const { judge } = rolling()
    for (let at = 0; at < 2000; at += 1) judge.generator({ at, lagP99Ms: 1, cpu: 0.1, notSent: 0 })
    expect(judge.snapshot()).toHaveProperty('run.readings.length', 600)
    expect(judge.snapshot()).toHaveProperty('run.readings.0.at', 1400)
  })
})
