/** Files that an import writes: never over one that is there, and gone again if the import fails. */

import { rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UsageError } from '../../core/errors.ts'
import { fileReason } from '../../core/file-reason.ts'

export interface NewFile {
  /** As the flag names it. */
  readonly shown: string
  readonly flag: string
  readonly text: string
}

/**
 * Writes all of them or none, then does the work; if that fails, the files are removed again.
 * @throws UsageError with code `file-exists` or `not-written`
 */
export async function withNewFiles<Result>(
  files: readonly NewFile[],
  cwd: string,
  work: () => Result,
): Promise<Result> {
  const written: string[] = []
  try {
    for (const { shown, flag, text } of files) {
      const path = resolve(cwd, shown)
      try {
        // An ontology that was proposed before may have been worked on since.
        // eslint-disable-next-line no-await-in-loop -- one after the other, so that it is clear which are there
        await writeFile(path, text, { flag: 'wx' })
      } catch (error) {
        throw notWritten(shown, flag, error)
      }
      written.push(path)
    }
    return work()
  } catch (error) {
    await Promise.all(written.map((path) => rm(path, { force: true })))
    throw error
  }
}

function notWritten(shown: string, flag: string, error: unknown): UsageError {
  const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
  return new UsageError(
    `Cannot write ${shown}: ${isThere ? 'there is such a file already' : fileReason(error)}`,
    {
      code: isThere ? 'file-exists' : 'not-written',
      where: flag,
      mend: isThere ? 'name another file, or remove this one' : 'name a file that can be written',
      cause: error,
    },
  )
}
