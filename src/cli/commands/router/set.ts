/** `outrider router set`: moves the weight by hand, and believes only what is read back. */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { RouterError } from '../../../core/errors.ts'
import { parseWeightBp } from '../../../core/weight.ts'
import type { Finding } from '../../../outrider.ts'
import { plainText } from '../../../report/text.ts'
import { EXIT } from '../../exit.ts'
import { COMMON_HELP } from '../../help.ts'
import { plainWeight, readingDocument, stateOf, stateText, withRouter } from '../../router-verb.ts'
import { readSettings, withOutrider } from '../../settings.ts'
import type { Verb, VerbInput } from '../../verb.ts'

const help = `Usage: outrider router set NAME WEIGHT

Checks the router, moves the canary's weight, and reads it back. A router that
cannot carry the weight, whose canary is down, or that a rollout moves, is
left as it is.

  WEIGHT                 0% to 100%, in steps of 0.01%
${COMMON_HELP}
Exit  0 moved and read back  2 not moved, or not as asked
Example  outrider router set edge 5%
`

export const routerSet: Verb = {
  name: 'router set',
  summary: 'move the weight by hand, and read it back',
  args: ['<NAME>', '<WEIGHT>'],
  flags: [],
  notBuilt: [],
  help,
  run: runSet,
}

function runSet(input: VerbInput): Promise<number> {
  const { flags, terminal, args } = input
  const weightBp = parseWeightBp(args[1] ?? '', 'WEIGHT')
  return withRouter(input, 'router set', async (router) => {
    await refuseInRollout(input, router.name)
    const before = stateOf(await router.read())
    const findings = await router.preflight()
    refuse(router.name, findings, weightBp > before.configuredBp)
    const state = await router.set(weightBp, { expectBp: before.configuredBp })
    for (const { level, message } of findings) {
      const text = plainText(`${router.name}: ${message}`, terminal.errStyle)
      if (level === 'warning') terminal.err(`${text}\n`)
    }
    const fromBp = before.configuredBp
    if (flags.has('--json')) {
      const reading = readingDocument(state)
      const document = { router: router.name, kind: router.kind, fromBp, toBp: weightBp, reading }
      terminal.out(`${JSON.stringify(document)}\n`)
      return EXIT.healthy
    }
    const moved = `${router.name}: canary ${stateText(state)}, was ${plainWeight(fromBp)}`
    terminal.out(`${plainText(`${moved}; read back`, terminal.outStyle)}\n`)
    return EXIT.healthy
  })
}

/**
 * A rollout that finds its weight moved pauses rather than fights, so this would only stop it.
 * @throws RouterError with code `router-in-rollout`
 */
async function refuseInRollout(input: VerbInput, router: string): Promise<void> {
  const { config, baseFolder } = await readSettings(input)
  // Without a database there is no rollout, and reading one weight is no reason to make one.
  if (config.db === ':memory:' || !existsSync(resolve(baseFolder, config.db))) return
  await withOutrider(input, ({ rollouts }) => {
    const open = rollouts.openOn(router)
    if (open === undefined) return Promise.resolve()
    const { id, name } = open
    return Promise.reject(
      new RouterError(
        `Cannot set the weight of router "${router}": rollout ${id} "${name}" moves it`,
        {
          code: 'router-in-rollout',
          where: `routers.${router}`,
          mend: `outrider rollout abort ${id} takes the canary back to 0 % first`,
        },
      ),
    )
  })
}

/** @throws RouterError of the first finding that forbids the change */
function refuse(name: string, findings: readonly Finding[], isRaise: boolean): void {
  // A raise would take users from where they are served to where they are not.
  const forbidding = findings.find(
    ({ level, code }) => level === 'error' || (isRaise && code === 'canary-down'),
  )
  if (forbidding === undefined) return
  const { code, message, mend = `outrider router check ${name} says more` } = forbidding
  throw new RouterError(`Cannot set the weight of router "${name}": ${message}`, {
    code,
    where: `routers.${name}`,
    mend,
  })
}
