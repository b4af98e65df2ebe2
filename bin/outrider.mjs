#!/usr/bin/env node
// Checks the Node version, then starts the command line: from source in a checkout, else from dist.
import { existsSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
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

const source = join(root, 'src/cli/main.ts')
const built = join(root, 'dist/src/cli/main.js')
// Node strips no types below node_modules, so an installed package always starts from dist.
const entry = existsSync(source) && !root.includes('node_modules') ? source : built
const { main } = await import(entry)
await main(process.argv.slice(2))

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
