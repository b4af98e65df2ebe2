/** What of a target's processes a run can read: looked at before it begins. */

import type { ResourceMetric } from '../../core/verdict.ts'
import type { Surroundings } from '../choose.ts'
import { parseAddress } from '../../core/contract/target.ts'
import { readReach } from '../reach/reach.ts'
import { sourceOfFlags, sourceOfTarget } from '../reach/source.ts'
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
  { target: choice, reach: flags = {}, aa }: ProbeRequest,
): Promise<Watched> {
  if (choice.kind !== 'named' || aa === true) return NOTHING
  const target = config.targets[choice.name]
  if (target?.metrics === undefined) return NOTHING
  const said = [sourceOfTarget(choice.name, target, baseFolder), sourceOfFlags(flags)]
  const reach = await readReach(said, environment)
  const hosts = [target.baseline, target.canary, target.control].flatMap(hostnameOf)
  const sources = watchSourcesOf(target.metrics, environment, { reach, hosts })
  return { sources, ...(await checkWatch(sources)) }
}

/** None of a unix socket: what listens beside it is not known to be the arm. */
function hostnameOf(text: string | undefined): string[] {
  const address = text === undefined ? undefined : parseAddress(text)
  const isHost = address !== undefined && address.socketPath === undefined
  return isHost ? [new URL(address.url).hostname] : []
}
