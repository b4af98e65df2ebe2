import { describe, expect, it } from 'vitest'
import { TargetError } from '../../src/core/errors.ts'
import { exampleReport } from '../report/example-report.ts'
import { busyTarget, progressOf } from './scripted-outrider.ts'
import { readEvents, serve, type Answer } from './serving.ts'

describe('POST /probes', () => {
  it('says how to name a target when none is configured', async () => {
    const { send } = await serve({ targets: {} })
    const response = await send('POST', '/probes', { target: 'shop' })
    const problem = await response.json()
    expect(problem).toMatchObject({ status: 400, code: 'no-targets' })
    expect(problem.mend).toContain('outrider.yaml')
  })

  it('refuses an unknown target, also one that objects have by nature', async () => {
    const { send } = await serve()
    const response = await send('POST', '/probes', { target: 'shpo' })
    expect(await response.json()).toMatchObject({
      code: 'unknown-target',
      pointer: '/target',
      mend: 'did you mean "shop"?',
    })
    expect((await send('POST', '/probes', { target: 'constructor' })).status).toBe(400)
  })

  it('names an unknown key, and an unknown criterion as GET /profiles does', async () => {
    const { send } = await serve()
    const key = await send('POST', '/probes', { target: 'shop', allowMutation: true })
    expect(await key.json()).toMatchObject({
      status: 400,
      pointer: '/allowMutation',
      mend: 'did you mean "allowMutations"?',
    })
    const criteria = { target: 'shop', criteria: { devise_type: 'mobile' } }
    expect(await (await send('POST', '/probes', criteria)).json()).toMatchObject({
      code: 'unknown-criterion',
      pointer: '/criteria/devise_type',
    })
  })

  it('answers 409 for a busy target and 502 for one that does not answer', async () => {
    const { send, outrider } = await serve()
    outrider.refuse(busyTarget())
    const busy = await send('POST', '/probes', { target: 'shop' })
    expect([busy.status, (await busy.json()).code]).toEqual([409, 'target-busy'])
    outrider.refuse(
      new TargetError('canary refused the connection', { code: 'target-unreachable' }),
    )
    const dead = await send('POST', '/probes', { target: 'shop' })
    expect([dead.status, (await dead.json()).code]).toEqual([502, 'target-unreachable'])
  })

  it('shows no inside of a fault of ours', async () => {
    const lines: string[] = []
    const { send, outrider } = await serve({}, { log: (line) => lines.push(line) })
    outrider.refuse(new Error('secret at /etc/passwd'))
    const response = await send('POST', '/probes', { target: 'shop' })
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('secret')
    expect(text).not.toContain('.ts:')
    expect(lines.join()).toContain('secret')
  })

  it('starts with the words of the contract', async () => {
    const { send, outrider } = await serve()
    const response = await send('POST', '/probes', {
      target: 'shop',
      criteria: { device_type: 'mobile' },
      duration: 120,
      concurrency: 50,
      seed: 3,
      allowMutations: false,
    })
    expect([response.status, await response.json()]).toEqual([202, { id: 'p1' }])
    expect(response.headers.get('location')).toBe('/probes/p1')
    expect(outrider.started[0]?.request).toEqual({
      target: { kind: 'named', name: 'shop' },
      profiles: { kind: 'criteria', criteria: { device_type: 'mobile' } },
      overrides: { duration: 120, concurrency: 50, seed: 3, allowMutations: false },
    })
  })

  it('compares the baseline with itself, and leaves the mix as it is, where asked to', async () => {
    const { send, outrider } = await serve()
    await send('POST', '/probes', { target: 'shop', aa: true, focus: false })
    expect(outrider.started[0]?.request).toEqual({
      target: { kind: 'named', name: 'shop' },
      aa: true,
      overrides: { focus: false },
    })
  })
})

