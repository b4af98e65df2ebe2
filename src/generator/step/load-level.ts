/**
 * Load level: whether a step goes out while more others are under way than usual. Pure.
 *
 * Usual is the median so far, as a number that moves by one towards each value that it is compared
 * with (Ma, Muthukrishnan and Sandler 2013, Frugal Streaming for Estimating Quantiles): no window,
 * and it follows a change of pace. It is asked once a step, so all arms of a pair have one answer.
 */

export type LoadLevel = 'low' | 'high'

/** @returns asked at each send with the steps that are under way then, this one not counted */
export function createLoadLevel(): (underWay: number) => LoadLevel {
  let median = 0
  return (underWay) => {
    const level = underWay > median ? 'high' : 'low'
    median += Math.sign(underWay - median)
    return level
  }
}
