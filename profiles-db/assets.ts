/** Where the files that come with the package are: found by its own name, from source and dist. */

import { fileURLToPath } from 'node:url'

/** Absolute path of `profiles-db/<parts>` in the installed package. */
export function assetPath(...parts: readonly string[]): string {
  const relative = ['.', 'profiles-db', ...parts].join('/')
  return fileURLToPath(new URL(relative, import.meta.resolve('outrider/package.json')))
}
