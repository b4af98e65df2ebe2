/** `--policy F`: a file in the words of `policy:`, whose keys go over the configured policy. */

import { resolve } from 'node:path'
import {
  policyFileSchema,
  writtenPolicyPath,
  type PolicyRequest,
} from '../../core/contract/policy.ts'
import { UsageError } from '../../core/errors.ts'
import { parseWith } from '../../core/parse.ts'
import { parseYaml } from '../../core/yaml.ts'
import { readText } from '../run-flags.ts'
import type { VerbInput } from '../verb.ts'

export interface PolicyFile {
  readonly policy: PolicyRequest
  /** `fast.yaml:3` of `/policy/intervalSeconds`; what is no pointer of it stays as it is. */
  readonly locate: (pointer: string) => string
}

/**
 * Undefined where no file is named.
 * @throws UsageError `no-file`, `bad-yaml`, `bad-policy` with file and line
 */
export async function readPolicyFile({
  flags,
  cwd,
}: Pick<VerbInput, 'flags' | 'cwd'>): Promise<PolicyFile | undefined> {
  const file = flags.text('--policy')
  if (file === undefined) return undefined
  const source = parseYaml(await readText(resolve(cwd, file), file, 'policy'), file)
  // A file without a word changes nothing.
  const value = source.value ?? {}
  refuseCommands(value, source.locate)
  const { locate } = source
  const policy = parseWith(policyFileSchema, value, { what: 'policy', code: 'bad-policy', locate })
  return {
    policy,
    locate(pointer) {
      const [, first, ...path] = pointer.split('/')
      return first === 'policy' ? locate(writtenPolicyPath(path)) : pointer
    },
  }
}

/** A command in a file that a pipeline hands over would be a way to run anything. */
function refuseCommands(value: unknown, locate: (path: readonly PropertyKey[]) => string): void {
  if (typeof value !== 'object' || value === null || !('on_promoted' in value)) return
  const where = locate(['on_promoted'])
  throw new UsageError(
    `Cannot read policy: "on_promoted" in ${where}: commands and webhooks belong to outrider.yaml`,
    { code: 'bad-policy', where, mend: 'move it to policy: on_promoted: in outrider.yaml' },
  )
}
