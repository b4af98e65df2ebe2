/**
 * How two answers to one request differ, and how much of that is noise. Paths are RFC 9535 with `*`
 * for every index, so that the same field of every element counts as one: `$.items[*].price`. What
 * is no JSON has a path of its own kind: `status`, `header:location`, `text`, `html:title`, `size`.
 */

/** Where an answer differs from the baseline's; both lists are empty for the same answer. */
export interface AnswerDiff {
  /** Paths whose values differ. */
  readonly paths: readonly string[]
  /** Of these, the ones that differ in shape too: type, length or format. */
  readonly shapes: readonly string[]
}

/** What is known of the answers of one pair. */
export interface PairAnswers {
  /** The canary's answer against the baseline's. */
  readonly canary: AnswerDiff
  /**
   * Where the baseline answered twice: a second answer of it, and the canary's of the same moment,
   * each against the first. With equal arms the two are exchangeable.
   */
  readonly noise?: { readonly canary: AnswerDiff; readonly control: AnswerDiff }
}

export const SAME_ANSWER: AnswerDiff = { paths: [], shapes: [] }

/** Both values of a field that differs, as short redacted text. */
export interface FieldExample {
  readonly path: string
  readonly baseline: string
  readonly canary: string
}
