/** `--paths "/,/products?q=chair"`: an ontology and one profile without any file. */

import { ontologySchema } from '../core/contract/ontology.ts'
import type { Profile } from '../core/contract/profile.ts'
import { UsageError } from '../core/errors.ts'
import { RARE_POOL } from '../core/verdict.ts'
import { compileOntology } from './ontology.ts'
import type { Ontology } from './ontology.ts'

const FLAG = '--paths'
const MAX_PATHS = 200
const MAX_PATH_CHARS = 4096
const MAX_NAME_CHARS = 60

/**
 * One GET action per path and one profile that visits the paths in the order given; a path that is
 * given twice is one action, visited twice.
 * @throws UsageError with code `bad-paths`
 */
export function ontologyOfPaths(paths: readonly string[]): {
  ontology: Ontology
  profile: Profile
} {
  if (paths.length === 0) throw refuse('there is no path', 'write it like --paths "/,/products"')
  if (paths.length > MAX_PATHS) {
    throw refuse(`${paths.length} paths are more than ${MAX_PATHS}`, 'write an actions file')
  }
  const names = new Map<string, string>()
  for (const path of paths) {
    checkPath(path)
    if (!names.has(path)) names.set(path, uniqueName(path, new Set(names.values())))
  }
  const actions = Object.fromEntries(
    [...names].map(([path, name]) => [name, { kind: 'navigate', request: { path } }]),
  )
  const document = ontologySchema.parse({ version: 1, actions })
  const source = { value: document, locate: () => FLAG }
  const ontology = compileOntology(document, source, FLAG)
  return { ontology, profile: profileOf(paths.map((path) => names.get(path) ?? path)) }
}

function checkPath(path: string): void {
  const shown = JSON.stringify(path.slice(0, 80))
  if (/^https?:\/\//i.test(path)) {
    throw refuse(`${shown} is an address`, `write the path only, like "${pathOf(path)}"`)
  }
  if (!path.startsWith('/') || path.startsWith('//')) {
    throw refuse(`${shown} does not begin with one "/"`, 'write it like "/products?q=chair"')
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f]/.test(path)) {
    throw refuse(`${shown} has a space or a control character`, 'write a space as %20')
  }
  if (path.includes('#')) throw refuse(`${shown} has a fragment`, 'a fragment is never sent')
  if (path.includes('{{')) {
    throw refuse(`${shown} has a template`, 'templates need an actions file (--actions)')
  }
  if (path.length > MAX_PATH_CHARS) {
    throw refuse(`${shown}… is longer than ${MAX_PATH_CHARS} characters`, 'shorten it')
  }
}

function pathOf(address: string): string {
  return URL.canParse(address) ? new URL(address).pathname : '/'
}

/** `/products?q=chair` is `products`; where that is taken `products-q-chair`, then a number. */
function uniqueName(path: string, taken: ReadonlySet<string>): string {
  const isFree = (name: string): boolean => name !== RARE_POOL && !taken.has(name)
  const [pathname = ''] = path.split('?')
  const short = wordsOf(pathname) || (pathname === '/' ? 'home' : 'path')
  if (isFree(short)) return short
  const long = wordsOf(path) || short
  if (isFree(long)) return long
  let number = 2
  while (!isFree(`${long}-${number}`)) number += 1
  return `${long}-${number}`
}

function wordsOf(path: string): string {
  const words = path.split(/[^A-Za-z0-9_.]+/).filter((word) => word !== '')
  return words.join('-').slice(0, MAX_NAME_CHARS)
}

function profileOf(actions: readonly string[]): Profile {
  return {
    user_id: 'paths',
    behavioral_patterns: actions.map((action, timestamp) => ({ timestamp, action, data: {} })),
    resource_intensity: { cpu_ms: 0, memory_mb: 0, network_kb: 0, period_s: actions.length },
    geo_location: 'ZZ',
    device_type: 'desktop',
    labels: [],
    source: 'synthetic',
  }
}

function refuse(why: string, mend: string): UsageError {
  return new UsageError(`Cannot read ${FLAG}: ${why}`, { code: 'bad-paths', where: FLAG, mend })
}
