#!/usr/bin/env node
// Checks the Node version, then starts the command line: from source in a checkout, else from dist.
import { existsSync, mkdirSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { createRequire, enableCompileCache } from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 24 || (major === 24 && minor < 12)) {
  const own = ownNode()
  if (own === undefined) {
    process.stderr.write(
      `error: outrider needs Node 24.12 or newer, this is ${process.versions.node}\n` +
        '  Install Node 24, or run npm ci in a checkout and start it with npx outrider\n',
    )
    process.exit(2)
  }
  const child = spawnSync(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  process.exit(child.status ?? 2)
}

keepCompiled()
const source = join(root, 'src/cli/main.ts')
const built = join(root, 'dist/src/cli/main.js')
// Node strips no types below node_modules, so an installed package always starts from dist.
const entry = existsSync(source) && !root.includes('node_modules') ? source : built
const { main } = await import(entry)
await main(process.argv.slice(2))

/**
 * Stripping and compiling the modules takes most of the time of a short command, so Node keeps them
 * compiled: in the user's own cache folder, because what lies there is run. Without such a folder it
 * goes on without. The variable is for the worker threads.
 */
function keepCompiled() {
  const { XDG_CACHE_HOME: caches = '', HOME: home = '' } = process.env
  const folder = isAbsolute(caches) ? caches : isAbsolute(home) ? join(home, '.cache') : undefined
  if (folder === undefined || process.env.NODE_COMPILE_CACHE !== undefined) return
  try {
    const own = join(folder, 'outrider')
    // Level by level: where a file system takes no folders, Node's own way of making all never ends.
    for (const level of [folder, own]) if (!existsSync(level)) mkdirSync(level, { mode: 0o700 })
    enableCompileCache(own)
    process.env.NODE_COMPILE_CACHE = own
  } catch {}
}

function ownNode() {
  try {
    const binary = join(
      dirname(createRequire(import.meta.url).resolve('node/package.json')),
      'bin/node',
    )
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}
