/**
 * What is kept of a recording that has not ended, for the case that it never does: what would be
 * written if it ended now, and nothing else. Whole or not there: it is written beside and renamed.
 */

import { open, readFile, rename, rm } from 'node:fs/promises'
import { StoreError, messageOf } from '../../../core/errors.ts'

export interface Unfinished {
  /** ISO 8601. */
  readonly at: string
  readonly requests: number
  readonly actions: number
  readonly users: number
  /** The ontology. */
  readonly yaml: string
  /** The users. */
  readonly ndjson: string
}

const SCHEMA = 'outrider.unfinished-recording/1'

export async function writeUnfinished(file: string, unfinished: Unfinished): Promise<void> {
  const beside = `${file}.part`
  const handle = await open(beside, 'w')
  try {
    await handle.writeFile(JSON.stringify({ schema: SCHEMA, ...unfinished }))
    // Else a power cut could leave the new name with nothing in it.
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(beside, file)
}

/**
 * Undefined where there is none.
 * @throws StoreError with code `bad-unfinished`
 */
export async function readUnfinished(file: string): Promise<Unfinished | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (isUnfinished(value)) return value
    throw new TypeError('it is no unfinished recording')
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
    throw new StoreError(`Cannot read "${file}": ${messageOf(thrown)}`, {
      code: 'bad-unfinished',
      where: file,
      mend: 'remove it, or start with --force, which discards it',
      cause: thrown,
    })
  }
}

/** @throws StoreError with code `not-written` */
export async function removeUnfinished(file: string): Promise<void> {
  try {
    await Promise.all([file, `${file}.part`].map((path) => rm(path, { force: true })))
  } catch (thrown) {
    throw new StoreError(`Cannot remove what was kept of a recording: ${messageOf(thrown)}`, {
      code: 'not-written',
      where: file,
      mend: 'remove it by hand: the next recording would be refused because of it',
      cause: thrown,
    })
  }
}

function isUnfinished(value: unknown): value is Unfinished {
  if (typeof value !== 'object' || value === null) return false
  const read = new Map<string, unknown>(Object.entries(value))
  return (
    read.get('schema') === SCHEMA &&
    ['at', 'yaml', 'ndjson'].every((name) => typeof read.get(name) === 'string') &&
    ['requests', 'actions', 'users'].every((name) => typeof read.get(name) === 'number')
  )
}
