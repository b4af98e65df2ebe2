import { describe, expect, it } from 'vitest'
import { rolloutListSchema, rolloutSchema } from '../../src/core/contract/rollout.ts'
import { CapacityError, RouterError, TargetError, UsageError } from '../../src/core/errors.ts'
import { AT } from './example-rollout.ts'
import { serve, type Answer } from './serving.ts'

const START = { name: 'shop 1.4.2', target: 'shop', router: 'edge' }

describe('POST /rollouts', () => {
  it('points at what is wrong in a body', async () => {
    const { send, outrider } = await serve()
    const wrong: [unknown, string, string][] = [
      [{ ...START, routr: 'edge' }, '/routr', 'bad-body'],
      [{ ...START, name: ' ' }, '/name', 'bad-body'],
      [{ target: 'shop', router: 'edge' }, '/name', 'bad-body'],
      [{ ...START, target: 'http://10.0.0.1' }, '/target', 'bad-body'],
      [{ ...START, target: 'shpo' }, '/target', 'unknown-target'],
      [{ ...START, router: 'egde' }, '/router', 'unknown-router'],
      [{ ...START, router: 'constructor' }, '/router', 'unknown-router'],
      [{ ...START, policy: { startBp: 10_001 } }, '/policy/startBp', 'bad-body'],
      [{ ...START, policy: { onPromoted: { exec: ['rm'] } } }, '/policy/onPromoted', 'bad-body'],
      [{ ...START, policy: { startBp: 500, maxBp: 100 } }, '/policy/startBp', 'bad-policy'],
    ]
    for (const [body, pointer, code] of wrong) {
      const response = await send('POST', '/rollouts', body)
      const problem = await response.json()
      expect([problem.status, problem.code, problem.pointer]).toEqual([400, code, pointer])
      expect(problem.mend).not.toBe('')
    }
    expect(outrider.rollouts.started).toEqual([])
  })

  it('answers the whole document, with the merged policy and where it is', async () => {
    const { send, get, outrider } = await serve()
    const body = { ...START, version: '1.4.2', policy: { upBp: 200 } }
    const response = await send('POST', '/rollouts', body)
    expect([response.status, response.headers.get('location')]).toEqual([202, '/rollouts/r1'])
    const document = rolloutSchema.parse(await response.json())
    expect(document.policy).toMatchObject({ kind: 'linear', startBp: 500, upBp: 200 })
    expect(await (await get('/rollouts/r1')).json()).toEqual(document)
    expect(outrider.rollouts.started).toEqual([{ request: body, by: 'local' }])
  })

  it('says by the status whose turn it is', async () => {
    const { send, outrider } = await serve()
    const refusals: [Error, number][] = [
      [new CapacityError('r1 is not over', { code: 'rollout-open' }), 409],
      [new CapacityError('p1 runs', { code: 'target-busy' }), 409],
      [new RouterError('reads 5 %', { code: 'router-not-at-zero' }), 409],
      [new RouterError('canary is down', { code: 'router-not-ready' }), 409],
      [new RouterError('no answer', { code: 'router-unreachable' }), 502],
      [new TargetError('no answer', { code: 'target-unreachable' }), 502],
      [new UsageError('no', { code: 'bad-policy', where: '/policy/upBp' }), 400],
    ]
    for (const [error, status] of refusals) {
      outrider.rollouts.refuse(error)
      const response = await send('POST', '/rollouts', START)
      expect([error.message, response.status]).toEqual([error.message, status])
    }
  })

  it('starts one rollout however often the same key asks', async () => {
    const { send, outrider } = await serve()
    const headers = { 'idempotency-key': 'deploy-17' }
    const ask = (): Promise<Answer> => send('POST', '/rollouts', START, headers)
    const answers = await Promise.all([ask(), ask(), ask()])
    const bodies = await Promise.all(answers.map((answer) => answer.text()))
    expect(new Set(bodies).size).toBe(1)
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
    expect(answers[2]?.headers.get('location')).toBe('/rollouts/r1')
    expect(outrider.rollouts.started).toHaveLength(1)
    const other = await send('POST', '/rollouts', { ...START, name: 'other' }, headers)
    expect(other.status).toBe(422)
  })
})

