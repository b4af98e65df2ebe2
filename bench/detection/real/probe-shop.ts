/** One probe of two real shops by the product itself, and what everyone says of its samples. */

import { join } from 'node:path'
import { ontologyOfPaths } from '../../../src/actions/paths.ts'
import { configSchema } from '../../../src/core/contract/config.ts'
import { openOutrider } from '../../../src/outrider.ts'
import { createFolder } from '../../../test/support/folders.ts'
import { PROJECT, startProgram, type Program } from '../../../test/support/processes.ts'
import type { SaidBy } from '../simulation/rules.ts'
import type { VersionName } from './defects.ts'
import { replayRules } from './replay.ts'
import { PATHS } from './shop.ts'

export interface RecordedRun {
  readonly version: VersionName
  readonly seed: number
  readonly verdict: string
  /** Why a run could not be judged, or not be proven. */
  readonly reasons: readonly string[]
  /** All seconds and those of the warm-up. */
  readonly seconds: number
  readonly warmupSeconds: number
  readonly findings: readonly {
    readonly action: string
    readonly metric: string
    readonly role?: string
    /** Seconds from the end of the warm-up. */
    readonly detectedAt: number
  }[]
  /** The rules on the same samples, in seconds from the end of the warm-up. */
  readonly rules: SaidBy
}

const RATE = 50
/** As in a pipeline that has a minute to spare. */
const SECONDS = 75

/** Starts both shops, probes, replays and stops them. Equal shops take turns in being the canary. */
export async function probeShop(version: VersionName, seed: number): Promise<RecordedRun> {
  const folder = createFolder()
  const started: Program[] = []
  try {
    const shops = await startShops(version, seed, started)
    const samplesFile = join(folder.path, 'samples.ndjson')
    const config = configSchema.parse({ version: 1, db: ':memory:', targets: { shop: shops } })
    const outrider = openOutrider({ config, baseFolder: PROJECT, environment: {} })
    const { ontology, profile } = ontologyOfPaths(PATHS)
    try {
      const run = await outrider.startProbe({
        target: { kind: 'named', name: 'shop' },
        ontology,
        profiles: { kind: 'given', profiles: [profile] },
        overrides: { seed, rate: RATE, duration: SECONDS },
        samplesFile,
      })
      const { verdict, reasons, seconds, warmupSeconds, findings } = await run.done
      return {
        version,
        seed,
        verdict,
        reasons: reasons.map(({ code }) => code),
        seconds,
        warmupSeconds,
        findings: findings.map(({ action, metric, role, detectedAt }) => ({
          action,
          metric,
          detectedAt,
          ...(role === undefined ? {} : { role }),
        })),
        rules: await replayRules(samplesFile, seed),
      }
    } finally {
      await outrider.close()
    }
  } finally {
    await Promise.all(started.map((program) => program.stop()))
    folder.remove()
  }
}

async function startShops(
  version: VersionName,
  seed: number,
  started: Program[],
): Promise<Record<string, unknown>> {
  const file = join(import.meta.dirname, 'shop.ts')
  const start = async (name: VersionName, shopSeed: number): Promise<Shop> => {
    const program = startProgram(process.execPath, [file, name, String(shopSeed)])
    started.push(program)
    const [, port = ''] = await program.saw(/port (\d+)/, 20_000)
    return { url: `http://127.0.0.1:${port}`, pid: program.pid }
  }
  const one = await start('same', 2 * seed)
  const other = await start(version, 2 * seed + 1)
  // What was started second may be favoured for ever: equal shops change places.
  const isSwapped = version === 'same' && seed % 2 === 0
  const [baseline, canary] = isSwapped ? [other, one] : [one, other]
  return {
    baseline: baseline.url,
    canary: canary.url,
    metrics: { baseline: { pid: baseline.pid }, canary: { pid: canary.pid } },
  }
}

interface Shop {
  readonly url: string
  readonly pid: number
}
