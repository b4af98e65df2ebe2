/** Words for names: from what stands in a path to what an action and its values are called. */

/** The words of a segment, in lower case: `orderItems.html` is `order items`. */
export function wordsOf(segment: string): string[] {
  return segment
    .replace(/\.(?:html?|php|aspx?|jsp|json|xml)$/i, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

const SINGULAR = new Set(['status', 'news', 'series', 'address', 'analysis', 'basis', 'bus', 'sms'])
const IRREGULAR: Readonly<Record<string, string>> = {
  people: 'person',
  children: 'child',
  men: 'man',
  women: 'woman',
  indices: 'index',
  analyses: 'analysis',
  media: 'medium',
  data: 'data',
  movies: 'movie',
  cookies: 'cookie',
}

/** `orders` is `order`, `categories` is `category`; what has no plural stays as it is. */
export function singularOf(word: string): string {
  const irregular = Object.hasOwn(IRREGULAR, word) ? IRREGULAR[word] : undefined
  if (irregular !== undefined) return irregular
  if (SINGULAR.has(word) || word.length < 4) return word
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (/(?:ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2)
  return /[^sui]s$/.test(word) ? word.slice(0, -1) : word
}

/** `orders` and `categories`, not `cart`. */
export function isPlural(word: string): boolean {
  return singularOf(word) !== word
}

/** A word that templates, captures and environment variables can have: letters, digits and `_`. */
export function identifierOf(text: string, otherwise: string): string {
  const name = text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 60)
  return name === '' ? otherwise : name
}

/** The name, or with the first number behind it that makes it free; takes it. */
export function takeFree(name: string, taken: Set<string>): string {
  let free = name
  for (let number = 2; taken.has(free); number += 1) free = `${name}_${number}`
  taken.add(free)
  return free
}
