import { beforeAll, describe, expect, it } from 'vitest'
import { analyzeSamples } from '../../src/probe/analyze.ts'
import { createFolder } from '../support/folders.ts'
import { skipReason } from '../support/parts.ts'
import { probeNginx, readRealLog, type RealLog } from '../support/real-log.ts'
import { join } from 'node:path'

const reason = skipReason('nginx', 'nginx-echo')

describe.skipIf(reason !== undefined)(
  `a probe with the sessions of a real log ${reason ?? ''}`,
  () => {
    let log: RealLog
    beforeAll(async () => {
      log = await readRealLog()
    })

    it('names exactly the action whose path one nginx answers 30 ms late', async () => {
      const folder = createFolder()
      const samplesFile = join(folder.path, 'samples.ndjson')
      const report = await probeNginx({ log, delayedPath: '/', seed: 1, samplesFile })
      expect(report.verdict, report.summary).toBe('regressed')
      expect([...new Set(report.findings.map((finding) => finding.action))]).toEqual(['home'])
      expect(report.findings[0]).toMatchObject({ role: 'cause', phase: 'quiet' })
      const again = await analyzeSamples(samplesFile, {})
      const {
        run: _run,
        startedAt: _startedAt,
        skipped: _skipped,
        arms: _arms,
        reasons,
        ...verdict
      } = report
      expect(again).toMatchObject(JSON.parse(JSON.stringify(verdict)))
      // Only a database knows whether the baseline was ever tried against itself.
      expect(again.reasons).toEqual(reasons.filter(({ code }) => code !== 'no-aa'))
      folder.remove()
    })

    it('blames nobody when both servers are the same, and proves it', async () => {
      const report = await probeNginx({ log, seed: 1 })
      expect(report.findings).toEqual([])
      expect(report.verdict, report.summary).toBe('healthy')
    })
  },
)
