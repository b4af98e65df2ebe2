/** What was kept of a recording that did not end: a new one does not begin over it, it is written on request. */

import type { Unfinished } from '../../outrider.ts'
import { UsageError } from '../../core/errors.ts'
import { formatCount, NARROW_SPACE } from '../../report/numbers.ts'
import { EXIT } from '../exit.ts'
import type { VerbInput } from '../verb.ts'
import { writeOut, type RecordFiles } from './files.ts'

/** Beside the ontology. */
export function unfinishedOf(actions: string): string {
  return `${actions}.unfinished`
}

/**
 * With --force it is discarded.
 * @throws UsageError with code `unfinished-recording`
 */
export async function refuseUnfinished(files: RecordFiles): Promise<void> {
  const { readUnfinished, removeUnfinished } = await import('../../outrider.ts')
  if (files.force) return removeUnfinished(files.unfinished)
  const kept = await readUnfinished(files.unfinished)
  if (kept === undefined) return
  throw new UsageError(
    `Cannot record: "${files.shownUnfinished}" has a recording that did not end, ${countsOf(kept)}`,
    {
      code: 'unfinished-recording',
      where: '--actions-out',
      mend: '"outrider record --recover" writes it, --force discards it; if it still runs, name other files',
    },
  )
}

/** Writes what was kept as a recording that ends would have. */
export async function recover({ flags, terminal }: VerbInput, files: RecordFiles): Promise<number> {
  if (flags.text('--target') !== undefined) {
    throw new UsageError('Cannot recover: --recover records nothing, so it takes no --target', {
      code: 'conflicting-flags',
      where: '--recover',
      mend: 'leave --target out, and record after that',
    })
  }
  const { readUnfinished, removeUnfinished } = await import('../../outrider.ts')
  const kept = await readUnfinished(files.unfinished)
  if (kept === undefined) {
    throw new UsageError(`Cannot recover: there is no "${files.shownUnfinished}"`, {
      code: 'nothing-to-recover',
      where: '--recover',
      mend: 'name the ontology of the recording that did not end with --actions-out',
    })
  }
  await writeOut(files.actions, kept.yaml, files.force)
  await writeOut(files.profiles, kept.ndjson, files.force)
  await removeUnfinished(files.unfinished)
  const { at, requests, actions, users } = kept
  const shown = { actions: files.shownActions, profiles: files.shownProfiles }
  terminal.out(
    flags.has('--json')
      ? `${JSON.stringify({ recovered: at, requests, files: shown, actions, profiles: users })}\n`
      : `recovered ${countsOf(kept)}\n${actions} actions in ${shown.actions}\n${users} users in ${shown.profiles}\n`,
  )
  return EXIT.healthy
}

/** `24 requests until 2026-11-22T01:13:44Z`. */
function countsOf({ requests, at }: Unfinished): string {
  const count = formatCount(requests).replaceAll(NARROW_SPACE, ' ')
  return `${count} requests until ${at.replace(/\.\d+Z$/, 'Z')}`
}
