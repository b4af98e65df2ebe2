/**
 * Explore: what a running service shows of itself. Its OpenAPI document, if it publishes one, else
 * the pages that can be reached by links. Only GET, one at a time, few a second, never off the host
 * and never a link that looks as if it changed something.
 */

import { soundsMutating } from '../../actions/check.ts'
import { findLinks } from '../../actions/response/links.ts'
import { TargetError, messageOf } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { LoggedRequest } from '../../profiles/derive/read/request.ts'
import { createTextReader } from '../watch/read-text.ts'
import { findDocument, type Answer, type FoundDocument } from './documents.ts'

const MOST_PAGES = 40
const PAUSE_MS = 100
const TIMEOUT_MS = 10_000
/** Kept of a page; its links are looked for there. */
const MOST_PAGE_CHARS = 2 ** 20
/** Stands for the status of a page that could not be read. */
const UNREADABLE = 599
const ASSET = /\.(?:css|m?js|map|png|jpe?g|gif|ico|svg|webp|woff2?|ttf|pdf|zip|gz|mp4)$/i

/** A page that was read. */
export interface Page {
  /** Path with query. */
  readonly target: string
  readonly status: number
  readonly text: string
  /** Targets on the same host that it links to. */
  readonly links: readonly string[]
}

export type Explored =
  | { readonly kind: 'openapi'; readonly path: string; readonly text: string }
  | { readonly kind: 'pages'; readonly pages: readonly Page[] }

export interface ExploreOptions {
  readonly url: string
  readonly signal: AbortSignal
  /** After each request. */
  readonly onRead?: (target: string) => void
  /** Between two requests (100). */
  readonly pauseMs?: number
}

/**
 * What is found from an address on; a document only, where only that is looked for.
 * @throws TargetError with code `target-unreachable` or `nothing-found`
 */
export async function explore(options: ExploreOptions): Promise<Explored> {
  return look(options, async (base, first, read) => {
    const found = await findDocument(base, first, read)
    if (found !== undefined) return { kind: 'openapi', ...found }
    const start = base.pathname + base.search
    return { kind: 'pages', pages: await readPages(base, start, first, read) }
  })
}

/**
 * The OpenAPI document that a running service publishes.
 * @throws TargetError with code `target-unreachable` or `nothing-found`
 */
export async function fetchOpenApi(options: ExploreOptions): Promise<FoundDocument> {
  const found = await look(options, findDocument)
  if (found !== undefined) return found
  throw new TargetError(`Cannot find an OpenAPI document at ${options.url}`, {
    code: 'nothing-found',
    where: options.url,
    mend: 'give the address of the document itself, like http://127.0.0.1:8080/openapi.json',
  })
}

async function look<T>(
  { url, signal, onRead, pauseMs = PAUSE_MS }: ExploreOptions,
  find: (base: URL, first: Answer, read: Read) => Promise<T>,
): Promise<T> {
  const base = new URL(url)
  const reader = createTextReader({ headers: HEADERS, timeoutMs: TIMEOUT_MS })
  const read = async (target: string): Promise<Answer> => {
    onRead?.(target)
    const answer = await reader.read(new URL(target, base).href, signal)
    await pause(pauseMs)
    return answer
  }
  try {
    const start = base.pathname + base.search
    const first = await readFirst(read, start, url)
    // One page that hangs or breaks off is left out; it is not what the service is.
    const readOrNot = (target: string): Promise<Answer> =>
      read(target).catch((thrown: unknown) => {
        if (signal.aborted) throw thrown
        return { status: UNREADABLE, text: '' }
      })
    return await find(base, first, readOrNot)
  } finally {
    reader.close()
  }
}

const HEADERS = {
  'x-synthetic': 'outrider',
  accept: 'text/html,application/json;q=0.9,*/*;q=0.8',
}

type Read = (target: string) => Promise<Answer>

async function readFirst(read: Read, start: string, url: string): Promise<Answer> {
  try {
    return await read(start)
  } catch (thrown) {
    throw new TargetError(`Cannot look at ${url}: ${messageOf(thrown)}`, {
      code: 'target-unreachable',
      where: url,
      mend: 'check the address, and that the application is running',
      cause: thrown,
    })
  }
}

/** Breadth first, so that what is near the start comes first where there is much. */
async function readPages(base: URL, start: string, first: Answer, read: Read): Promise<Page[]> {
  const pages = [pageOf(base, start, first)]
  const known = new Set([start])
  for (const page of pages) {
    for (const target of page.links) {
      if (known.has(target) || pages.length >= MOST_PAGES) continue
      known.add(target)
      pages.push(pageOf(base, target, await read(target)))
    }
  }
  const answered = pages.filter(({ status }) => status < 400)
  if (answered.length > 0) return answered
  throw new TargetError(
    `Cannot look at ${base.href}: it answered ${pages[0]?.status ?? 'nothing'}`,
    {
      code: 'nothing-found',
      where: base.href,
      mend: 'name a path that answers, like /products, or the address of its OpenAPI document',
    },
  )
}

function pageOf(base: URL, target: string, { status, text, location }: Answer): Page {
  const own = new URL(target, base)
  // A redirect is followed like a link: many a start page is nothing else.
  const isRedirect = status >= 300 && status < 400 && location !== undefined
  const hrefs = status === 200 ? findLinks(text) : isRedirect ? [location] : []
  const links = hrefs.flatMap((href) => targetOf(href, own) ?? [])
  const kept = text.slice(0, MOST_PAGE_CHARS)
  return { target, status, text: kept, links: [...new Set(links)] }
}

/** The target on the same host that a link leads to, if it may be followed. */
function targetOf(href: string, page: URL): string | undefined {
  if (!URL.canParse(href, page.href)) return undefined
  const url = new URL(href, page.href)
  if (url.origin !== page.origin || ASSET.test(url.pathname)) return undefined
  const target = url.pathname + url.search
  return soundsMutating(target) ? undefined : target
}

const WALKS = 20
const MOST_STEPS = 8
const SECONDS_BETWEEN = 8

/** Users who walk from page to page by the links, as requests: what an import can read. */
export function walksOf(pages: readonly Page[], random: Random): LoggedRequest[] {
  const byTarget = new Map(pages.map((page) => [page.target, page]))
  const [first] = pages
  if (first === undefined) return []
  const requests: LoggedRequest[] = []
  for (let walk = 0; walk < WALKS; walk += 1) {
    // Each page begins one walk, so that every one is in some session.
    let page = pages[walk % pages.length] ?? first
    const steps = 2 + random.int(MOST_STEPS - 1)
    let timeMs = walk * 3_600_000
    for (let step = 0; step < steps; step += 1) {
      requests.push(requestOf(page, `walker-${walk}`, timeMs))
      timeMs += 1000 * SECONDS_BETWEEN * Math.exp(0.5 * random.normal())
      const next = page.links.filter((target) => byTarget.has(target))
      page = byTarget.get(next[random.int(Math.max(1, next.length))] ?? '') ?? first
    }
  }
  return requests
}

function requestOf({ target, status, text }: Page, user: string, timeMs: number): LoggedRequest {
  return {
    address: user,
    user,
    userAgent: undefined,
    geo: 'ZZ',
    timeMs,
    method: 'GET',
    target,
    status,
    bodies: { responseBody: text },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
