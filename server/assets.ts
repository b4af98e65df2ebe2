/**
 * The files of the page, read once and served as they are. Found by package self-reference, so that
 * the same code serves them from a checkout and from an installed package.
 */

import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const PAGE_NAMES = [
  'index.html',
  'probe.html',
  'rollout.html',
  'investigation.html',
  'history.html',
  'docs.html',
] as const
export type PageName = (typeof PAGE_NAMES)[number]
const PAGES: ReadonlySet<string> = new Set(PAGE_NAMES)

export interface Assets {
  /** The version of the package. */
  readonly version: string
  /** Undefined where no file has this path; pages are not served by their file names. */
  find(path: string, ifNoneMatch: string | undefined): Response | undefined
  page(name: PageName, status?: number): Response
}

interface File {
  readonly bytes: Buffer<ArrayBuffer>
  readonly type: string
  readonly etag: string
}

export function loadAssets(): Assets {
  const manifest = fileURLToPath(import.meta.resolve('outrider/package.json'))
  const document: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  const version = Object(document).version
  const folder = join(dirname(manifest), 'server', 'dashboard')
  const files = new Map<string, File>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(name)]
    if (type !== undefined) files.set(`/${name}`, readAsset(join(folder, name), type))
  }
  // The package exports no path to this build, but it lies beside the one it exports.
  const chart = join(dirname(fileURLToPath(import.meta.resolve('chart.js'))), 'chart.umd.min.js')
  files.set('/chart.umd.min.js', readAsset(chart, TYPES['.js'] ?? ''))

  return {
    version: String(version),
    find(path, ifNoneMatch) {
      const file = PAGES.has(path.slice(1)) ? undefined : files.get(path)
      if (file === undefined) return undefined
      const headers = { 'content-type': file.type, etag: file.etag, 'cache-control': 'no-cache' }
      if (ifNoneMatch === file.etag) return new Response(null, { status: 304, headers })
      return new Response(file.bytes, { headers })
    },
    page(name, status = 200) {
      const file = files.get(`/${name}`)
      if (file === undefined) throw new TypeError(`The package has no page ${name}`)
      return new Response(file.bytes, {
        status,
        headers: { 'content-type': file.type, 'cache-control': 'no-cache', vary: 'accept' },
      })
    },
  }
}

function readAsset(path: string, type: string): File {
  const bytes = readFileSync(path)
  return { bytes, type, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` }
}
