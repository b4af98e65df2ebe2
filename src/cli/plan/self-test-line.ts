/** The progress of a self-test: one line for each regression that is planted. */

import type { Planting } from '../../outrider.ts'
import { plantedWords } from '../../report/trust.ts'

/** `self-test 2 of 6: search +20 %` */
export function selfTestLine(planting: Planting, number: number, of: number): string {
  return `self-test ${number} of ${of}: ${plantedWords(planting)}`
}
