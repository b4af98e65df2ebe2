// @ts-check
/** The dot at the top right: whether what is shown is still true, and since when it may not be. */

import { byId, setIcon, setText } from './dom.js'
import { formatClock } from './words.js'

const RETRY_MS = 3000
/** A running probe or rollout speaks about once a second; silence for longer is no life. */
const SILENT_MS = 12_000
/** @param {number} heardMs wall time of the last news */
export function showLive(heardMs) {
  const seconds = Math.max(0, Math.round((Date.now() - heardMs) / 1000))
  setIcon(byId('live-icon'), 'live')
  setText(byId('live-word'), 'Live')
  setText(byId('live-since'), seconds < 2 ? '' : `, ${seconds} s ago`)
}

/** @param {number} heardMs wall time of the last news */
export function showLost(heardMs) {
  setIcon(byId('live-icon'), 'lost')
  setText(byId('live-word'), `Not live since ${formatClock(heardMs)}`)
  setText(byId('live-since'), ', retrying')
}

/** Nothing will change any more. */
export function showEnded() {
  setIcon(byId('live-icon'), 'ended')
  setText(byId('live-word'), 'Ended')
  setText(byId('live-since'), '')
}

/**
 * Follows a probe or a rollout until its end. The browser itself resumes a broken stream after its
 * last event; where it gives up (the server answered with an error), we open a new one.
 * @param {string} path of the document, without a slash at the end
 * @param {number} after the last event that is known already
 * @param {readonly string[]} kinds
 * @param {(kind: string, data: any) => void} listener told `reset` where the state must be read anew
 * @returns {{ isLive(): boolean; heardMs(): number; hear(): void }}
 */
export function follow(path, after, kinds, listener) {
  let heardMs = Date.now()
  let last = after
  let isOpen = true
  let hasEnded = false

  function open() {
    const stream = new EventSource(`${path}/events?after=${last}`)
    stream.addEventListener('open', () => {
      isOpen = true
      heardMs = Date.now()
    })
    for (const kind of kinds) {
      stream.addEventListener(kind, (event) => {
        heardMs = Date.now()
        last = Number(event.lastEventId) || last
        listener(kind, JSON.parse(event.data))
        if (kind !== 'end') return
        hasEnded = true
        stream.close()
      })
    }
    stream.addEventListener('reset', () => listener('reset', undefined))
    stream.addEventListener('error', () => {
      isOpen = false
      if (stream.readyState !== EventSource.CLOSED || hasEnded) return
      stream.close()
      setTimeout(open, RETRY_MS)
    })
  }
  open()
  return {
    isLive: () => isOpen && Date.now() - heardMs < SILENT_MS,
    heardMs: () => heardMs,
    // What was read beside the stream is news too: a quiet rollout of another process is not lost.
    hear: () => {
      heardMs = Date.now()
    },
  }
}

/**
 * A document of the API.
 * @param {string} path
 * @returns {Promise<any>}
 * @throws Error with the problem's own words and its status
 */
export async function read(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } })
  const document = await response.json().catch(() => ({ detail: response.statusText }))
  if (response.ok) return document
  throw Object.assign(new Error(document.detail), {
    status: response.status,
    code: document.code,
    mend: document.mend,
  })
}
