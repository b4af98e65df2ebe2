/** Figures in the sentence of a rule. */

import { countWords } from '../../judging/words.ts'

/** `12 ms`, `9.1 ms`, `0.42 ms`. */
export function msWords(ms: number): string {
  const digits = ms >= 99.5 ? 0 : ms >= 9.95 ? 1 : 2
  return ms >= 999.5 ? `${countWords(ms)} ms` : `${Number(ms.toFixed(digits))} ms`
}

/** `0.004`, `below 1e-6`. */
export function pWords(p: number): string {
  return p < 1e-6 ? 'below 1e-6' : Number(p.toPrecision(2)).toString()
}

/** `99.2 %` of a share. */
export function shareWords(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`
}

/** `1 point`, `3 points`. */
export function counted(count: number, one: string): string {
  return `${countWords(count)} ${count === 1 ? one : `${one}s`}`
}
