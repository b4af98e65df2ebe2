/**
 * A controller in a process of its own, to be killed: takes up what is open, else starts the rollout
 * that it was given, and stays until it is over. Usage: controller-process.ts '<ControllerSpec>'
 */

import { rolloutBody, type RolloutBody } from '../../../src/core/contract/rollout.ts'
import { loadConfig, openOutrider, type ProbeOverrides } from '../../../src/outrider.ts'

export interface ControllerSpec {
  /** Holds outrider.yaml. */
  readonly folder: string
  /** Left out = only takes up what is open. */
  readonly request?: RolloutBody
  readonly overrides: ProbeOverrides
}

const spec: ControllerSpec = JSON.parse(process.argv[2] ?? '')
const { config, baseFolder } = await loadConfig({ cwd: spec.folder, environment: {} })
const environment = { PATH: process.env['PATH'] }
const outrider = openOutrider({
  config,
  baseFolder,
  environment,
  twins: { overrides: spec.overrides },
})
const ids = await takeUpOrStart()
process.stdout.write(`controls ${ids.join(' ')}\n`)
for (const id of ids) {
  const { state, sentence } = await outrider.rollouts.settled(id)
  process.stdout.write(`settled ${id} ${state} ${sentence}\n`)
}
await outrider.close()

async function takeUpOrStart(): Promise<readonly string[]> {
  const taken = await outrider.rollouts.resumeAll()
  if (taken.length > 0 || spec.request === undefined) return taken
  const { id } = await outrider.rollouts.start(rolloutBody.parse(spec.request), 'test')
  return [id]
}
