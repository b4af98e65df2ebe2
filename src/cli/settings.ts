/** What all verbs that work on the configuration begin with: file, environment and common flags. */

import { resolve } from 'node:path'
import type { Outrider, OutriderOptions } from '../outrider.ts'
import { printLine } from './terminal.ts'
import type { VerbInput } from './verb.ts'

/**
 * The configuration with the common flags over it.
 * @throws UsageError for a wrong file, variable or flag
 */
export async function readSettings(input: VerbInput): Promise<OutriderOptions> {
  const { flags, cwd, environment } = input
  const seed = flags.number('--seed', { min: 0, integer: true })
  // The engine is loaded only when a verb runs, so that help and refusals are instant.
  const { loadConfig } = await import('../outrider.ts')
  const file = flags.text('--config')
  const loaded = await loadConfig({ cwd, environment, ...(file === undefined ? {} : { file }) })
  const { baseFolder } = loaded
  const db = flags.text('--db')
  const config = {
    ...loaded.config,
    ...(db === undefined ? {} : { db: db === ':memory:' ? db : resolve(cwd, db) }),
    probe: { ...loaded.config.probe, ...(seed === undefined ? {} : { seed }) },
  }
  return { config, baseFolder, environment }
}

/** Opens, works and closes again, whatever happens. */
export async function withOutrider<Result>(
  input: VerbInput,
  work: (outrider: Outrider, settings: OutriderOptions) => Promise<Result>,
): Promise<Result> {
  const settings = await readSettings(input)
  const { openOutrider } = await import('../outrider.ts')
  const outrider = openOutrider({ ...settings, log: (line) => printLine(input.terminal, line) })
  try {
    return await work(outrider, settings)
  } finally {
    await outrider.close()
  }
}