describe('GET /rollouts', () => {
  it('answers 404 for a rollout that is not there, on each of its paths', async () => {
    const { get, send } = await serve()
    const paths = ['', '/events', '/readings', '/series?action=home&metric=errors']
    for (const path of paths) {
      const response = await get(`/rollouts/r9${path}`)
      expect([path, response.status, (await response.json()).code]).toEqual([
        path,
        404,
        'unknown-rollout',
      ])
    }
    for (const act of ['promote', 'pause', 'resume', 'abort', 'finalize']) {
      expect((await send('POST', `/rollouts/r9/${act}`, {})).status).toBe(404)
    }
  })

  it('lists them page by page', async () => {
    const { get, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1' })
    outrider.rollouts.show({ id: 'r2' })
    const page = rolloutListSchema.parse(await (await get('/rollouts?limit=1')).json())
    expect(page.rollouts.map(({ id }) => id)).toEqual(['r2'])
    expect(page.nextCursor).toBe('n1')
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'page=2', 'limit=1&limit=2']) {
      expect([query, (await get(`/rollouts?${query}`)).status]).toEqual([query, 400])
    }
  })

  it('gives what the charts need', async () => {
    const { get, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1', actions: [] })
    outrider.rollouts.read('r1', [{ at: AT, intendedBp: 500, configuredBp: 500 }])
    expect(await (await get('/rollouts/r1/readings')).json()).toEqual({
      readings: [{ at: AT, intendedBp: 500, configuredBp: 500 }],
    })
    const series = { blockSeconds: 1, lnThreshold: 8, lnHealthyThreshold: 3, points: [] }
    const quantiles = { baseline: [[0.5, 9] as const], canary: [[0.5, 10] as const] }
    outrider.rollouts.draw({ ...series, action: 'home', metric: 'errors', quantiles })
    const known = await get('/rollouts/r1/series?action=home&metric=errors')
    expect(await known.json()).toMatchObject({ ...series, quantiles })
    const gone = await get('/rollouts/r1/series?action=pay&metric=errors')
    expect([gone.status, (await gone.json()).code]).toEqual([404, 'series-not-kept'])
    expect((await get('/rollouts/r1/series?action=home&metric=speed')).status).toBe(400)
  })

  it('names an action that is not in the plan', async () => {
    const { get, outrider } = await serve()
    const home = { action: 'home', required: true, verdict: 'inconclusive', pairs: 3, metrics: [] }
    outrider.rollouts.show({ id: 'r1', actions: [{ ...home, verdict: 'inconclusive' }] })
    const response = await get('/rollouts/r1/series?action=hme&metric=errors')
    expect(await response.json()).toMatchObject({
      status: 400,
      code: 'unknown-action',
      mend: 'did you mean "home"?',
    })
  })

  it('is a page for a browser and a document for a program', async () => {
    const { get, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1' })
    const page = await get('/rollouts/r1', { accept: 'text/html' })
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ])
    expect((await get('/rollouts/r9', { accept: 'text/html' })).status).toBe(404)
    expect((await get('/rollouts/r1')).headers.get('vary')).toBe('accept')
  })
})

