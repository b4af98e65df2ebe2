import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider, type Ended } from '../support/processes.ts'

/** Ten pairs a second; the canary's times are those of the baseline × `slower`. */
function samples(seconds: number, slower: number, more: object = {}): string {
  const random = createRandom(11)
  const lines: string[] = []
  for (let index = 0; index < seconds * 10; index += 1) {
    const base = 20 * Math.exp(0.3 * random.normal())
    for (const arm of ['baseline', 'canary'] as const) {
      const own = base * Math.exp(0.05 * random.normal()) * (arm === 'canary' ? slower : 1)
      const line = {
        at: index / 10,
        action: 'home',
        arm,
        pair: `p${index}`,
        latency_ms: own,
        status: 200,
      }
      lines.push(JSON.stringify({ ...line, ...(arm === 'canary' ? more : {}) }))
    }
  }
  return `${lines.join('\n')}\n`
}

async function analyze(text: string, ...flags: string[]): Promise<Ended> {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 's.ndjson'), text)
  return runOutrider(['analyze', 's.ndjson', ...flags], { cwd, env: { LANG: 'C.UTF-8' } })
}

/** Every case starts processes of its own, on a machine that may be busy. */
const PATIENT = { timeout: 60_000 }

describe('outrider analyze --rule', PATIENT, () => {
  it('refuses what is no rule, and says which was meant', async () => {
    const { code, stdout, stderr } = await analyze(samples(5, 1), '--rule', 'kayenta,flager')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('error: Cannot read --rule: "flager" is no rule')
    expect(stderr).toContain('Did you mean "flagger"?')
  })

  it('shows what other rules say of the same file beside ours', async () => {
    const { code, stdout } = await analyze(samples(400, 1.5), '--rule', 'kayenta,flagger')
    // Ours decides the exit code where several are asked.
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ {2}verdict +rule +when +blames\n {2}✖ regressed +ours /)
    expect(stdout).toMatch(
      /✖ regressed +kayenta +5 min +whole service: typical latency\n {4}score 33.33 of 100/,
    )
    // 20 → 30 ms is far below its limit of 500 ms.
    expect(stdout).toMatch(/✔ healthy +flagger\n/)
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .findLast((line) => line.startsWith('✖')),
    ).toContain('slower')
  })

  it('ends as the one other rule says', async () => {
    const slow = samples(400, 1.5)
    expect((await analyze(slow, '--rule', 'flagger')).code).toBe(0)
    expect((await analyze(slow, '--rule', 'ours,flagger')).code).toBe(1)
    const short = samples(30, 1.5)
    expect((await analyze(short, '--rule', 'counts')).code).toBe(3)
    expect((await analyze(short, '--rule', 'counts', '--on-inconclusive', 'pass')).code).toBe(0)
  })

  it('prints one document with --json', async () => {
    const { code, stdout, stderr } = await analyze(samples(90, 3), '--rule', 'all', '--json')
    const document: unknown = JSON.parse(stdout)
    expect(document).toMatchObject({ schema: 'outrider.rules/1', file: 's.ndjson' })
    expect(document).not.toHaveProperty('interrupted')
    const { verdicts } = document as { verdicts: { rule: string; verdict: string }[] }
    expect(verdicts[0]).toMatchObject({ rule: 'ours', verdict: 'regressed', actions: ['home'] })
    expect(verdicts).toHaveLength(14)
    const found = verdicts.filter(({ verdict }) => verdict === 'regressed').map(({ rule }) => rule)
    expect(found).toEqual([
      'ours',
      'mann-whitney-peeking',
      'mann-whitney-bonferroni',
      'welch-peeking',
      'howard-ramdas',
      'growthbook',
      'keptn',
    ])
    expect(stderr).toContain('✖ regressed')
    expect(code).toBe(1)
  })

  it('leaves the warm-up out for all', async () => {
    // Ten times slower for a minute that is marked, then equal.
    const warm = samples(60, 10).replaceAll('"status"', '"warmup":true,"status"')
    const cold = samples(120, 1).replaceAll(
      /"at":([\d.]+)/g,
      (_, at: string) => `"at":${Number(at) + 61}`,
    )
    const text = warm + cold.replaceAll('"pair":"p', '"pair":"q')
    const { stdout } = await analyze(
      text,
      '--rule',
      'welch-peeking,growthbook,mann-whitney-peeking',
    )
    expect(stdout).not.toContain('✖ regressed')
    const asked = await analyze(
      text.replaceAll('"warmup":true,', ''),
      '--rule',
      'growthbook',
      '--warmup',
      '61s',
    )
    expect(asked.stdout).toMatch(/✔ healthy +growthbook/)
  })

  it('judges what is not paired: live traffic of both arms', async () => {
    const text = samples(120, 2).replaceAll(/"pair":"p\d+",/g, '')
    const { code, stdout } = await analyze(text, '--rule', 'howard-ramdas')
    expect(stdout).toContain('! invalid')
    expect(stdout).toMatch(/✖ regressed +howard-ramdas/)
    expect(code).toBe(1)
  })

  it('gives differences of answers to the rule that looks at nothing else', async () => {
    const text = samples(60, 1, { diff: ['$.price'] }).replaceAll(/^.*"baseline".*$/gm, (line) =>
      [line, JSON.stringify({ ...JSON.parse(line), repeat: true, diff: [] })].join('\n'),
    )
    const { code, stdout } = await analyze(text, '--rule', 'diffy')
    expect(stdout).toMatch(/✖ regressed +diffy +10 s +home: responses/)
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'at the end home $.price is reported: 100 % of answers, noise 0 %',
    )
    expect(code).toBe(1)
  })
})
