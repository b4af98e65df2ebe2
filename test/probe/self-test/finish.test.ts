import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  finishReport,
  recordingOf,
  type FinishOptions,
} from '../../../src/probe/self-test/finish.ts'
import { makeTemporaryFile } from '../../../src/probe/self-test/temporary.ts'
import { planOf, runSynthetic, settings, slower } from '../../analysis/synthetic.ts'
import { createFolder } from '../../support/folders.ts'

const target = { kind: 'addresses', baseline: 'http://a', canary: 'http://b' } as const
const plan = planOf({ duration: 80 })
const healthy = runSynthetic({ plan })
const folder = createFolder()
const file = join(folder.path, 's.ndjson')
writeFileSync(file, healthy.lines.join('\n'))
afterAll(() => folder.remove())

const options = (changed: Partial<FinishOptions> = {}): FinishOptions => ({
  request: { target },
  file,
  settings,
  knowsItself: () => true,
  stopped: () => false,
  ...changed,
})

describe('recordingOf()', () => {
  it('keeps samples only where somebody needs them, and deletes what nobody asked for', () => {
    expect(recordingOf({ target }).file).toBeUndefined()
    expect(recordingOf({ target, samplesFile: file, aa: true }).file).toBe(file)
    const kept = recordingOf({ target, aa: true })
    expect(kept.file).toMatch(/samples\.ndjson$/)
    kept.release()
    expect(existsSync(join(kept.file ?? '', '..'))).toBe(false)
  })

  it('never deletes the file that was asked for', () => {
    recordingOf({ target, samplesFile: file, selfTest: { sizes: { errors: 0.1 } } }).release()
    expect(existsSync(file)).toBe(true)
  })
})

describe('makeTemporaryFile()', () => {
  it('leaves nothing that listens to the end of the process', () => {
    const before = process.listenerCount('exit')
    makeTemporaryFile().remove()
    expect(process.listenerCount('exit')).toBe(before)
  })
})

describe('finishReport()', () => {
  it('leaves a report as it is where nothing was asked for', async () => {
    expect(await finishReport(healthy.report, options())).toBe(healthy.report)
  })

  it('adds to a finding that the baseline was never compared with itself', async () => {
    const { report } = runSynthetic({ plan, canary: slower(1.6, 'view') })
    const hinted = await finishReport(report, options({ knowsItself: () => false }))
    expect(hinted.reasons.at(-1)).toMatchObject({ code: 'no-aa' })
    expect(hinted.verdict).toBe('regressed')
    expect(await finishReport(report, options())).toBe(report)
  })

  it('adds the rows of the self-test', async () => {
    const selfTest = { sizes: { latency_typical: 0.6 } }
    const report = await finishReport(healthy.report, options({ request: { target, selfTest } }))
    expect(report.selfTest?.map(({ action }) => action)).toContain('*')
    expect(report.selfTest?.some(({ found }) => found)).toBe(true)
  })

  it('says why there is no self-test, and never takes a verdict back', async () => {
    const selfTest = { sizes: { latency_typical: 0.6 } }
    const request = { target, selfTest }
    const { report } = runSynthetic({ plan, canary: slower(1.6, 'view') })
    const regressed = await finishReport(report, options({ request }))
    expect(regressed.reasons.at(-1)?.message).toContain('regressed anyway')
    const missing = await finishReport(healthy.report, options({ request, file: 'missing.ndjson' }))
    expect(missing.verdict).toBe(healthy.report.verdict)
    expect(missing.reasons.at(-1)?.message).toMatch(/^the self-test failed: /)
    const stopped = await finishReport(healthy.report, options({ request, stopped: () => true }))
    expect(stopped).toBe(healthy.report)
  })

  it('concludes a run of the baseline against itself', async () => {
    const report = await finishReport(healthy.report, options({ request: { target, aa: true } }))
    expect(report.aa?.margins.latency_typical).toBeGreaterThan(0)
    expect(report.summary).toMatch(/^Equal arms stayed within ±/)
  })
})
