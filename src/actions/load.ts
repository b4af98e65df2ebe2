/** Reads an ontology file; the only file of this room that touches the disk. */

import { readFile, stat } from 'node:fs/promises'
import { ontologySchema } from '../core/contract/ontology.ts'
import { UsageError, messageOf } from '../core/errors.ts'
import { parseWith } from '../core/parse.ts'
import { parseYaml } from '../core/yaml.ts'
import { compileOntology } from './ontology.ts'
import type { Ontology } from './ontology.ts'

const MAX_FILE_BYTES = 8 * 2 ** 20

/**
 * @param file the name that errors show
 * @throws UsageError that names file, line and field, with the nearest known name
 */
export function parseOntology(text: string, file: string): Ontology {
  const source = parseYaml(text, file)
  const door = { what: 'ontology', code: 'bad-ontology', locate: source.locate }
  return compileOntology(parseWith(ontologySchema, source.value, door), source, file)
}

/** @throws UsageError with code `no-ontology-file` if it cannot be read, else as parseOntology */
export async function loadOntology(file: string): Promise<Ontology> {
  return parseOntology(await readText(file), file)
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size <= MAX_FILE_BYTES) return await readFile(file, 'utf8')
  } catch (fault) {
    throw new UsageError(`Cannot read ontology: ${file}: ${reasonOf(fault)}`, {
      code: 'no-ontology-file',
      where: file,
      mend: 'give the path of an actions file, or --paths for an ontology without a file',
      cause: fault,
    })
  }
  throw new UsageError(`Cannot read ontology: ${file}: the file is larger than 8 MiB`, {
    code: 'no-ontology-file',
    where: file,
    mend: 'split it, or check that this is an actions file',
  })
}

function reasonOf(fault: unknown): string {
  const code = fault instanceof Error && 'code' in fault ? fault.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'EACCES') return 'it may not be read'
  return messageOf(fault)
}