describe('Idempotency-Key', () => {
  it('is refused with another body', async () => {
    const { send } = await serve()
    const headers = { 'idempotency-key': 'k1' }
    await send('POST', '/probes', { target: 'shop' }, headers)
    const other = await send('POST', '/probes', { target: 'shop', seed: 2 }, headers)
    expect([other.status, (await other.json()).code]).toEqual([422, 'idempotency-key-reused'])
  })

  it('gives the same answer for the same body, also at the same moment', async () => {
    const { send, outrider } = await serve()
    const headers = { 'idempotency-key': 'k1' }
    const ask = (): Promise<Answer> => send('POST', '/probes', { target: 'shop' }, headers)
    const answers = await Promise.all([ask(), ask(), ask()])
    const bodies = await Promise.all(answers.map((answer) => answer.json()))
    expect(bodies).toEqual([{ id: 'p1' }, { id: 'p1' }, { id: 'p1' }])
    expect(answers.map((answer) => answer.headers.get('location'))).toEqual(
      Array.from({ length: 3 }, () => '/probes/p1'),
    )
    expect(outrider.started).toHaveLength(1)
  })

  it('does not keep a refusal: trying again is its mend', async () => {
    const { send, outrider } = await serve()
    const headers = { 'idempotency-key': 'k1' }
    outrider.refuse(busyTarget())
    expect((await send('POST', '/probes', { target: 'shop' }, headers)).status).toBe(409)
    expect((await send('POST', '/probes', { target: 'shop' }, headers)).status).toBe(202)
  })
})

describe('GET /probes', () => {
  it('answers 404 for a probe that is not there, on each of its paths', async () => {
    const { get, send } = await serve()
    for (const path of ['', '/series?action=home&metric=errors', '/events']) {
      const response = await get(`/probes/p9${path}`)
      expect([path, response.status]).toEqual([path, 404])
    }
    expect((await send('POST', '/probes/p9/stop', {})).status).toBe(404)
  })

  it('shows the latest progress while it runs and the report when it has ended', async () => {
    const { get, send, outrider } = await serve()
    await send('POST', '/probes', { target: 'shop' })
    const [probe] = outrider.started
    probe?.log.add({ kind: 'state', phase: 'warm-up', message: 'begins' })
    probe?.log.add({ kind: 'block', progress: progressOf({ pairs: 123 }) })
    const running = await (await get('/probes/p1')).json()
    expect(running).toMatchObject({ status: 'running', seq: 2, progress: { pairs: 123 } })
    const list = await (await get('/probes')).json()
    expect(list.probes[0]).toMatchObject({ id: 'p1', status: 'running', progress: { findings: 0 } })
    probe?.end(exampleReport)
    const ended = await (await get('/probes/p1')).json()
    expect(ended).toMatchObject({ status: 'done', report: exampleReport })
    const after = await (await get('/probes')).json()
    expect(after.probes[0]).toMatchObject({ status: 'done', verdict: 'regressed' })
  })

  it('tells of a probe that failed why', async () => {
    const { get, send, outrider } = await serve()
    await send('POST', '/probes', { target: 'shop' })
    outrider.started[0]?.fail(new Error('the disk is full'))
    expect(await (await get('/probes/p1')).json()).toMatchObject({
      status: 'failed',
      problem: { message: 'the disk is full' },
    })
  })

  it('gives a series, and names an action that is not in the plan', async () => {
    const quantiles = { baseline: [[0.5, 9]], canary: [[0.5, 10]] } as const
    const series = { blockSeconds: 0.5, lnThreshold: 6, lnHealthyThreshold: 3, points: [] }
    const { get, send } = await serve({
      series: (action, metric) =>
        action === 'home' && metric === 'errors'
          ? { ...series, action, metric, quantiles }
          : undefined,
    })
    await send('POST', '/probes', { target: 'shop' })
    const known = await get('/probes/p1/series?action=home&metric=errors')
    expect(await known.json()).toMatchObject({ ...series, quantiles })
    const unknown = await get('/probes/p1/series?action=hme&metric=errors')
    expect(await unknown.json()).toMatchObject({
      code: 'unknown-action',
      mend: 'did you mean "home"?',
    })
    expect((await get('/probes/p1/series?action=home&metric=colour')).status).toBe(400)
  })
})

