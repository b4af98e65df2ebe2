import { describe, expect, it } from 'vitest'
import { listen } from '../../server/listen.ts'
import { scriptOutrider } from './scripted-outrider.ts'
import { readEvents, serve } from './serving.ts'

describe('listen()', () => {
  it('refuses an address that is no address', async () => {
    const outrider = scriptOutrider()
    for (const text of ['7070', 'localhost', '127.0.0.1:99999', ':7070', '127.0.0.1:x']) {
      await expect(listen(outrider, { listen: text })).rejects.toMatchObject({ code: 'bad-listen' })
    }
  })

  it('refuses any address but loopback without tokens, and says how to make one', async () => {
    const outrider = scriptOutrider()
    for (const host of ['0.0.0.0', '10.0.0.5', '[::]', 'example.test', '128.0.0.1']) {
      await expect(listen(outrider, { listen: `${host}:0` })).rejects.toMatchObject({
        name: 'UsageError',
        code: 'listen-needs-tokens',
        message: expect.stringContaining(host),
        mend: expect.stringMatching(/openssl rand -hex 32.*sha256sum/),
      })
    }
  })

  it('names a port that another program has, and the mend', async () => {
    const serving = await serve()
    const taken = `127.0.0.1:${serving.port}`
    await expect(listen(scriptOutrider(), { listen: taken })).rejects.toMatchObject({
      name: 'UsageError',
      code: 'port-in-use',
      message: expect.stringContaining(taken),
      mend: expect.stringContaining('--listen'),
    })
  })

  it('takes a free port for 0 and says which', async () => {
    const serving = await serve({}, { listen: 'localhost:0' })
    expect(serving.url).toBe(`http://localhost:${serving.port}`)
    expect((await serving.get('/healthz')).status).toBe(200)
  })
})

describe('close()', () => {
  it('ends event streams with an event and lets no client wait', async () => {
    const serving = await serve()
    await serving.send('POST', '/probes', { target: 'shop' })
    const response = await serving.get('/probes/p1/events')
    const events = readEvents(response)
    await serving.close()
    expect(await events).toEqual([{ event: 'reset', data: { reason: 'server-stopping' } }])
    await expect(serving.get('/healthz')).rejects.toThrow()
  })
})
