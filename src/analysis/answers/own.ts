/**
 * Words of one arm: what an answer echoes because the arms were asked differently. Twins are asked
 * at different addresses, under names of their own (`canary-s17@example.test`), with ids that they
 * were given before, with a trace id each. An application that repeats such a word would differ in
 * every pair, and a second baseline answer would never show that as noise.
 *
 * Where the requests have as many words, words that differ in the same place stand for each other.
 * This is only asked for values that differ, and can only make two of them the same.
 */

/** Puts a mark in place of each word of this arm's own. */
export type OwnWords = (text: string) => string

/** Longer parts of a request are not looked at beyond this. */
const MOST_CHARS = 20_000
const MOST_WORDS = 5000
/** Shorter parts stand in any text by chance. */
const LEAST_PHRASE = 4
const WORD = /[A-Za-z0-9]+/g

/**
 * The own words of each arm, in the order of `asked`.
 * @param asked what each arm was asked, in parts: its address, path, headers, body; the same parts
 *   of every arm
 */
export function createOwnWords(asked: readonly (readonly string[])[]): OwnWords[] {
  const arms = asked.map(() => ({
    marks: new Map<string, string>(),
    phrases: new Map<string, string>(),
  }))
  const parts = Math.max(0, ...asked.map(({ length }) => length))
  for (let part = 0; part < parts; part += 1) {
    const texts = asked.map((arm) => arm[part] ?? '')
    if (texts.every((text) => text === texts[0])) continue
    const words = texts.map(wordsOf)
    const isAligned = words.every(({ length }) => length === words[0]?.length)
    for (const [index, { marks, phrases }] of arms.entries()) {
      const text = texts[index] ?? ''
      if (!isAligned && text.length >= LEAST_PHRASE) phrases.set(text, `\u0000${part}`)
      if (!isAligned) continue
      for (const [place, word] of (words[index] ?? []).entries()) {
        const isOwn = words.some((others) => others[place] !== word)
        if (isOwn && !marks.has(word)) marks.set(word, `\u0000${part}.${place}`)
      }
    }
  }
  return arms.map(({ marks, phrases }) => markerOf(marks, phrases))
}

/** More words than these are looked for one by one. */
const MOST_ALTERNATIVES = 40

function markerOf(
  marks: ReadonlyMap<string, string>,
  phrases: ReadonlyMap<string, string>,
): OwnWords {
  const words = [...marks.keys()]
  // Most texts that are asked about hold no word of the arm, and this is quick to say so.
  const isAny =
    words.length === 0 || words.length > MOST_ALTERNATIVES ? undefined : new RegExp(words.join('|'))
  return (text) => {
    let marked = text
    for (const [phrase, mark] of phrases) marked = marked.replaceAll(phrase, mark)
    if (marks.size === 0 || isAny?.test(marked) === false) return marked
    return marked.replace(WORD, (word) => marks.get(word) ?? word)
  }
}

function wordsOf(text: string): string[] {
  return (text.slice(0, MOST_CHARS).match(WORD) ?? []).slice(0, MOST_WORDS)
}
