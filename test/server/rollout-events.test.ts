import { describe, expect, it } from 'vitest'
import { rolloutEventSchema } from '../../src/core/contract/rollout.ts'
import { AT, blockEvent, endEvent, readingEvent, weightEvent } from './example-rollout.ts'
import { readEvents, serve, type Serving } from './serving.ts'

/** A rollout whose journal has events at 2, 5 and 9; lines between are none. */
async function rolling(options: Parameters<typeof serve>[1] = {}): Promise<Serving> {
  const serving = await serve({}, options)
  const { rollouts } = serving.outrider
  rollouts.show({ id: 'r1' })
  for (const seq of [2, 5, 9]) rollouts.happen('r1', weightEvent(seq))
  return serving
}

const EVENTS = '/rollouts/r1/events'
const idsOf = (events: { id?: number; event: string }[]): (number | string)[] =>
  events.map(({ id, event }) => id ?? event)

describe('GET /rollouts/:id/events', () => {
  it('refuses a resume that is no number in the query', async () => {
    const { get } = await rolling()
    for (const after of ['x', '-1', '1.5']) {
      expect((await get(`${EVENTS}?after=${after}`)).status).toBe(400)
    }
  })

  it('tells the past, then what happens, and ends with the end', async () => {
    const { get, outrider } = await rolling()
    const response = await get(EVENTS)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const events = readEvents(response)
    outrider.rollouts.happen('r1', readingEvent())
    outrider.rollouts.happen('r1', blockEvent())
    outrider.rollouts.happen('r1', endEvent(12))
    outrider.rollouts.happen('r1', readingEvent())
    const told = await events
    expect(idsOf(told)).toEqual([2, 5, 9, 'reading', 'block', 12])
    expect(told.map(({ event }) => event).slice(0, 2)).toEqual(['weight', 'weight'])
    for (const { data } of told) rolloutEventSchema.parse(data)
    expect(outrider.rollouts.watching()).toBe(0)
  })

  it('resumes after Last-Event-ID: nothing kept is lost or told twice', async () => {
    for (const [last, rest] of [
      [2, [5, 9, 14]],
      [5, [9, 14]],
      [9, [14]],
    ] as const) {
      const { get, outrider } = await rolling()
      const response = await get(EVENTS, { 'last-event-id': String(last) })
      const events = readEvents(response, rest.length)
      outrider.rollouts.happen('r1', weightEvent(14))
      expect(idsOf(await events)).toEqual(rest)
    }
  })

  it('does not resume what is of the moment only', async () => {
    const { get, outrider } = await rolling()
    const first = await get(EVENTS)
    const told = readEvents(first, 5)
    outrider.rollouts.happen('r1', readingEvent(500))
    outrider.rollouts.happen('r1', blockEvent())
    expect(idsOf(await told)).toEqual([2, 5, 9, 'reading', 'block'])
    const second = await get(EVENTS, { 'last-event-id': '9' })
    const next = readEvents(second, 1)
    outrider.rollouts.happen('r1', readingEvent(600))
    expect((await next)[0]).toMatchObject({
      event: 'reading',
      data: { reading: { intendedBp: 600 } },
    })
  })

  it('says reset where the last event is none of ours, and tells all', async () => {
    const { get } = await rolling()
    for (const [last, reason] of [
      ['1', 'too-old'],
      ['10', 'ahead'],
      ['seven', 'unknown'],
    ]) {
      const response = await get(EVENTS, { 'last-event-id': last ?? '' })
      const events = await readEvents(response, 4)
      expect(idsOf(events)).toEqual(['reset', 2, 5, 9])
      expect(events[0]?.data).toEqual({ reason, oldestSeq: 2, newestSeq: 9 })
    }
  })

  it('knows the lines of the history, of which not all are events', async () => {
    const { get, outrider } = await serve()
    const { rollouts } = outrider
    const reason = { code: 'created', message: 'begun' }
    const created = {
      seq: 1,
      at: AT,
      kind: 'state',
      state: 'pending',
      actor: 'ci',
      reason,
    } as const
    rollouts.show({ id: 'r1', history: [created] })
    const first = readEvents(await get(`${EVENTS}?after=1`), 1)
    rollouts.happen('r1', weightEvent(2))
    expect(idsOf(await first)).toEqual([2])
    expect(idsOf(await readEvents(await get(`${EVENTS}?after=1`), 1))).toEqual([2])
  })

  it('takes the last event from the query too, and the header goes before it', async () => {
    const { get } = await rolling()
    expect(idsOf(await readEvents(await get(`${EVENTS}?after=2`), 2))).toEqual([5, 9])
    const both = await get(`${EVENTS}?after=2`, { 'last-event-id': '5' })
    expect(idsOf(await readEvents(both, 1))).toEqual([9])
    expect(idsOf(await readEvents(await get(`${EVENTS}?after=0`), 3))).toEqual([2, 5, 9])
  })

  it('answers 204 to who has seen the end, and the end to who has not', async () => {
    const { get, outrider } = await rolling()
    outrider.rollouts.happen('r1', endEvent(12))
    outrider.rollouts.show({ id: 'r1', state: 'promoted', controlled: false })
    outrider.rollouts.happen('r1', weightEvent(13))
    expect((await get(EVENTS, { 'last-event-id': '12' })).status).toBe(204)
    expect((await get(EVENTS, { 'last-event-id': '13' })).status).toBe(204)
    const ahead = await readEvents(await get(EVENTS, { 'last-event-id': '14' }))
    expect(idsOf(ahead)).toEqual(['reset', 2, 5, 9, 12])
    const late = await readEvents(await get(EVENTS, { 'last-event-id': '9' }))
    expect(idsOf(late)).toEqual([12])
    expect(idsOf(await readEvents(await get(EVENTS)))).toEqual([2, 5, 9, 12])
    expect(outrider.rollouts.watching()).toBe(0)
  })

  it('pings while nothing happens', async () => {
    const { get } = await rolling({ pingMs: 5 })
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of (await get(EVENTS)).body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      if (text.includes(': ping')) break
    }
    expect(text).toContain(': ping\n\n')
  })

  it('shares its places with the streams of probes', async () => {
    const { get, send } = await rolling({ limits: { eventStreams: 1 } })
    await send('POST', '/probes', { target: 'shop' })
    const first = await get('/probes/p1/events')
    const second = await get(EVENTS)
    expect([second.status, (await second.json()).code]).toEqual([503, 'too-many-streams'])
    await first.body?.cancel()
  })

  it('ends with a word when the server stops', async () => {
    const serving = await rolling()
    const events = readEvents(await serving.get(EVENTS))
    await serving.close()
    expect((await events).at(-1)).toEqual({ event: 'reset', data: { reason: 'server-stopping' } })
  })
})
