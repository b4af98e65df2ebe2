/** Populations come from files: those of the package by their name, others by their path. */

import { readFile, readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { UsageError } from '../../core/errors.ts'
import { fileReason } from '../../core/file-reason.ts'
import { suggest } from '../../core/suggest.ts'
import { parseYaml } from '../../core/yaml.ts'
import { loadOntology } from '../../actions/load.ts'
import { assetPath } from '../../../profiles-db/assets.ts'
import { checkPopulation, readPopulation, type Population } from './document.ts'

export { parsePopulation, type Population } from './document.ts'
export { synthesise, synthesiseUsers } from './users.ts'

const FILE_LIMIT_BYTES = 32 * 2 ** 20
const IS_FILE = /[/\\]|\.ya?ml$/

/** Names of the populations that come with the package. */
export async function populationNames(): Promise<string[]> {
  const files = await readdir(assetPath('populations'))
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .toSorted()
}

/**
 * @param nameOrFile one of `populationNames`, or a path, which has a slash or ends in `.yaml`
 * @param baseFolder what a relative path is seen from
 * @throws UsageError with code `unknown-population`, `no-population-file`, `bad-yaml`,
 *   `bad-population`, or one of its ontology
 */
export async function loadPopulation(
  nameOrFile: string,
  baseFolder = process.cwd(),
): Promise<Population> {
  if (IS_FILE.test(nameOrFile)) return loadFile(resolve(baseFolder, nameOrFile), nameOrFile)
  const names = await populationNames()
  if (!names.includes(nameOrFile)) {
    throw new UsageError(`Cannot load population: there is none named "${nameOrFile}"`, {
      code: 'unknown-population',
      where: '--population',
      mend: `${suggest(nameOrFile, names)}; a file is named with its .yaml`,
    })
  }
  const shown = `profiles-db/populations/${nameOrFile}.yaml`
  return loadFile(assetPath('populations', `${nameOrFile}.yaml`), shown)
}

async function loadFile(file: string, shown: string): Promise<Population> {
  const source = parseYaml(await readText(file, shown), shown)
  const document = readPopulation(source)
  const path = /\.ya?ml$/.test(document.ontology)
    ? resolve(dirname(file), document.ontology)
    : assetPath('actions', `${document.ontology}.yaml`)
  const ontology = await loadOntology(path)
  checkPopulation(document, ontology, source)
  return { name: basename(file, extname(file)), ontology, document }
}

async function readText(file: string, shown: string): Promise<string> {
  const refusal = (why: string, cause?: unknown): UsageError =>
    new UsageError(`Cannot load population: "${shown}": ${why}`, {
      code: 'no-population-file',
      where: shown,
      mend: 'name a population file that can be read, or a ready population without a path',
      cause,
    })
  try {
    const { size } = await stat(file)
    if (size <= FILE_LIMIT_BYTES) return await readFile(file, 'utf8')
  } catch (thrown) {
    throw refusal(fileReason(thrown), thrown)
  }
  throw refusal('the file is larger than 32 MiB')
}
