import { describe, expect, it } from 'vitest'
import { createFlags } from '../../../src/cli/flags.ts'
import { missingFacts } from '../../../src/cli/plan/missing.ts'
import { renderPlan } from '../../../src/cli/plan/table.ts'
import { forecastRun } from '../../../src/analysis/forecast/forecast.ts'
import { freezePlan } from '../../../src/analysis/plan.ts'
import type { Report } from '../../../src/core/contract/report.ts'
import type { PlannedProbe } from '../../../src/outrider.ts'
import { planOf, settings } from '../../analysis/synthetic.ts'
import { exampleReport } from '../../report/example-report.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { runOutrider } from '../../support/processes.ts'

const style = { colour: false, unicode: true }
const env = { LANG: 'C.UTF-8' }
// Nobody listens there: a plan would notice if it sent anything.
const arms = ['--baseline', 'http://127.0.0.1:1', '--canary', 'http://127.0.0.1:2']

const plannedOf = (plan: ReturnType<typeof planOf>): PlannedProbe => ({
  plan,
  forecast: forecastRun(plan, 'sha256:0'),
  addresses: {},
  skipped: [{ action: 'pay', code: 'mutations-not-allowed' }],
})

describe('outrider plan', () => {
  it('prints what would be proven and found, without an arm that answers', async () => {
    const args = ['plan', ...arms, '--paths', '/,/a']
    const { code, stdout, stderr } = await runOutrider(args, { cwd: temporaryFolder(), env })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^ {2}action +share +pairs\/s +tier +to be proven +after/)
    expect(stdout).toMatch(/service +100 % +50 +typical ≤ 5 %/)
    expect(stdout).toMatch(/found after +least +\+10 % +\+20 %/)
    expect(stdout).toMatch(/\n✔ plan {2}nothing was sent/)
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  })

  it('with --json prints one document', async () => {
    const args = ['plan', ...arms, '--paths', '/', '--json', '--rate', '20', '--focus', 'off']
    const { code, stdout } = await runOutrider(args, { cwd: temporaryFolder(), env })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'outrider.plan/1',
      rate: 20,
      assumed: { sigma: 0.64, baselineFailures: 0.001 },
      service: { action: '*', pairsPerSecond: 20 },
      skipped: [],
    })
  })

  it('refuses what the probe would refuse', async () => {
    const cwd = temporaryFolder()
    const far = ['--baseline', 'http://192.0.2.1', '--canary', 'http://192.0.2.2', '--paths', '/']
    const capped = await runOutrider(['plan', ...far, '--max-rps', '150'], { cwd, env })
    expect([capped.code, capped.stderr]).toEqual([2, expect.stringContaining('the cap is')])
    // Both arms of an A/A run are one address, which gets twice the requests.
    const aa = ['plan', '--aa', '--baseline', 'http://192.0.2.1', '--paths', '/']
    const doubled = await runOutrider([...aa, '--max-rps', '60'], { cwd, env })
    expect([doubled.code, doubled.stderr]).toEqual([2, expect.stringContaining('120 requests/s')])
    const half = await runOutrider([...aa, '--json'], { cwd, env })
    expect(JSON.parse(half.stdout)).toMatchObject({
      rate: 50,
      phases: ['load'],
      length: { seconds: 120 },
    })
  })
})

describe('renderPlan()', () => {
  it('names what the run is too short for, and each way out', () => {
    const rare = [
      { action: 'home', share: 0.97 },
      { action: 'refund', share: 0.03 },
    ]
    const text = renderPlan(
      plannedOf(planOf({ require: ['refund'], maxDurationSeconds: 120 }, rare)),
      style,
    )
    expect(text).toMatch(
      /too short refund needs \d.* for .*: --max-duration \d+m,[^]*--rate \d+ or\s+--healthy-margin/,
    )
    expect(text).toMatch(/\? plan {2}nothing was sent; 1 of 3 cannot be proven in 2 min: refund\n$/)
    expect(text).toContain('skipped   pay: not sent, mutations are not allowed')
  })

  it('keeps to 80 columns and to ASCII where it must', () => {
    const name = 'a-very-long-name-of-an-action-that-nobody-would-ever-give\u001B[31m'
    const plan = freezePlan(settings, [
      { action: name, share: 0.5, comparesAnswers: true },
      { action: 'b', share: 0.5, comparesAnswers: true },
    ])
    const text = renderPlan(plannedOf({ ...plan, repeatShare: 0.2, focus: true }), {
      colour: false,
      unicode: false,
    })
    expect(text).toMatch(/^[\n\x20-\x7E]*$/)
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
    expect(text).toContain('wrong')
  })
})

describe('missingFacts()', () => {
  const open: Report = { ...exampleReport, verdict: 'inconclusive' }

  it('says per action what is missing, the slowest first, and how to go on', () => {
    const facts = missingFacts(open, createFlags({}))
    const labels = facts.map(([label]) => label)
    expect(labels.at(-1)).toBe('continue')
    expect(labels.filter((label) => label === 'missing').length).toBeGreaterThan(0)
    expect(facts[0]?.[1]).toMatch(/^\w+: [\d\u202f]+ more pairs \(.+\), about /)
    expect(facts.at(-1)?.[1]).toMatch(/^--max-duration \d+m or --rate \d+$/)
  })

  it('makes a fixed duration longer, and stays within an hour', () => {
    expect(missingFacts(open, createFlags({ duration: '60s' })).at(-1)?.[1]).toMatch(/^--duration /)
    const long = missingFacts({ ...open, seconds: 3590 }, createFlags({}))
    expect(long.at(-1)?.[1]).toMatch(/^--rate \d+$/)
  })

  it('has nothing to say of any other verdict', () => {
    expect(missingFacts({ ...open, verdict: 'healthy' }, createFlags({}))).toEqual([])
  })
})
