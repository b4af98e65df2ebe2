/** The flags of `outrider rollout start` as the request for a rollout. */

import { rolloutBody, type RolloutBody } from '../../core/contract/rollout.ts'
import { OutriderError, UsageError } from '../../core/errors.ts'
import { parseWith } from '../../core/parse.ts'
import { defined } from '../run-flags.ts'
import type { VerbInput } from '../verb.ts'
import { readPolicyFile } from './policy-file.ts'

export interface StartRequest {
  readonly body: RolloutBody
  /** Where a value of the body came from: a flag, or a line of the policy's file. */
  readonly locate: (pointer: string) => string
}

/** @throws UsageError that names the flag, or file and line */
export async function readStart(input: VerbInput): Promise<StartRequest> {
  const { flags, args } = input
  for (const flag of ['--target', '--router'] as const) {
    if (flags.has(flag)) continue
    const mend = `name one of the configuration: ${flag} NAME`
    throw new UsageError(`Cannot start a rollout: ${flag} is missing`, {
      code: 'missing-flag',
      where: flag,
      mend,
    })
  }
  const file = await readPolicyFile(input)
  const given = defined({
    name: args[0],
    version: flags.text('--version'),
    target: flags.text('--target'),
    router: flags.text('--router'),
    policy: file?.policy,
  })
  const body = parseWith(rolloutBody, given, {
    what: 'rollout',
    code: 'bad-flag',
    locate: ([key]) => flagOf(String(key)),
  })
  return {
    body,
    locate(pointer) {
      const [, key = ''] = pointer.split('/')
      return key === 'policy' ? (file?.locate(pointer) ?? pointer) : flagOf(key)
    },
  }
}

function flagOf(key: string): string {
  return key === 'name' ? 'NAME' : `--${key}`
}

/** The same error at the place that the person wrote. */
export function placed(thrown: unknown, { locate }: StartRequest): unknown {
  if (!(thrown instanceof OutriderError) || thrown.where?.startsWith('/') !== true) return thrown
  const { message, code, where, mend, cause } = thrown
  const there = locate(where)
  return new UsageError(message.replaceAll(where, there), {
    code,
    where: there,
    ...(mend === undefined ? {} : { mend }),
    ...(cause === undefined ? {} : { cause }),
  })
}
