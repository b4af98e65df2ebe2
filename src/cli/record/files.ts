/** The files of a recording: where they are, and how they are written. */

import { rename, rm, writeFile } from 'node:fs/promises'
import { StoreError, messageOf } from '../../core/errors.ts'

export interface RecordFiles {
  readonly actions: string
  readonly profiles: string
  /** What is kept while the recording goes on. */
  readonly unfinished: string
  readonly shownActions: string
  readonly shownProfiles: string
  readonly shownUnfinished: string
  readonly force: boolean
}

/** Whole or not at all: first beside it, then in its place. */
export async function writeOut(file: string, text: string, force: boolean): Promise<void> {
  const beside = `${file}.${process.pid}.part`
  try {
    if (!force) return await writeFile(file, text, { flag: 'wx' })
    await writeFile(beside, text)
    await rename(beside, file)
  } catch (thrown) {
    await rm(beside, { force: true })
    throw new StoreError(`Cannot write "${file}": ${messageOf(thrown)}`, {
      code: 'not-written',
      where: file,
      mend: 'free some space, or check who may write there; then: outrider record --recover',
      cause: thrown,
    })
  }
}
