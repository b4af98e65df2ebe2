import { createServer as createHttpsServer } from 'node:https'
import { describe, expect, it } from 'vitest'
import { TargetError } from '../../src/core/errors.ts'
import { checkReachable } from '../../src/generator/reach.ts'
import { serve, serveTcp } from './arm-server.ts'
import { CERTIFICATE, KEY } from './certificate.ts'

describe('checkReachable()', () => {
  it('says which arm refused the connection, after three tries within 2 s', async () => {
    const up = await serveTcp(() => undefined)
    const down = await serveTcp(() => undefined)
    await down.close()
    const startedMs = performance.now()
    const asked = checkReachable([
      { arm: 'baseline', url: up.url },
      { arm: 'canary', url: down.url },
    ])
    await expect(asked).rejects.toThrow(
      `Cannot reach target: canary ${down.url} refused the connection (3 tries in 2 s)`,
    )
    await expect(asked).rejects.toMatchObject({ code: 'target-unreachable', where: down.url })
    await expect(asked).rejects.toBeInstanceOf(TargetError)
    expect(performance.now() - startedMs).toBeLessThan(2_500)
    await up.close()
  })
  it('sends nothing and leaves nothing open', async () => {
    const bytes: number[] = []
    const server = await serveTcp((socket) => socket.on('data', (data) => bytes.push(data.length)))
    await checkReachable([{ arm: 'baseline', url: server.url }])
    await server.abandoned()
    await server.close()
    expect(server.accepted()).toBe(1)
    expect(bytes).toEqual([])
  })
  it('waits for a target that comes up meanwhile', async () => {
    let seen = 0
    const server = await serve(
      createHttpsServer({ cert: CERTIFICATE, key: KEY }).on('connection', (socket) => {
        seen += 1
        if (seen === 1) socket.destroy()
      }),
    )
    const url = `https://127.0.0.1:${server.port}`
    await checkReachable([{ arm: 'baseline', url, host: 'shop.test', tls: { ca: CERTIFICATE } }])
    expect(seen).toBe(2)
    await server.close()
  })
  it('says when the certificate cannot be trusted', async () => {
    const server = await serve(createHttpsServer({ cert: CERTIFICATE, key: KEY }))
    const url = `https://127.0.0.1:${server.port}`
    const asked = checkReachable([{ arm: 'baseline', url, host: 'shop.test' }])
    await expect(asked).rejects.toThrow(
      ': its certificate is signed by an authority that is not trusted here (3 tries',
    )
    await server.close()
  })
  it('says what can be done about it, each fault its own', async () => {
    const server = await serve(createHttpsServer({ cert: CERTIFICATE, key: KEY }))
    const plain = await serveTcp((socket) => socket.end('no TLS\r\n'))
    const url = `https://127.0.0.1:${server.port}`
    const mends: [Parameters<typeof checkReachable>[0][0], RegExp][] = [
      [{ arm: 'baseline', url }, /--ca or tls\.ca/],
      [{ arm: 'baseline', url, tls: { ca: CERTIFICATE } }, /--host or --server-name/],
      [{ arm: 'baseline', url: `https://127.0.0.1:${plain.port}` }, /http:\/\//],
      [{ arm: 'baseline', url: 'http://name.invalid' }, /how the name is written/],
      [{ arm: 'baseline', url, proxy: { url: plain.url } }, /check the proxy/],
    ]
    await Promise.all(
      mends.map(async ([address, mend]) => {
        await expect(checkReachable([address])).rejects.toMatchObject({
          code: 'target-unreachable',
          mend: expect.stringMatching(mend) as string,
        })
      }),
    )
    await expect(
      checkReachable([{ arm: 'canary', url, tls: { ca: CERTIFICATE } }]),
    ).rejects.toThrow(/127\.0\.0\.1 is not in the cert's list: DNS:shop\.test/)
    await server.close()
    await plain.close()
  })
})
