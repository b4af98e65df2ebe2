/** The cookies of one user in one arm. There is no jar before the first Set-Cookie. */

import { CookieJar, type Cookie } from 'tough-cookie'

export interface Cookies {
  /** The Cookie header for this path (with query), or undefined when there is none. */
  header(path: string): string | undefined
  /** What a response set; a cookie that cannot be stored is left out. */
  take(setCookie: string | readonly string[], path: string): void
  /** The value that a request to this path would send. */
  value(name: string, path: string): string | undefined
}

/** As many as browsers keep for a site; of more, the oldest go. */
const MAX_COOKIES = 180
/** Longer ones are left out, as browsers do (RFC 6265bis, 5.6). */
const MAX_COOKIE_LENGTH = 4_096

/** @param origin scheme and host that the target believes to be, without a trailing slash */
export function createCookies(origin: string): Cookies {
  const isSecure = origin.startsWith('https:')
  const kept = new Map<string, Kept>()
  let jar: CookieJar | undefined
  // While every cookie is good for all paths, which most are, the header is the same for every
  // request until one expires, and the jar (about 10 µs a look) is left alone.
  let plainUntilMs = Number.POSITIVE_INFINITY
  let plainHeader = ''

  function header(path: string): string | undefined {
    if (jar === undefined) return undefined
    const isPlain = plainUntilMs === Number.POSITIVE_INFINITY || Date.now() < plainUntilMs
    const text = isPlain ? plainHeader : jar.getCookieStringSync(origin + path)
    return text === '' ? undefined : text
  }

  return {
    header,
    take(setCookie, path) {
      jar ??= new CookieJar(undefined, { rejectPublicSuffixes: false, looseMode: true })
      for (const line of typeof setCookie === 'string' ? [setCookie] : setCookie) {
        if (line.length > MAX_COOKIE_LENGTH) continue
        const cookie = jar.setCookieSync(line, origin + path, { ignoreError: true })
        if (cookie !== undefined) keep(kept, cookie, jar)
      }
      plainUntilMs = Number.POSITIVE_INFINITY
      for (const { cookie, expiryMs } of kept.values()) {
        const isPlain = cookie.path === '/' && cookie.key !== '' && (isSecure || !cookie.secure)
        plainUntilMs = Math.min(plainUntilMs, isPlain ? expiryMs : 0)
      }
      plainHeader = [...kept.values()].map(({ cookie }) => cookie.cookieString()).join('; ')
    },
    value(name, path) {
      const prefix = `${name}=`
      const pair = header(path)
        ?.split('; ')
        .find((part) => part.startsWith(prefix))
      return pair?.slice(prefix.length)
    },
  }
}

interface Kept {
  readonly cookie: Cookie
  readonly expiryMs: number
}

/** The oldest come first; what is deleted or too much leaves the jar as well. */
function keep(kept: Map<string, Kept>, cookie: Cookie, jar: CookieJar): void {
  // Asked now, because the jar moves it on with every look.
  const expiryMs = cookie.expiryTime() ?? Number.POSITIVE_INFINITY
  const isOver = expiryMs <= Date.now()
  if (!isOver) kept.set(idOf(cookie), { cookie, expiryMs })
  const [oldest] = kept.values()
  const isFull = kept.size > MAX_COOKIES
  const gone = isOver ? cookie : isFull ? oldest?.cookie : undefined
  if (gone === undefined) return
  kept.delete(idOf(gone))
  jar.store.removeCookie(gone.domain, gone.path, gone.key, () => undefined)
}

function idOf({ domain, path, key }: Cookie): string {
  return `${domain};${path};${key}`
}

/**
 * What a request that is sent once more sees: at first the header that the first send had, then, on
 * the way of redirects, the user's cookies as they are. It changes none of them.
 */
export function createFrozenCookies(cookies: Cookies, firstHeader: string | undefined): Cookies {
  let isFirst = true
  return {
    header(path) {
      const wasFirst = isFirst
      isFirst = false
      return wasFirst ? firstHeader : cookies.header(path)
    },
    take: () => undefined,
    value: (name, path) => cookies.value(name, path),
  }
}
