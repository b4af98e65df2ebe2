/** The NDJSON file that gets every sample of a run, written as the run goes on. */

import { once } from 'node:events'
import { createWriteStream, openSync } from 'node:fs'
import { finished } from 'node:stream/promises'
import { StoreError, UsageError, messageOf } from '../core/errors.ts'

/** What may wait in memory for a slow disk. */
const MOST_UNWRITTEN_BYTES = 64 * 2 ** 20

export interface SamplesFile {
  /** Lines without the last newline; an empty text writes nothing. */
  write(lines: string): void
  /** Resolves when what is not on the disk yet is little again; undefined while it is. */
  caughtUp(): Promise<void> | undefined
  /** @throws StoreError if something could not be written */
  close(): Promise<void>
}

/** @throws UsageError with code `samples-file` if the file cannot be opened for writing */
export function openSamplesFile(file: string): SamplesFile {
  let descriptor: number
  try {
    descriptor = openSync(file, 'w')
  } catch (thrown) {
    throw new UsageError(`Cannot write samples to "${file}": ${messageOf(thrown)}`, {
      code: 'samples-file',
      where: file,
      mend: 'name a file in a folder that exists and that you may write to',
      cause: thrown,
    })
  }
  const stream = createWriteStream(file, { fd: descriptor })
  let fault: Error | undefined
  stream.on('error', (error) => {
    fault ??= error
  })
  return {
    caughtUp() {
      if (fault !== undefined || stream.writableLength < MOST_UNWRITTEN_BYTES) return undefined
      // The file may fail meanwhile: whoever closes it is told.
      return once(stream, 'drain').then(
        () => undefined,
        () => undefined,
      )
    },
    write(lines) {
      if (lines !== '' && fault === undefined) stream.write(`${lines}\n`)
    },
    async close() {
      stream.end()
      if (fault === undefined) {
        await finished(stream).catch((error: unknown) => {
          fault ??= error instanceof Error ? error : new Error(messageOf(error))
        })
      }
      if (fault !== undefined) {
        throw new StoreError(`Cannot write samples to "${file}": ${fault.message}`, {
          code: 'samples-file',
          where: file,
          mend: 'free some space; what was written before is kept',
        })
      }
    },
  }
}
