/**
 * Personal data by its form: mail addresses, phone numbers, IBANs and cards whose check digits are
 * right, IP addresses, and random ids. What is found is cut out at once; a sign stands in its place.
 *
 * A random id (UUID, hash) is personal only as far as few people used it: the id of a product is
 * everybody's. So it can be hidden or not, and k-anonymity decides; tokens are hidden always.
 */

import { isIPv6 } from 'node:net'
import type { PersonalKind } from './names.ts'
import { PERSONAL_KINDS } from './names.ts'

export interface Match {
  readonly kind: PersonalKind
  readonly text: string
}

/** Longer texts are no value that is searched, they are hidden whole. */
const TEXT_LIMIT = 2000
/** Signs of one kind that can be told apart. */
const SIGNS = 64
/** The private use area of Unicode; what a text itself has of it is replaced beforehand. */
const FIRST_SIGN = 0xe000
const OWN_SIGNS = /[\uE000-\uE7FF]/g

interface Recogniser {
  readonly kind: PersonalKind
  readonly pattern: RegExp
  readonly isReal?: (text: string) => boolean
}

/** The earlier goes first: a token may hold what looks like a number. */
const ALWAYS: readonly Recogniser[] = [
  { kind: 'secret', pattern: /\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g },
  { kind: 'email', pattern: /[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g },
  { kind: 'iban', pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b/gi, isReal: isIban },
  { kind: 'card', pattern: /\b\d(?:[ -]?\d){12,18}\b/g, isReal: isCard },
  { kind: 'ip', pattern: /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])/g, isReal: isIPv4 },
  {
    kind: 'ip',
    pattern: /(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])/gi,
    isReal: isIPv6,
  },
  { kind: 'phone', pattern: /(?<!\w)\+\d[\d ()./-]{6,18}\d\b/g },
  { kind: 'phone', pattern: /(?<![\w-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}\b/g },
]
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi
const IDS: readonly Recogniser[] = [
  { kind: 'uuid', pattern: UUID },
  { kind: 'hex', pattern: /\b[0-9a-f]{20,128}\b/gi, isReal: hasDigitAndLetter },
  { kind: 'secret', pattern: /[A-Za-z0-9]{16,}/g, isReal: looksRandom },
]

export interface Hiding {
  /** With a sign where something was cut out; the n-th sign stands for the n-th match. */
  readonly text: string
  readonly matches: readonly Match[]
}

/**
 * Cuts out what is recognised.
 * @param taken signs that other texts of the same step use already
 */
export function hidePersonal(text: string, hidesIds: boolean, taken = 0): Hiding {
  const plain = text.replace(OWN_SIGNS, '\uFFFD')
  if (plain.length > TEXT_LIMIT) return hideWhole('secret', plain, taken)
  const matches: Match[] = []
  let hidden = plain
  for (const { kind, pattern, isReal } of hidesIds ? [...ALWAYS, ...IDS] : ALWAYS) {
    hidden = hidden.replace(pattern, (found) => {
      if (isReal?.(found) === false) return found
      const sign = signOf(kind, taken + matches.length)
      matches.push({ kind, text: found })
      return sign
    })
  }
  return taken + matches.length > SIGNS
    ? hideWhole('secret', plain, taken)
    : { text: hidden, matches }
}

export function hideWhole(kind: PersonalKind, text: string, taken = 0): Hiding {
  return { text: signOf(kind, taken), matches: [{ kind, text }] }
}

/** The text with each sign replaced by what its index gives. */
export function fillSigns(text: string, fill: (index: number) => string): string {
  return text.replace(OWN_SIGNS, (sign) => fill((sign.charCodeAt(0) - FIRST_SIGN) % SIGNS))
}

function signOf(kind: PersonalKind, index: number): string {
  return String.fromCharCode(FIRST_SIGN + PERSONAL_KINDS.indexOf(kind) * SIGNS + (index % SIGNS))
}

/** ISO 13616: the number, read with letters as 10 to 35 and its head at the end, is 1 modulo 97. */
export function isIban(text: string): boolean {
  const plain = text.replaceAll(' ', '').toUpperCase()
  if (plain.length < 15 || plain.length > 34) return false
  let rest = 0
  for (const sign of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(sign, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** ISO/IEC 7812 (Luhn 1960): each second digit from the right doubled, the sum is 0 modulo 10. */
export function isCard(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '')
  if (!/^[2-6]\d{12,18}$/.test(digits)) return false
  let sum = 0
  for (const [index, digit] of digits.split('').toReversed().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}

function isIPv4(text: string): boolean {
  return text.split('.').every((part) => Number(part) <= 255)
}

function hasDigitAndLetter(text: string): boolean {
  return /\d/.test(text) && /[a-f]/i.test(text)
}

/** Words keep to one kind of letters for a while; random text changes at every other sign. */
function looksRandom(text: string): boolean {
  const kinds = text
    .split('')
    .map((sign) => (/\d/.test(sign) ? 0 : sign === sign.toLowerCase() ? 1 : 2))
  if (!kinds.includes(0)) return false
  const changes = kinds.filter((kind, index) => index > 0 && kind !== kinds[index - 1]).length
  return changes >= text.length / 4
}
