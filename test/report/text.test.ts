import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reportSchema, type Effect, type Report } from '../../src/core/contract/report.ts'
import { METRICS, ROLES, RUN_VERDICTS, VERDICTS } from '../../src/core/verdict.ts'
import { widthOf } from '../../src/report/columns.ts'
import { renderReport } from '../../src/report/text.ts'
import { actionEntry, exampleReport, finding, ratio } from './example-report.ts'

const plain = { colour: false, unicode: true }

describe('renderReport()', () => {
  it('escapes control characters that a target or a file put into names and sentences', () => {
    const report: Report = {
      ...exampleReport,
      findings: [finding('a\u001B[31m', ratio(1.3, 1.2, 1.4), 'cause')],
      actions: [actionEntry('b\u0007\u202E', 'healthy', 5, ratio(1, 0.9, 1.1))],
      skipped: [{ action: 'c\u009B', code: 'x\ny' }],
      reasons: [{ code: 'r', message: 'd\u001B]0;title\u0007' }],
      summary: 'e\u001B[2J\nnext',
    }
    const text = renderReport(report, plain)
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Cf}/u)
    expect(text).toContain('a\\x1b[31m')
    expect(text).toContain('b\\x07\\u{202e}')
    expect(text).toContain('c\\x9b')
  })

  it('prints a regressed run as the design says', () => {
    expect(renderReport(exampleReport, plain)).toBe(
      `  verdict        action      canary ÷ baseline  pairs  why
  ✖ regressed    checkout    1.31× (1.22–1.41)  2 914  typical latency, cause
  ✖ victim         cart_add  1.13× (1.06–1.20)  1 806  of checkout
  ? inconclusive login       1.04× (0.95–1.14)    640  tail, 1 310 more pairs
  ✔ healthy      search      1.03× (1.01–1.05)  6 240  3 % slower, within 10 %
  ✔ healthy      home        0.99× (0.97–1.02)  5 188
  ? inconclusive rare (pool) 1.05× (0.88–1.26)    412  errors, 1 900 more pairs
  - skipped      logout      not sent: mutations are not allowed
✖ regressed  checkout is 1.31× slower (1.22–1.41), decided after 14 s;
  2 actions proven, 2 need about 4 more minutes
`,
    )
  })

  it('colours the sign and the word of the verdict, and what is skipped, only', () => {
    const lines = renderReport(exampleReport, { colour: true, unicode: true }).split('\n')
    const [red, green, dim, off] = ['\u001B[31m', '\u001B[32m', '\u001B[2m', '\u001B[0m']
    expect(lines[1]).toContain(`  ${red}✖ regressed${off}    checkout`)
    expect(lines[3]).not.toContain('\u001B')
    expect(lines[4]).toContain(`  ${green}✔ healthy${off}      search`)
    expect(lines[7]).toBe(
      `  ${dim}- skipped      logout      not sent: mutations are not allowed${off}`,
    )
    expect(lines[8]?.startsWith(`${red}✖ regressed${off}  checkout is`)).toBe(true)
  })

  it('says the same in ASCII where there is no UTF-8', () => {
    const text = renderReport(exampleReport, { colour: false, unicode: false })
    expect(text).toMatch(/^\p{ASCII}*$/u)
    expect(text).toContain('x regressed    checkout    1.31x (1.22-1.41)  2 914  typical latency')
    expect(text).toContain('canary / baseline')
    expect(text).toContain('+ healthy      search')
  })

  it.each([
    [
      'healthy',
      'all 6 required actions proven within the margin after 38 s; 1 note: search is 3 % slower (1–5 %), within 10 %',
      `✔ healthy  all 6 required actions proven within the margin after 38 s;
  1 note: search is 3 % slower (1–5 %), within 10 %
`,
    ],
    [
      'inconclusive',
      'nothing found in 10 min, but 2 of 6 actions are not proven: refund needs 1 900 more pairs (tail), capture 460 (errors), about 1 min at 50 pairs/s. Continue with --max-duration 12m',
      `? inconclusive  nothing found in 10 min, but 2 of 6 actions are not proven:
  refund needs 1 900 more pairs (tail), capture 460 (errors),
  about 1 min at 50 pairs/s. Continue with --max-duration 12m
`,
    ],
    [
      'invalid',
      'not judged: the baseline failed 9.1 % of 1 204 logins by itself (its objective: 1 %). Nothing is said about the canary. Last: 503 from 10.0.0.5:8080/login. Mend the baseline and probe again',
      `! invalid  not judged: the baseline failed 9.1 % of 1 204 logins by itself
  (its objective: 1 %). Nothing is said about the canary. Last: 503 from
  10.0.0.5:8080/login. Mend the baseline and probe again
`,
    ],
  ] as const)('ends with the sentence of a run that is %s', (verdict, summary, text) => {
    const report = { ...exampleReport, verdict, summary, findings: [], actions: [], skipped: [] }
    expect(renderReport(report, plain)).toBe(text)
  })

  it('adds reasons that the sentence leaves out', () => {
    const reasons = [
      { code: 'a', message: 'Decided after 14 s' },
      { code: 'b', message: 'arm noise has memory: raise the margin or the block' },
    ]
    const text = renderReport({ ...exampleReport, reasons }, plain)
    expect(text).toContain('\n\n  reason    arm noise has memory: raise the margin or the block\n✖')
    expect(text).not.toContain('Decided after 14 s')
  })

  it('says why where nothing was measured', () => {
    const actions = [
      { ...actionEntry('none', 'inconclusive', 0), required: true },
      {
        ...actionEntry('some', 'inconclusive', 3, { kind: 'ratio', estimate: 1.1 }),
        required: true,
      },
      actionEntry('seen', 'inconclusive', 9, ratio(1, 0.5, 2)),
    ]
    const text = renderReport({ ...exampleReport, findings: [], skipped: [], actions }, plain)
    expect(text).toMatch(/none +0 {2}no pairs/)
    expect(text).toMatch(/some +1\.10× \(estimate\) +3 {2}not proven/)
    expect(text).toMatch(/seen .* 9 {2}watched/)
  })

  it('names both metrics, the rule, and that the whole service is not localised', () => {
    const critical = finding(
      'pay',
      { kind: 'difference', estimate: 0.9, low: 0.7, high: 1 },
      'cause',
    )
    const findings = [
      { ...critical, metric: 'errors' as const, rule: 'critical' as const },
      finding('*', ratio(1.07, 1.05, 1.1)),
      { ...finding('cart', ratio(1.4, 1.2, 1.6), 'under_load'), transient: true },
      { ...finding('cart', ratio(2, 1.2, 3), 'under_load'), metric: 'latency_tail' as const },
    ]
    const text = renderReport({ ...exampleReport, findings, actions: [], skipped: [] }, plain)
    expect(text).toMatch(/pay +\+90 pp \(70–100\) +errors, critical, cause/)
    expect(text).toMatch(/whole service 1\.07× .* typical latency, not\n +localised/)
    expect(text.replaceAll(/\s+/g, ' ')).toContain(
      'cart 1.40× (1.20–1.60) typical latency and tail, only under load, passing ✖',
    )
  })

  it('says since when, until when, whom it affects, and who holds up a victim', () => {
    const cause = finding('pay', ratio(1.5, 1.4, 1.6), 'cause')
    const segment = { device: 'mobile', geo: 'US' }
    const findings = [
      { ...cause, onset: 12.3, segment, restHealthy: true },
      { ...finding('cart', ratio(1.4, 1.2, 1.6)), onset: 12, ended: 31.2, transient: true },
      { ...finding('home', ratio(1.2, 1.1, 1.3), 'victim'), onset: 13 },
    ]
    const text = renderReport({ ...exampleReport, findings, actions: [], skipped: [] }, plain)
    const plainly = text.replaceAll(/\s+/g, ' ')
    expect(plainly).toContain('typical latency, cause, only on mobile in US, since second 12 ✖')
    expect(plainly).toContain('typical latency, from 12 s to 31 s, passing ✖ victim')
    expect(text).toMatch(/victim +home .* of pay, since second 13/)
    expect(plainly).toContain(
      'segment pay: only on mobile in US, a lead; its other pairs are proven within the margin',
    )
  })

  it('names the field of answers that differ, and escapes what the target put into it', () => {
    const cause = finding('cart', { kind: 'difference', estimate: 0.41, low: 0.35, high: 0.47 })
    const hostile = { canaryShare: 0.012, controlShare: 0.004, baseline: '\u001B[2J', canary: '' }
    const fields = [
      { path: '$.price', canaryShare: 0.41, controlShare: 0, baseline: '9.5', canary: '0' },
      { path: `$['${'x'.repeat(60)}']`, ...hostile },
      { path: '$.tax', canaryShare: 0.4, controlShare: 0 },
      { path: '$.total', canaryShare: 0.4, controlShare: 0 },
    ]
    const findings = [{ ...cause, metric: 'responses' as const, fields }]
    const text = renderReport({ ...exampleReport, findings, actions: [], skipped: [] }, plain)
    expect(text).toMatch(/regressed +cart +\+41 pp \(35–47\) +responses: \$\.price\n/)
    expect(text).toContain('  field     cart: $.price 9.5 → 0 in 41 % of pairs (control 0 %)\n')
    expect(text).toContain('\\x1b[2J →')
    expect(text).toContain(`$['${'x'.repeat(36)}…`)
    expect(text).toContain('cart: $.tax in 40 % of pairs')
    expect(text).not.toContain('$.total')
  })

  it('does not say of what a process uses that it was not localised', () => {
    const cpu = { ...finding('*', ratio(1.31, 1.24, 1.38)), metric: 'cpu' as const }
    const text = renderReport({ ...exampleReport, findings: [cpu], actions: [] }, plain)
    expect(text).toMatch(/whole service 1\.31× \(1\.24–1\.38\)  12 034 {2}CPU\n/)
  })

  it('folds health, and says how much', () => {
    const actions = Array.from({ length: 40 }, (_, index) =>
      actionEntry(`a${index}`, 'healthy', 10, ratio(1, 0.9, 1.1)),
    )
    const text = renderReport({ ...exampleReport, findings: [], skipped: [], actions }, plain)
    expect(text.split('\n').filter((line) => line.includes('✔'))).toHaveLength(12)
    expect(text).toContain('\n  28 more healthy\n')
  })

  it('is never wider than 80 columns and never shows a control character, for any report', () => {
    fc.assert(
      fc.property(anyReport, fc.boolean(), (report, unicode) => {
        expect(reportSchema.safeParse(report).success).toBe(true)
        for (const line of renderReport(report, { colour: false, unicode }).split('\n')) {
          expect(widthOf(line), line).toBeLessThanOrEqual(80)
          expect(line).not.toMatch(/\p{Cc}/u)
        }
      }),
      { numRuns: 300 },
    )
  })
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.constantFrom('checkout', '*', 'rare', 'a b c', '配送先を変更する'),
)
const anyNumber = fc.double({ min: -1e7, max: 1e7, noNaN: true })
const anyEffect: fc.Arbitrary<Effect> = fc.oneof(
  fc.record(
    { kind: fc.constant('ratio' as const), estimate: anyNumber, low: anyNumber, high: anyNumber },
    { requiredKeys: ['kind', 'estimate'] },
  ),
  fc.record(
    {
      kind: fc.constant('difference' as const),
      estimate: anyNumber,
      low: anyNumber,
      high: anyNumber,
    },
    { requiredKeys: ['kind', 'estimate'] },
  ),
)
const anyFinding = fc
  .record({
    action: anyText,
    metric: fc.constantFrom(...METRICS),
    role: fc.option(fc.constantFrom(...ROLES), { nil: undefined }),
    effect: fc.option(anyEffect, { nil: undefined }),
    transient: fc.boolean(),
    onset: anyNumber,
    restHealthy: fc.boolean(),
    rule: fc.constantFrom('evidence' as const, 'critical' as const),
    segment: fc.dictionary(anyText, anyText, { maxKeys: 2 }),
    fields: fc.array(
      fc.record({
        path: anyText,
        canaryShare: anyNumber,
        controlShare: anyNumber,
        baseline: anyText,
        canary: anyText,
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ role, effect, ...rest }) => ({
    ...finding('x', ratio(1, 1, 1)),
    ...rest,
    ...(role === undefined ? {} : { role }),
    ...(effect === undefined ? {} : { effect }),
  }))
const anyAction = fc
  .record({
    action: anyText,
    required: fc.boolean(),
    verdict: fc.constantFrom(...VERDICTS),
    pairs: fc.nat(),
    metric: fc.constantFrom(...METRICS),
    effect: fc.option(anyEffect, { nil: undefined }),
    needPairs: fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: undefined }),
  })
  .map(({ needPairs, effect, action, verdict, pairs, required, metric }) => ({
    ...actionEntry(action, verdict, pairs, effect, metric),
    required,
    ...(needPairs === undefined
      ? {}
      : { need: { metric, pairs: needPairs, seconds: 1, p10Seconds: 1, p90Seconds: 1 } }),
  }))
