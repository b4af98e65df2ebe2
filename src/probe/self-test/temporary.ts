/** Samples that are needed after the run although nobody asked for their file: kept until then. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StoreError, messageOf } from '../../core/errors.ts'

export interface TemporaryFile {
  readonly file: string
  /** Deletes it; also done when the process ends before. */
  remove(): void
}

/** @throws StoreError with code `samples-file` if the folder for temporary files takes none */
export function makeTemporaryFile(): TemporaryFile {
  let folder: string
  try {
    // The folder is readable by this user alone.
    folder = mkdtempSync(join(tmpdir(), 'outrider-samples-'))
  } catch (thrown) {
    throw new StoreError(`Cannot keep samples for the end of the run: ${messageOf(thrown)}`, {
      code: 'samples-file',
      where: tmpdir(),
      mend: 'free some space there, or name a file with --samples',
      cause: thrown,
    })
  }
  const remove = (): void => {
    process.off('exit', remove)
    rmSync(folder, { recursive: true, force: true })
  }
  process.on('exit', remove)
  return { file: join(folder, 'samples.ndjson'), remove }
}
