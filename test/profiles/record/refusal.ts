/** The error of a promise that is refused, as people see it. */

import { OutriderError } from '../../../src/core/errors.ts'

export async function refusalOf(promise: Promise<unknown>): Promise<OutriderError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof OutriderError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
