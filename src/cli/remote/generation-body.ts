/** The flags of `outrider generate --server` as the body of POST /generations. */

import type { GenerationBody } from '../../core/contract/http.ts'
import type { GenerationRequest } from '../../outrider.ts'
import { REACH_REFUSALS } from '../plan/reach-flags.ts'
import { defined } from '../run-flags.ts'
import type { VerbInput } from '../verb.ts'
import {
  LOCAL_FLAGS,
  refuseLocalFlags,
  refuseLocalVariables,
  type Refusals,
  type ServerAddress,
} from './address.ts'

const OWN_ONTOLOGY = 'the server sends by the ontology of its configuration'
const OWN_USERS = 'the server takes the users of its database, --criteria JSON says which'

const REFUSALS: Refusals = {
  '--actions': OWN_ONTOLOGY,
  '--paths': OWN_ONTOLOGY,
  '--profiles': OWN_USERS,
  '--population': OWN_USERS,
  '--samples': 'a server does not hand out samples',
  '--workers': 'the server has threads of its own',
  '--i-own-this': 'a server keeps its caps',
  ...REACH_REFUSALS,
  ...LOCAL_FLAGS,
}

/**
 * What crosses to the server; what is left out is for its configuration to say.
 * @param load how much the flags ask for
 * @throws UsageError for flags and variables that cannot cross
 */
export async function readGenerationBody(
  input: VerbInput,
  server: ServerAddress,
  url: string,
  load: Omit<GenerationRequest, 'target'>,
): Promise<GenerationBody> {
  refuseLocalFlags(input, server, REFUSALS)
  refuseLocalVariables(input, server)
  const { flags } = input
  const criteria = flags.text('--criteria')
  const { parseCriteria } = await import('../../outrider.ts')
  const { durationSeconds: duration, rampSeconds: ramp, concurrency, ...rest } = load
  const { seed, rate, maxRps, arrivals, timeScale, allowMutations, timeoutMs } = rest
  return {
    target_url: url,
    duration,
    concurrency,
    ...defined({ seed, rate, maxRps, arrivals, timeScale, ramp, allowMutations, timeoutMs }),
    ...defined({
      profile_id: flags.text('--profile-id'),
      criteria: criteria === undefined ? undefined : parseCriteria(criteria, '--criteria'),
    }),
  }
}

/** `/target_url` → `--target-url`: a fault is named as the person wrote it. */
export function generationFlagOf(pointer: string): string {
  const key = (pointer.split('/')[1] ?? '').replace(/Ms$/, '').replaceAll('_', '-')
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
