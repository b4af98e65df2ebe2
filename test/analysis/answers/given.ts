/** What the tests of this folder start from: answers with a body and its type. */

import {
  compareAnswers,
  readAnswer,
  type AnswerView,
} from '../../../src/analysis/answers/compare.ts'
import type { AnswerHeaders } from '../../../src/analysis/answers/headers.ts'
import type { Ignored } from '../../../src/analysis/answers/ignored.ts'
import type { AnswerDiff } from '../../../src/core/answers.ts'

export function answer(
  body: string | Buffer,
  type: string,
  headers: AnswerHeaders = {},
  status = 200,
): AnswerView {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return readAnswer(status, { ...(type !== '' && { 'content-type': type }), ...headers }, bytes)
}

export function json(value: unknown): AnswerView {
  return answer(JSON.stringify(value), 'application/json')
}

export function html(page: string): AnswerView {
  return answer(page, 'text/html; charset=utf-8')
}

export function text(words: string): AnswerView {
  return answer(words, 'text/plain')
}

export function between(first: unknown, other: unknown, ignored?: Ignored): AnswerDiff {
  return compareAnswers(json(first), json(other), ignored)
}

export function headed(headers: AnswerHeaders): AnswerView {
  return answer('', '', headers)
}
