/** Wall time and timers, as arguments: what follows a rollout can be replayed without waiting. */

export interface Timing {
  /** Milliseconds since 1970. */
  wallMs(): number
  /** Calls again and again, until what it gives is called. */
  every(ms: number, run: () => void): () => void
  /** Calls once, unless what it gives is called before. */
  after(ms: number, run: () => void): () => void
}

export const systemTiming: Timing = {
  wallMs: () => Date.now(),
  every(ms, run) {
    const timer = setInterval(run, ms)
    return () => clearInterval(timer)
  },
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

export function pauseFor(timing: Timing, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timing.after(ms, resolve)
  })
}

/** `14:02:11`, local time. */
export function clockOf(ms: number): string {
  const date = new Date(ms)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')
}

/** The clock, with the day before it unless that is today. */
export function whenOf(at: string, nowMs: number): string {
  const date = new Date(at)
  const clock = clockOf(date.getTime())
  if (date.toDateString() === new Date(nowMs).toDateString()) return clock
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())]
  return `${day.join('-')} ${clock}`
}

/** `0:12`, `14:05`, `1:00:00`: how long until then; the past is `now`. */
export function countdownTo(at: string, nowMs: number): string {
  const seconds = Math.ceil((Date.parse(at) - nowMs) / 1000)
  if (!(seconds > 0)) return 'now'
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  const rest = twoDigits(seconds % 60)
  return hours === 0 ? `in ${minutes}:${rest}` : `in ${hours}:${twoDigits(minutes)}:${rest}`
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
