/** Whether a value is specific enough to be recognised where it comes again. */

import { formOf } from '../path/form.ts'

/**
 * For one recording alone, where nothing confirms that the value changes from one to the next.
 * @param name of the place it stands at; `id` and `token` say what they are
 */
export function isSpecific(text: string, name: string): boolean {
  const form = formOf(text)
  if (form === 'date' || /^\d{4}-\d\d-\d\d[T ]/.test(text)) return false
  if (form === 'uuid' || form === 'hash') return true
  const isNamed =
    /(?:^|[_.\-$\]])(?:id|ids|uid|key|token|code|ref|number|no|nonce|csrf\w*|xsrf\w*|\w+id|\w+token)$/i.test(
      name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2'),
    )
  if (form === 'number') return isNamed && text.length >= 3
  if (form === 'code') return isNamed || text.length >= 8
  return isNamed && text.length >= 6 && entropyBits(text) >= 16
}

/** Information in a text by how often its characters occur (Shannon 1948), in bits. */
function entropyBits(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= count * Math.log2(count / text.length)
  return bits
}
