/** How a value is written where it stands in an answer: in HTML, in JSON or in a URL. */

import { parse } from 'node-html-parser'

export type Decoding = 'html' | 'json' | 'url'

/** The value itself; as it is where it is not written in this way. */
export function decoded(text: string, decoding: Decoding): string {
  switch (decoding) {
    case 'html':
      return text.includes('&') ? parse(text.replaceAll('<', '&lt;')).text : text
    case 'json':
      return text.includes('\\') ? unescapeJson(text) : text
    case 'url':
      return text.includes('%') ? unescapeUrl(text) : text
  }
}

function unescapeJson(text: string): string {
  try {
    const value: unknown = JSON.parse(`"${text}"`)
    return typeof value === 'string' ? value : text
  } catch {
    return text
  }
}

function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