describe('POST /rollouts/:id/…', () => {
  it('refuses what the state forbids, and says that nothing was changed', async () => {
    const { send, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1', state: 'rolled_back', endedAt: AT, controlled: false })
    for (const act of ['promote', 'pause', 'resume', 'abort', 'finalize']) {
      const response = await send('POST', `/rollouts/r1/${act}`, {})
      expect(await response.json()).toMatchObject({
        status: 409,
        code: 'act-refused',
        detail: 'Already rolled back at 14:09:00; nothing was changed.',
      })
    }
    expect([outrider.rollouts.told, outrider.rollouts.resumed]).toEqual([[], []])
  })

  it('refuses a word that is none', async () => {
    const { send, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1' })
    const wrong: [unknown, string][] = [
      [{ reason: 7 }, '/reason'],
      [{ reason: ' ' }, '/reason'],
      [{ reason: 'x'.repeat(501) }, '/reason'],
      [{ why: 'x' }, '/why'],
    ]
    for (const [body, pointer] of wrong) {
      const problem = await (await send('POST', '/rollouts/r1/pause', body)).json()
      expect([problem.status, problem.pointer]).toEqual([400, pointer])
    }
    expect((await send('POST', '/rollouts/r1/pause', '[]')).status).toBe(400)
    expect((await send('GET', '/rollouts/r1/pause', undefined)).status).toBe(405)
    expect((await send('POST', '/rollouts/r1/explode', {})).status).toBe(404)
  })

  it('brings the word to the controller and answers the document', async () => {
    const { send, outrider } = await serve()
    const words = [
      ['promote', 'ramping'],
      ['pause', 'holding'],
      ['resume', 'paused'],
      ['abort', 'probing'],
      ['finalize', 'promoting'],
    ] as const
    for (const [act, state] of words) {
      outrider.rollouts.show({ id: 'r1', state })
      const response = await send('POST', `/rollouts/r1/${act}`, { reason: `to ${act}` })
      expect(response.status).toBe(202)
      expect(rolloutSchema.parse(await response.json()).state).toBe(state)
      expect(outrider.rollouts.told.at(-1)).toEqual({
        id: 'r1',
        act,
        by: 'local',
        reason: `to ${act}`,
      })
    }
    expect(outrider.rollouts.resumed).toEqual([])
  })

  it('tells the word once for one key', async () => {
    const { send, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1' })
    const headers = { 'idempotency-key': 'k' }
    await send('POST', '/rollouts/r1/pause', {}, headers)
    await send('POST', '/rollouts/r1/pause', {}, headers)
    await send('POST', '/rollouts/r1/abort', {}, headers)
    expect(outrider.rollouts.told.map(({ act }) => act)).toEqual(['pause', 'abort'])
  })

  it('resume takes over a rollout that nobody controls, and tells a paused one', async () => {
    const { send, outrider } = await serve()
    const { rollouts } = outrider
    rollouts.show({ id: 'r1', state: 'ramping', controlled: false })
    expect((await send('POST', '/rollouts/r1/resume', {})).status).toBe(202)
    expect([rollouts.resumed, rollouts.told]).toEqual([['r1'], []])
    rollouts.show({ id: 'r2', state: 'paused', controlled: false })
    expect((await send('POST', '/rollouts/r2/resume', {})).status).toBe(202)
    expect([rollouts.resumed, rollouts.told]).toEqual([
      ['r1', 'r2'],
      [{ id: 'r2', act: 'resume', by: 'local' }],
    ])
  })

  it('any other word takes it over too, or it would never be done', async () => {
    const { send, outrider } = await serve()
    const { rollouts } = outrider
    rollouts.show({ id: 'r1', state: 'paused', controlled: false })
    expect((await send('POST', '/rollouts/r1/pause', {})).status).toBe(409)
    expect(rollouts.resumed).toEqual([])
    expect((await send('POST', '/rollouts/r1/abort', {})).status).toBe(202)
    expect([rollouts.resumed, rollouts.told]).toEqual([
      ['r1'],
      [{ id: 'r1', act: 'abort', by: 'local' }],
    ])
  })

  it('resume answers 409 while another process controls it', async () => {
    const { send, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1', state: 'paused', controlled: false })
    outrider.rollouts.refuse(new CapacityError('held by ci:811', { code: 'rollout-held' }))
    const response = await send('POST', '/rollouts/r1/resume', {})
    expect([response.status, (await response.json()).code]).toEqual([409, 'rollout-held'])
    expect(outrider.rollouts.told).toEqual([])
  })
})
