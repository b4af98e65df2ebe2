/** The flags of `outrider probe --server` as the body of POST /probes. */

import type { ProbeBody } from '../../core/contract/http.ts'
import { UsageError } from '../../core/errors.ts'
import { REACH_REFUSALS } from '../plan/reach-flags.ts'
import { defined, readOverrides } from '../run-flags.ts'
import type { VerbInput } from '../verb.ts'
import {
  LOCAL_FLAGS,
  refuseLocalFlags,
  refuseLocalVariables,
  type Refusals,
  type ServerAddress,
} from './address.ts'

const OWN_TARGETS = 'a server sends only to targets of its configuration, --target NAME'
const OWN_ONTOLOGY = 'the server sends by the ontology of its configuration'
const OWN_USERS = 'the server takes the users of its database, --criteria JSON says which'

const REFUSALS: Refusals = {
  '--baseline': OWN_TARGETS,
  '--canary': OWN_TARGETS,
  '--control': OWN_TARGETS,
  '--actions': OWN_ONTOLOGY,
  '--paths': OWN_ONTOLOGY,
  '--profiles': OWN_USERS,
  '--population': OWN_USERS,
  '--samples': 'a server does not hand out samples',
  '--workers': 'the server has threads of its own',
  '--self-test': 'a server keeps no samples to plant anything into',
  '--i-own-this': 'a server keeps its caps',
  '--capacity': 'a server keeps its caps',
  '--capacity-duration': 'a server keeps its caps',
  ...REACH_REFUSALS,
  ...LOCAL_FLAGS,
}

/**
 * What crosses to the server; what is left out is for its configuration to say.
 * @throws UsageError for flags and variables that cannot cross
 */
export async function readProbeBody(input: VerbInput, server: ServerAddress): Promise<ProbeBody> {
  refuseLocalFlags(input, server, REFUSALS)
  refuseLocalVariables(input, server)
  const { flags } = input
  const target = flags.text('--target')
  if (target === undefined) {
    throw new UsageError('Cannot start a probe: --target is missing', {
      code: 'no-target',
      where: '--target',
      mend: 'name a target of the configuration of the server: --target NAME',
    })
  }
  const { workers: _refused, rampSeconds, ...overrides } = readOverrides(flags)
  const { minDurationSeconds, maxDurationSeconds, phases, require, ...rest } = overrides
  const criteria = flags.text('--criteria')
  const { parseCriteria } = await import('../../outrider.ts')
  return {
    target,
    ...rest,
    ...defined({
      ramp: rampSeconds,
      minDuration: minDurationSeconds,
      maxDuration: maxDurationSeconds,
      phases: phases === undefined ? undefined : [...phases],
      require: require === undefined ? undefined : [...require],
      aa: flags.has('--aa') ? true : undefined,
      criteria: criteria === undefined ? undefined : parseCriteria(criteria, '--criteria'),
    }),
  }
}

/** `/healthyMargins/errors` → `--healthy-margin`: a fault is named as the person wrote it. */
export function flagOfPointer(pointer: string): string {
  const key = pointer.split('/')[1] ?? ''
  const name = key.replace(/argins$/, 'argin').replace(/Ms$/, '')
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
