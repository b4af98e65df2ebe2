/** The real access log as profiles, and a probe of two real nginx servers with them. */

import { join } from 'node:path'
import type { Ontology } from '../../src/actions/ontology.ts'
import { loadOntology } from '../../src/actions/load.ts'
import { defaultConfig } from '../../src/core/contract/config.ts'
import type { Profile } from '../../src/core/contract/profile.ts'
import type { Report } from '../../src/core/contract/report.ts'
import { openOutrider } from '../../src/outrider.ts'
import { importRecording } from '../../src/profiles/derive/import.ts'
import { readLines } from '../../src/profiles/derive/read/lines.ts'
import { startNginx } from './nginx.ts'
import { PROJECT } from './processes.ts'

export interface RealLog {
  readonly ontology: Ontology
  readonly profiles: readonly Profile[]
}

/** Sessions of the access log in examples/data, grouped into actions by the ontology beside it. */
export async function readRealLog(): Promise<RealLog> {
  const folder = join(PROJECT, 'examples/data')
  const ontology = await loadOntology(join(folder, 'content-site.yaml'))
  const file = join(folder, 'apache_access_10k.log.gz')
  // With the usual throw-away key the pseudonyms, and so the drawn sessions, would differ each time.
  const key = new Uint8Array(32).fill(7)
  const options = { format: 'combined', ontology, file, k: 5, seed: 1, key } as const
  const imported = await importRecording(readLines(file, file), options)
  return { ontology, profiles: imported.profiles() }
}

export interface NginxProbe {
  readonly log: RealLog
  /** Exact path that the canary answers 30 ms late; left out = an A/A run. */
  readonly delayedPath?: string
  readonly seed: number
  readonly samplesFile?: string
}

/** A probe of two nginx servers that answer every path, at a higher rate and shorter than usual. */
export async function probeNginx(probe: NginxProbe): Promise<Report> {
  const { ontology, profiles } = probe.log
  const delays = probe.delayedPath === undefined ? [] : [{ path: probe.delayedPath, seconds: 0.03 }]
  const baseline = await startNginx({})
  const canary = await startNginx({ delays })
  const outrider = openOutrider({
    config: { ...defaultConfig, db: ':memory:' },
    baseFolder: PROJECT,
    environment: {},
  })
  try {
    const run = await outrider.startProbe({
      target: { kind: 'addresses', baseline: baseline.url, canary: canary.url },
      ontology,
      profiles: { kind: 'given', profiles },
      overrides: { seed: probe.seed, rate: 100, minDurationSeconds: 20, maxDurationSeconds: 120 },
      ...(probe.samplesFile === undefined ? {} : { samplesFile: probe.samplesFile }),
    })
    return await run.done
  } finally {
    await outrider.close()
    await baseline.stop()
    await canary.stop()
  }
}
