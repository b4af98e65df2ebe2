/** What of a target's processes a run can read: looked at before it begins. */

import type { ResourceMetric } from '../../core/verdict.ts'
import { reachOf, type Surroundings } from '../choose.ts'
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
  {
    config,
    baseFolder,
    environment,
  }: Surroundings & {
    readonly environment: Readonly<Record<string, string | undefined>>
  },
  { target: choice, aa }: ProbeRequest,
): Promise<Watched> {
  const target = choice.kind === 'named' ? config.targets[choice.name] : undefined
  if (target?.metrics === undefined || aa === true) return NOTHING
  const { ca } = await reachOf(target, baseFolder)
  const sources = watchSourcesOf(target.metrics, environment, ca)
  return { sources, ...(await checkWatch(sources)) }
}
