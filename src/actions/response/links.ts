/** The links of an HTML page, as a person could follow them. */

const MAX_PAGE_CHARS = 2 ** 20
const MAX_LINKS = 500

/**
 * Comments, scripts and styles are skipped; of a link tag everything up to its end is looked at. A
 * `<` ends the look, or a page of open tags would be read once for each of them.
 */
const TAG = /<!--[^]*?(?:-->|$)|<(script|style)\b[^]*?(?:<\/\1|$)|<a\s[^<>]{0,4096}>/gi
const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i

/** The `href` of each link, as it was written, without repetition; the scan is linear in the page. */
export function findLinks(html: string): string[] {
  const links = new Set<string>()
  for (const [tag] of html.slice(0, MAX_PAGE_CHARS).matchAll(TAG)) {
    const [, double, single, bare] = HREF.exec(tag) ?? []
    const href = (double ?? single ?? bare ?? '').trim().replaceAll('&amp;', '&')
    if (href !== '' && /^<a\s/i.test(tag)) links.add(href)
    if (links.size >= MAX_LINKS) break
  }
  return [...links]
}
