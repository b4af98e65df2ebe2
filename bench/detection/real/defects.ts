/**
 * The versions of the recorded study: the shop as it is, with a defect that was put in, and with an
 * honest one, as they are written every day.
 */

export interface Version {
  readonly name: string
  readonly kind: 'equal' | 'injected' | 'honest'
  /** Actions that are worse; empty where nothing is, `*` = all of them. */
  readonly guilty: readonly string[]
  readonly what: string
}

export const VERSIONS = [
  { name: 'same', kind: 'equal', guilty: [], what: 'the same program' },
  { name: 'cpu-20', kind: 'injected', guilty: ['cart'], what: 'cart +20 % by computing' },
  { name: 'cpu-50', kind: 'injected', guilty: ['cart'], what: 'cart +50 % by computing' },
  { name: 'slow-mode', kind: 'injected', guilty: ['*'], what: 'slow mode 1 to 5 %' },
  { name: 'errors', kind: 'injected', guilty: ['*'], what: '2 % of the answers are 500' },
  { name: 'wrong-field', kind: 'injected', guilty: ['product'], what: 'a price in cents' },
  { name: 'n-plus-one', kind: 'honest', guilty: ['home'], what: 'a query for each product' },
  { name: 'no-index', kind: 'honest', guilty: ['orders'], what: 'an index is missing' },
  { name: 'backtrack', kind: 'honest', guilty: ['search'], what: 'a regular expression goes back' },
  { name: 'leak', kind: 'honest', guilty: ['*'], what: 'every visit is kept in memory' },
  { name: 'growing-json', kind: 'honest', guilty: ['export'], what: 'a log is written whole' },
] as const satisfies readonly Version[]
export type VersionName = (typeof VERSIONS)[number]['name']

/** @throws RangeError for a name that no version has */
export function versionOf(name: string): (typeof VERSIONS)[number] {
  const found = VERSIONS.find((version) => version.name === name)
  if (found !== undefined) return found
  throw new RangeError(`No version "${name}": there are ${VERSIONS.map((v) => v.name).join(', ')}`)
}