describe('POST /probes/:id/stop', () => {
  it('asks the probe to end, keeps the reason, and refuses when it has ended', async () => {
    const { get, send, outrider } = await serve()
    await send('POST', '/probes', { target: 'shop' })
    const [probe] = outrider.started
    expect((await send('POST', '/probes/p1/stop', { reason: 7 })).status).toBe(400)
    expect(probe?.wasStopped()).toBe(false)
    expect((await send('POST', '/probes/p1/stop', { reason: 'wrong image' })).status).toBe(202)
    expect(probe?.wasStopped()).toBe(true)
    expect((await (await get('/probes/p1')).json()).stop.reason).toBe('wrong image')
    probe?.end(exampleReport)
    const again = await send('POST', '/probes/p1/stop', {})
    expect([again.status, (await again.json()).code]).toEqual([409, 'probe-ended'])
  })
})

describe('GET /probes/:id/events', () => {
  it('resets a client whose last event is no longer kept', async () => {
    const { get, send, outrider } = await serve()
    await send('POST', '/probes', { target: 'shop' })
    const [probe] = outrider.started
    for (let count = 0; count < 450; count += 1) {
      probe?.log.add({ kind: 'block', progress: progressOf({ blocks: count }) })
    }
    const response = await get('/probes/p1/events', { 'last-event-id': '2' })
    const [reset, next] = await readEvents(response, 2)
    const oldestSeq = probe?.oldestSeq()
    expect(reset).toMatchObject({ event: 'reset', data: { reason: 'too-old', oldestSeq } })
    expect(next?.id).toBe(oldestSeq)
  })

  it('tells the past, then what happens, and ends with the end', async () => {
    const { get, send, outrider } = await serve()
    await send('POST', '/probes', { target: 'shop' })
    const [probe] = outrider.started
    probe?.log.add({ kind: 'state', phase: 'warm-up', message: 'begins' })
    const response = await get('/probes/p1/events')
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const events = readEvents(response)
    probe?.log.add({ kind: 'block', progress: progressOf() })
    probe?.end(exampleReport)
    expect((await events).map(({ id, event }) => [id, event])).toEqual([
      [1, 'state'],
      [2, 'block'],
      [3, 'end'],
    ])
  })

  it('resumes after Last-Event-ID, and answers 204 after the end', async () => {
    const { get, send, outrider } = await serve()
    await send('POST', '/probes', { target: 'shop' })
    const [probe] = outrider.started
    probe?.log.add({ kind: 'state', phase: 'warm-up', message: 'begins' })
    probe?.log.add({ kind: 'block', progress: progressOf() })
    probe?.end(exampleReport)
    const resumed = await readEvents(await get('/probes/p1/events', { 'last-event-id': '1' }))
    expect(resumed.map(({ id }) => id)).toEqual([2, 3])
    const byQuery = await readEvents(await get('/probes/p1/events?after=2'))
    expect(byQuery.map(({ id }) => id)).toEqual([3])
    expect((await get('/probes/p1/events', { 'last-event-id': '3' })).status).toBe(204)
  })

  it('pings, so that a silent stream is known to live', async () => {
    const { get, send } = await serve({}, { pingMs: 5 })
    await send('POST', '/probes', { target: 'shop' })
    const response = await get('/probes/p1/events')
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk)
      if (text.includes(': ping\n\n')) break
    }
    expect(text).toContain(': ping\n\n')
  })

  it('has so many seats, and gives one back when a client leaves', async () => {
    const { get, send } = await serve({}, { limits: { eventStreams: 1 }, pingMs: 5 })
    await send('POST', '/probes', { target: 'shop' })
    const first = await get('/probes/p1/events')
    const second = await get('/probes/p1/events')
    expect([second.status, (await second.json()).code]).toEqual([503, 'too-many-streams'])
    await first.body?.cancel()
    let status = 503
    while (status === 503) status = (await get('/probes/p1/events')).status
    expect(status).toBe(200)
  })
})
