import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createPasses, partialReport } from '../../../src/probe/recorded/passes.ts'
import { exampleReport } from '../../report/example-report.ts'
import { temporaryFolder } from '../../support/folders.ts'

const LINE = '{"at":1,"action":"home","arm":"canary","latency_ms":1,"status":200}\n'

function passes(text: string, signal?: AbortSignal): ReturnType<typeof createPasses> {
  const path = join(temporaryFolder(), 's.ndjson')
  writeFileSync(path, text)
  const options = { shown: 's', totalBytes: text.length, withRules: true }
  return createPasses(path, { ...options, ...(signal === undefined ? {} : { signal }) })
}

/** How many lines there are. */
async function readThrough(lines: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const line of lines) count += Number(line !== undefined)
  return count
}

describe('createPasses()', () => {
  it('says nothing of a reading that was interrupted before the judgement', async () => {
    const controller = new AbortController()
    const readings = passes(LINE.repeat(20_000), controller.signal)
    await readThrough(readings.open())
    const counting = readThrough(readings.open())
    controller.abort()
    await counting
    expect(() => readings.open()).toThrow('interrupted before anything was judged')
  })

  it('knows what the last reading has seen', async () => {
    const readings = passes(LINE.repeat(3).replace('home', 'cart'))
    for (let reading = 0; reading < 3; reading += 1) await readThrough(readings.open())
    expect(readings.actions()).toEqual(['home', 'cart'])
    expect([readings.firstAt(), readings.cutAt()]).toEqual([1, undefined])
  })
})

describe('partialReport()', () => {
  it('is never healthy', () => {
    const partial = partialReport({ ...exampleReport, verdict: 'healthy', findings: [] }, 0.419)
    expect(partial.verdict).toBe('inconclusive')
    expect(partial.summary).toContain('interrupted at 41 % of the file')
  })

  it('keeps a regression, and says why it is partial', () => {
    const partial = partialReport({ ...exampleReport, verdict: 'regressed' }, 0.5)
    expect(partial.verdict).toBe('regressed')
    expect(partial.reasons.at(-1)).toMatchObject({ code: 'interrupted' })
  })
})
