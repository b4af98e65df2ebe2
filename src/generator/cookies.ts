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

/** @param origin scheme and host that the target believes to be, without a trailing slash */
export function createCookies(origin: string): Cookies {
  let jar: CookieJar | undefined
  // While every cookie is good for all paths and all times, which most are, the header is the same
  // for every request, and the jar (about 10 µs a look) is left alone.
  let plain: Map<string, string> | undefined = new Map()
  let plainHeader = ''

  function header(path: string): string | undefined {
    if (jar === undefined) return undefined
    const text = plain === undefined ? jar.getCookieStringSync(origin + path) : plainHeader
    return text === '' ? undefined : text
  }

  return {
    header,
    take(setCookie, path) {
      jar ??= new CookieJar(undefined, { rejectPublicSuffixes: false, looseMode: true })
      for (const line of typeof setCookie === 'string' ? [setCookie] : setCookie) {
        const cookie = jar.setCookieSync(line, origin + path, { ignoreError: true })
        if (cookie === undefined) continue
        if (isPlain(cookie)) plain?.set(cookie.key, cookie.cookieString())
        else plain = undefined
      }
      if (plain !== undefined) plainHeader = [...plain.values()].join('; ')
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

function isPlain(cookie: Cookie): boolean {
  return (
    cookie.path === '/' &&
    cookie.expires === 'Infinity' &&
    cookie.maxAge === null &&
    !cookie.secure &&
    cookie.key !== ''
  )
}
