/**
 * Documents: where a running service publishes its OpenAPI document. Asked are the paths that
 * frameworks use by themselves; of the pages for people (Swagger UI, ReDoc, Scalar) it is read which
 * document they show, which may stand in a script of theirs and nowhere else.
 */

import { guessKind } from './guess.ts'

const PATHS = [
  '/openapi.json',
  '/openapi.yaml',
  '/swagger.json',
  '/v3/api-docs',
  '/swagger/v1/swagger.json',
  '/openapi/v1.json',
  '/openapi/v2',
  '/api-json',
  '/docs-json',
  '/docs/json',
  '/documentation/json',
  '/api/openapi.json',
  '/api/swagger.json',
  '/api-docs',
  '/api-docs.json',
  '/swagger/json',
  '/swagger/doc.json',
  '/doc',
  '/apispec_1.json',
  '/api/schema/',
  '/v2/api-docs',
  '/server/specs/oas',
  '/docs',
  '/api/docs',
  '/swagger',
  '/documentation',
  '/swagger-ui/index.html',
  '/apidocs/',
] as const

/** Paths of a service, those above with it. */
const MOST_READ = 45
const MOST_CHARS = 2 ** 20
const MOST_FOUND = 10

export interface Answer {
  readonly status: number
  readonly text: string
  /** Where a redirect leads, as it was written. */
  readonly location?: string
}

export interface FoundDocument {
  readonly path: string
  readonly text: string
}

/**
 * @param base the address that was given
 * @param first what it answered
 * @param read never throws but when all is to end
 */
export async function findDocument(
  base: URL,
  first: Answer,
  read: (target: string) => Promise<Answer>,
): Promise<FoundDocument | undefined> {
  const start = base.pathname + base.search
  const folder = base.pathname.replace(/\/+$/, '')
  const waiting: string[] = [start, ...PATHS.map((path) => folder + path)]
  const known = new Set(waiting)
  for (let count = 0; count < MOST_READ; count += 1) {
    const path = waiting.shift()
    if (path === undefined) return undefined
    const answer = path === start ? first : await read(path)
    // Redirects are not followed; the usual one is to the folder of the same name.
    if (answer.status > 300 && answer.status < 309 && !path.endsWith('/'))
      waiting.unshift(`${path}/`)
    if (answer.status !== 200) continue
    const text = documentInside(answer.text) ?? (isDocument(answer.text) ? answer.text : undefined)
    if (text !== undefined) return { path, text }
    const named = namedIn(answer.text)
      .flatMap((address) => pathOf(address, new URL(path, base)) ?? [])
      .filter((target) => !known.has(target))
    for (const target of named) known.add(target)
    // What a page names itself is more likely than what others use.
    waiting.unshift(...named)
  }
  return undefined
}

function isDocument(text: string): boolean {
  if (/^\s*</.test(text)) return false
  if (/^\s*\{/.test(text) && !/"paths"\s*:/.test(text)) return false
  return guessKind(text.slice(0, 4000)) === 'openapi' || guessKind(text.slice(-4000)) === 'openapi'
}

function pathOf(address: string, page: URL): string | undefined {
  if (!URL.canParse(address, page.href)) return undefined
  const url = new URL(address, page.href)
  return url.origin === page.origin ? url.pathname + url.search : undefined
}

/** `url: "/openapi.json"` of Swagger UI, `spec-url` of ReDoc, `data-url` of Scalar; its scripts. */
const NAMED =
  /(?:\burl|spec-?url|data-url|configUrl)["']?\s{0,20}[:=]\s{0,20}\\?["']([^"'\s<>\\]{1,500})|\bsrc\s{0,20}=\s{0,20}["']?([^"'\s<>]{0,400}init[^"'\s<>/]{0,50}\.js)/gi

function namedIn(page: string): string[] {
  if (!/swagger|openapi|redoc|scalar|rapidoc/i.test(page)) return []
  const found = new Set<string>()
  for (const [, address, script] of page.slice(0, MOST_CHARS).matchAll(NAMED)) {
    const target = address ?? script ?? ''
    if (!/petstore\.swagger\.io/.test(target)) found.add(target)
    if (found.size >= MOST_FOUND) break
  }
  return [...found]
}

/** The document that a script of Swagger UI brings along: `"swaggerDoc": {…}`. */
function documentInside(script: string): string | undefined {
  if (/^\s*\{/.test(script)) return undefined
  const match = /["']?(?:swaggerDoc|spec)["']?\s{0,20}:\s{0,20}(?=\{)/.exec(script)
  if (match === null) return undefined
  const start = match.index + match[0].length
  let depth = 0
  // A text is one piece, so that a brace in it does not count.
  const pieces = /"(?:[^"\\]|\\[^])*"|[{}]/g
  pieces.lastIndex = start
  for (let piece = pieces.exec(script); piece !== null; piece = pieces.exec(script)) {
    if (piece[0] === '{') depth += 1
    if (piece[0] === '}') depth -= 1
    if (depth > 0) continue
    const text = script.slice(start, pieces.lastIndex)
    return isDocument(text) ? text : undefined
  }
  return undefined
}
