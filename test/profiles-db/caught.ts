/** What a call throws, as the error of ours that a test looks into. */

import { OutriderError } from '../../src/core/errors.ts'

/** @throws TypeError if nothing is thrown, and whatever is no error of ours */
export function caught(work: () => unknown): OutriderError {
  try {
    work()
  } catch (error) {
    if (error instanceof OutriderError) return error
    throw error
  }
  throw new TypeError('Nothing was thrown')
}
