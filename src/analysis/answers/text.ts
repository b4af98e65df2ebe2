/** Texts: in a form in which white space says nothing, and how lists of them differ. */

import { shapeOfText } from './shape.ts'

export interface TextDifference {
  readonly first: string
  readonly other: string
  readonly hasOtherShape: boolean
}

/** White space collapsed, none at the ends. */
export function collapsed(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** Each line collapsed, without empty lines at the end. */
export function normalLines(text: string): string {
  return text
    .split(/\r\n?|\n/)
    .map(collapsed)
    .join('\n')
    .trimEnd()
}

/** A text of one line has the shape of what stands there, any other that of its number of lines. */
export function differenceOfText(first: string, other: string): TextDifference {
  return { first, other, hasOtherShape: lineShape(first) !== lineShape(other) }
}

function lineShape(text: string): string {
  const lines = text.split('\n').length
  return lines === 1 ? shapeOfText(text) : `lines:${lines}`
}

/**
 * The first place where two lists differ; undefined for the same. Another length is another shape,
 * the same texts in another order are not.
 * @param isSame for texts that differ: whether they say the same in the words of each arm
 */
export function findListDifference(
  first: readonly string[],
  other: readonly string[],
  isSame: (first: string, other: string) => boolean,
): TextDifference | undefined {
  const places: number[] = []
  for (let index = 0; index < Math.max(first.length, other.length); index += 1) {
    const [one, two] = [first[index], other[index]]
    if (one === two) continue
    if (one === undefined || two === undefined || !isSame(one, two)) places.push(index)
  }
  const [place] = places
  if (place === undefined) return undefined
  const hasOtherShape =
    first.length !== other.length ||
    (!isReordered(first, other) &&
      places.some((at) => shapeOfText(first[at] ?? '') !== shapeOfText(other[at] ?? '')))
  return {
    first: first[place] ?? NOTHING,
    other: other[place] ?? NOTHING,
    hasOtherShape,
  }
}

const NOTHING = '(nothing)'

function isReordered(first: readonly string[], other: readonly string[]): boolean {
  const [one, two] = [first.toSorted(), other.toSorted()]
  return one.every((text, index) => text === two[index])
}

/** Characters of what is the same that are shown before the difference. */
const LED_BY = 20

/** Short pieces of both texts, around the first place where they differ. */
export function excerptsOf(first: string, other: string, most: number): [string, string] {
  let place = 0
  while (place < Math.min(first.length, other.length) && first[place] === other[place]) place += 1
  const isFar = Math.max(first.length, other.length) > most && place > LED_BY
  const from = isFar ? wholeCharacter(first, place - LED_BY) : 0
  return [excerpt(first, from, most), excerpt(other, from, most)]
}

function excerpt(text: string, from: number, most: number): string {
  const start = from === 0 ? '' : '…'
  const room = most - start.length
  const rest = text.slice(from)
  if (rest.length <= room) return start + rest
  return `${start}${rest.slice(0, wholeCharacter(rest, room - 1))}…`
}

/** Never the middle of a character that takes two places. */
function wholeCharacter(text: string, place: number): number {
  const code = text.charCodeAt(place)
  return code >= 0xdc00 && code <= 0xdfff ? place - 1 : place
}
