import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { reportSchema } from '../../src/core/contract/report.ts'
import { createRandom } from '../../src/core/random.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider, type Ended } from '../support/processes.ts'

/** Twenty pairs a second for a minute; the canary's times are those of the baseline × `slower`. */
function samples(slower: number): string {
  const random = createRandom(7)
  const lines: string[] = []
  for (let pair = 0; pair < 1200; pair += 1) {
    const at = pair / 20
    const base = 10 * Math.exp(0.2 * random.normal())
    for (const arm of ['baseline', 'canary'] as const) {
      const own = base * Math.exp(0.05 * random.normal()) * (arm === 'canary' ? slower : 1)
      lines.push(
        JSON.stringify({ at, action: 'home', arm, pair: `p${pair}`, latency_ms: own, status: 200 }),
      )
    }
  }
  return `${lines.join('\n')}\n`
}

async function analyze(text: string, ...flags: string[]): Promise<Ended> {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 's.ndjson'), text)
  return runOutrider(['analyze', 's.ndjson', ...flags], { cwd, env: { LANG: 'C.UTF-8' } })
}

describe('outrider analyze', () => {
  it('names file and line of what is no sample', async () => {
    const good = samples(1)
    const notJson = await analyze(`${good}{"at":1\n`)
    expect([notJson.code, notJson.stdout]).toEqual([2, ''])
    expect(notJson.stderr).toContain('error: Cannot read sample: s.ndjson:2401: ')
    const wrongArm = await analyze('\n{"at":1,"action":"a","arm":"canry","latency_ms":1}\n')
    expect(wrongArm.stderr).toContain('"arm" in s.ndjson:2')
    expect(wrongArm.stderr).toContain('Did you mean "canary"?')
    expect(wrongArm.code).toBe(2)
  })

  it('names a file that is not there, a folder, and a file without samples', async () => {
    const cwd = temporaryFolder()
    expect(await runOutrider(['analyze', 'no.ndjson'], { cwd })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"no.ndjson": there is no such file'),
    })
    expect(await runOutrider(['analyze', '.'], { cwd })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it is a folder'),
    })
    expect(await analyze('')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it holds no sample'),
    })
  })

  it('calls a canary regressed that is half as slow again: exit 1', async () => {
    const { code, stdout } = await analyze(samples(1.5), '--json')
    const report = reportSchema.parse(JSON.parse(stdout))
    expect(report.findings[0]).toMatchObject({ action: 'home', metric: 'latency_typical' })
    expect(report.findings[0]?.effect?.estimate).toBeCloseTo(1.5, 1)
    expect(code).toBe(1)
  })

  it('does not find what the margin allows', async () => {
    const { code, stdout } = await analyze(
      samples(1.5),
      '--margin',
      'latency_typical=80%,latency_tail=500%',
    )
    expect(code, stdout).not.toBe(1)
  })

  it('finds nothing in twins that are alike, and says what is missing for the proof', async () => {
    const { code, stdout } = await analyze(samples(1))
    expect([0, 3]).toContain(code)
    expect(stdout).toMatch(/\n[✔?] (?:healthy|inconclusive) {2}/)
    const passed = await analyze(samples(1), '--on-inconclusive', 'pass')
    expect(passed.code).toBe(0)
  })

  it('does not judge samples without pairs: exit 4', async () => {
    const { code, stdout } = await analyze(samples(1).replaceAll(/"pair":"p\d+",/g, ''))
    expect(stdout).toContain('! invalid  not judged: no pair')
    expect(code).toBe(4)
  })

  it('reads stdin as it reads a file', async () => {
    const input = samples(1.5)
    const cwd = temporaryFolder()
    const piped = await runOutrider(['analyze', '-', '--json'], { cwd, input })
    const read = await analyze(input, '--json')
    const { run: _run, startedAt: _startedAt, ...verdict } = JSON.parse(piped.stdout)
    expect(JSON.parse(read.stdout)).toMatchObject(verdict)
    expect(piped.code).toBe(1)
  })
})
