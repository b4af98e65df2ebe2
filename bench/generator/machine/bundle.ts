/**
 * Our client as plain JavaScript, which is how it ships: stripping types at the start costs CPU and
 * leaves tens of megabytes behind.
 */

import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { build } from 'vite'

/** In the project, because the bundle looks for the installed packages from where it lies. */
const FOLDER = fileURLToPath(
  new URL('../../../node_modules/.cache/outrider-bench', import.meta.url),
)

/** Returns the file. */
export async function bundled(entry: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: entry,
      outDir: FOLDER,
      emptyOutDir: true,
      target: 'node24',
      rollupOptions: {
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  })
  return join(FOLDER, 'ours.mjs')
}