const anyArm = fc
  .record({ cpuMsPerRequest: anyNumber, rssMb: anyNumber, rssMbPerMinute: anyNumber })
  .map((used) => ({ requests: 1, byStatus: {}, sessions: 1, sessionsCompleted: 1, ...used }))
const anyReport: fc.Arbitrary<Report> = fc
  .record({
    verdict: fc.constantFrom(...RUN_VERDICTS),
    summary: anyText,
    findings: fc.array(anyFinding, { maxLength: 4 }),
    actions: fc.array(anyAction, { maxLength: 8 }),
    skipped: fc.array(fc.record({ action: anyText, code: anyText }), { maxLength: 3 }),
    reasons: fc.array(fc.record({ code: anyText, message: anyText }), { maxLength: 3 }),
    costs: fc.array(
      fc.record({ action: anyText, cpuMs: anyNumber, low: anyNumber, high: anyNumber }),
      { maxLength: 3 },
    ),
    mix: fc.array(fc.record({ action: anyText, natural: anyNumber, delivered: anyNumber }), {
      maxLength: 3,
    }),
    arms: fc.record({ baseline: anyArm, canary: anyArm }),
    noteMetric: fc.constantFrom(...METRICS),
    noteEffect: anyEffect,
  })
  .map(({ noteMetric, noteEffect, ...parts }) => ({
    ...exampleReport,
    ...parts,
    notes: parts.actions.map(({ action }) => ({ action, metric: noteMetric, effect: noteEffect })),
  }))
