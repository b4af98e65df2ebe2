/** What of a target's processes a run can read: looked at before it begins. */

import type { ResourceMetric } from '../../core/verdict.ts'
import type { Surroundings } from '../choose.ts'
import { sourceOfTarget } from '../reach/source.ts'
import { readTls } from '../reach/tls.ts'
import type { ProbeRequest } from '../requests.ts'
import { checkWatch } from './check.ts'
import { watchSourcesOf, type WatchSource } from './sources.ts'

export interface Watched {
  readonly sources: readonly WatchSource[]
  /** What baseline and canary both tell. */
  readonly resources: readonly ResourceMetric[]
  readonly remarks: readonly string[]
}

const NOTHING: Watched = { sources: [], resources: [], remarks: [] }

/**
 * Nothing where the target names no metrics, or where both arms are one process.
 * @throws UsageError or TargetError as `watchSourcesOf` and `checkWatch`
 */
export async function watchedOf(
  { config, baseFolder, environment }: Surroundings,
  { target: choice, aa }: ProbeRequest,
): Promise<Watched> {
  if (choice.kind !== 'named' || aa === true) return NOTHING
  const target = config.targets[choice.name]
  if (target?.metrics === undefined) return NOTHING
  const tls = await readTls([sourceOfTarget(choice.name, target, baseFolder)])
  const sources = watchSourcesOf(target.metrics, environment, tls?.ca)
  return { sources, ...(await checkWatch(sources)) }
}
