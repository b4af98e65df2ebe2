import { describe, expect, it } from 'vitest'
import { auditListSchema } from '../../../src/core/contract/investigation.ts'
import { bearer, serve, TOKENS } from '../serving.ts'

const START = { name: 'a', target: 'shop', router: 'edge' }

describe('the audit log', () => {
  it('is for admins, newest first', async () => {
    const { get, send } = await serve({ tokens: TOKENS })
    expect((await get('/audit', bearer('operator'))).status).toBe(403)
    await send('POST', '/rollouts', START, bearer('operator'))
    await send('POST', '/rollouts/r1/abort', { reason: 'wrong build' }, bearer('admin'))
    const log = auditListSchema.parse(await (await get('/audit', bearer('admin'))).json())
    expect(
      log.entries.map(({ who, what, subject, status, detail }) => [
        who,
        what,
        subject,
        status,
        detail,
      ]),
    ).toEqual([
      ['the-admin', 'POST /rollouts/:id/abort', 'r1', 202, 'wrong build'],
      ['the-operator', 'POST /rollouts', 'r1', 202, undefined],
    ])
    expect((await get('/audit?limit=0', bearer('admin'))).status).toBe(400)
  })

  it('has each write and what came of it, and no read', async () => {
    const { get, send, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1', state: 'rolled_back' })
    await get('/rollouts')
    await get('/rollouts/r9')
    await send('POST', '/probes', { target: 'shop' })
    await send('POST', '/rollouts/r1/pause', { reason: 'too late' })
    await send('POST', '/rollouts', { ...START, routr: 1 })
    await send('PUT', '/profiles/u1', '{')
    await send('DELETE', '/profiles/u1', '')
    await send('POST', '/nothing', {})
    expect(outrider.rollouts.notes).toEqual([
      { who: 'local', what: 'POST /probes', subject: 'p1', status: 202 },
      {
        who: 'local',
        what: 'POST /rollouts/:id/pause',
        subject: 'r1',
        status: 409,
        detail: 'act-refused: too late',
      },
      { who: 'local', what: 'POST /rollouts', subject: '-', status: 400, detail: 'bad-body' },
      {
        who: 'local',
        what: 'PUT /profiles/:id',
        subject: 'u1',
        status: 400,
        detail: 'bad-json',
      },
      {
        who: 'local',
        what: 'DELETE /profiles/:id',
        subject: 'u1',
        status: 404,
        detail: 'unknown-profile',
      },
      { who: 'local', what: 'POST /nothing', subject: '-', status: 404 },
    ])
  })

  it('has who was refused, and by what', async () => {
    const { send, get, outrider } = await serve({ tokens: TOKENS })
    await send('POST', '/rollouts', START, bearer('viewer'))
    await send('POST', '/rollouts', START)
    await get('/rollouts', { authorization: 'Bearer guess' })
    await get('/rollouts')
    await send('POST', '/session', { token: 'guess' })
    await send('POST', '/session', { token: 'admin-admin' })
    expect(
      outrider.rollouts.notes.map(({ who, what, status, detail }) => [who, what, status, detail]),
    ).toEqual([
      ['the-viewer', 'POST /rollouts', 403, 'role-too-low'],
      ['(nobody)', 'POST /rollouts', 401, 'not-signed-in'],
      ['(nobody)', 'GET /rollouts', 401, 'wrong-token'],
      ['(nobody)', 'POST /session', 401, 'wrong-token'],
      ['the-admin', 'POST /session', 200, undefined],
    ])
    expect(JSON.stringify(outrider.rollouts.notes)).not.toMatch(/guess|admin-admin/)
  })

  it('cannot be filled by a stranger', async () => {
    const clock = { nowMs: () => 0, wallMs: () => 0 }
    const { send, outrider } = await serve({ tokens: TOKENS }, { clock })
    for (let count = 0; count < 30; count += 1) await send('POST', '/rollouts', START)
    expect(outrider.rollouts.notes).toHaveLength(10)
    await send('POST', '/rollouts', START, bearer('operator'))
    expect(outrider.rollouts.notes).toHaveLength(11)
  })

  it('does not make a request fail when it cannot be written, but the log says so', async () => {
    const lines: string[] = []
    const { send, outrider } = await serve({}, { log: (line) => lines.push(line) })
    outrider.rollouts.refuse(new Error('the disk is full'))
    const response = await send('POST', '/probes', { target: 'shop' })
    expect([response.status, await response.json()]).toEqual([202, { id: 'p1' }])
    expect(lines).toEqual(['Cannot write the audit log: the disk is full'])
  })
})
