/** How figures are written in a sentence: 1.31×, +0.5 pp, 5 %, 2 914, 1 min 50 s. */

const NARROW_SPACE = '\u202f'

export function ratioWords(ratio: number): string {
  return ratio >= 9.95 ? ratio.toFixed(0) : ratio.toFixed(2)
}

/** A whole number with its thousands parted by a narrow no-break space. */
export function countWords(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE)
}

/** A share in per cent, with two or three figures. */
export function percentWords(share: number): string {
  const percent = Number((share * 100).toFixed(1))
  const digits = Math.abs(percent) >= 9.95 || Number.isInteger(percent) ? 0 : 1
  return `${percent.toFixed(digits)} %`
}

/** A difference of shares in percentage points, with its sign. */
export function pointsWords(difference: number): string {
  const points = difference * 100
  const digits = Math.abs(points) >= 9.95 ? 0 : Math.abs(points) >= 0.095 ? 1 : 2
  return `${points < 0 ? '−' : '+'}${Math.abs(points).toFixed(digits)} pp`
}

export function secondsWords(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds))
  if (whole < 100) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  const rest = Math.round((whole - minutes * 60) / 10) * 10
  if (minutes >= 10 || rest === 0) return `${Math.round(whole / 60)} min`
  return rest === 60 ? `${minutes + 1} min` : `${minutes} min ${rest} s`
}
