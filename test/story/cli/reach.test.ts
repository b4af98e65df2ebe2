/** The ways to an arm, as people write them: flags and keys, whole programs, real servers. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve, type ArmServer } from '../../generator/arm-server.ts'
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  SHOP_CERTIFICATE,
  SHOP_KEY,
} from '../../generator/client/certificates.ts'
import { runOutrider } from '../../support/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'reach-'))
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const ca = file('ca.pem', AUTHORITY)
const cert = file('cert.pem', CLIENT_CERTIFICATE)
const key = file('key.pem', CLIENT_KEY)
const text = file('text.pem', 'no PEM')
const socketPath = join(folder, 'app.sock')

const seen: string[] = []
let safe: ArmServer
const socket = createServer((request, response) => {
  seen.push(`${request.headers.host} ${request.url} ${String(request.headers['x-team'] ?? '')}`)
  if (request.url === '/away') response.writeHead(302, { location: 'http://elsewhere.test/a' })
  response.end('ok')
})

beforeAll(async () => {
  const options = { ca: AUTHORITY, cert: SHOP_CERTIFICATE, key: SHOP_KEY, requestCert: true }
  safe = await serve(
    createSecureServer({ ...options, rejectUnauthorized: true }, (request, response) => {
      const { authority, httpVersion, headers } = request
      seen.push(`${httpVersion} ${authority} ${headers.authorization ?? ''}`)
      response.end('ok')
    }),
  )
  await new Promise<void>((resolve) => socket.listen(socketPath, resolve))
})
afterAll(async () => {
  await safe.close()
  socket.close()
  rmSync(folder, { recursive: true })
})

const SHORT = ['--paths', '/', '--duration', '1s', '--rate', '10', '--json']

describe('outrider, on its way to an arm', () => {
  it('sends over HTTP/2 and TLS with a certificate, Host and a secret in a header', async () => {
    seen.length = 0
    const run = await runOutrider(
      [
        'generate',
        '--target-url',
        `https://127.0.0.1:${safe.port}`,
        ...SHORT,
        '--http2',
        '--ca',
        ca,
        '--cert',
        cert,
        '--key',
        key,
        '--host',
        'shop.test',
        '--header',
        'authorization: Bearer {{secret.TOKEN}}',
        '--header',
        'x-team: a',
      ],
      { cwd: folder, env: { OUTRIDER_SECRET_TOKEN: 'hidden' } },
    )
    expect(run.stderr).not.toContain('hidden')
    // 4: a busy machine did not send all that was due, which is not asked here.
    expect([0, 4]).toContain(run.code)
    expect(JSON.parse(run.stdout)).toMatchObject({ errors: 0 })
    expect(new Set(seen)).toEqual(new Set(['2.0 shop.test Bearer hidden']))
  })
  it('reads the way to a target from the configuration, and a unix socket from a flag', async () => {
    seen.length = 0
    file(
      'outrider.yaml',
      `version: 1
targets:
  shop:
    baseline: "unix:${socketPath}:/v1"
    canary: "unix:${socketPath}:/v2"
    host: shop.test
    headers: { x-team: b }
`,
    )
    const probe = await runOutrider(
      ['probe', '--target', 'shop', '--phases', 'load', '--warmup', '0s', ...SHORT],
      { cwd: folder },
    )
    // A second is too short to say anything, whatever else the machine does.
    expect(probe.code).toBe(4)
    expect(JSON.parse(probe.stdout)).toMatchObject({ verdict: 'invalid' })
    expect(new Set(seen)).toEqual(new Set(['shop.test /v1/ b', 'shop.test /v2/ b']))
    seen.length = 0
    const generated = await runOutrider(
      ['generate', '--target-url', `unix:${socketPath}`, ...SHORT],
      { cwd: folder },
    )
    expect([0, 4]).toContain(generated.code)
    expect(new Set(seen)).toEqual(new Set(['localhost / ']))
  })
  it('tries each action the same way', async () => {
    seen.length = 0
    const actions = file('a.yaml', 'version: 1\nactions: { home: { request: { path: / } } }\n')
    const run = await runOutrider(
      [
        'actions',
        'check',
        '--header',
        'x-team: c',
        actions,
        '--try',
        '--target',
        `unix:${socketPath}`,
        '--host',
        'shop.test',
      ],
      { cwd: folder },
    )
    expect(run.code).toBe(0)
    expect(seen).toEqual(['shop.test / c'])
  })
  it('shows where a redirect leads that is not followed, because it leaves the target', async () => {
    const away = 'version: 1\nactions: { a: { request: { path: /away }, follow_redirects: 3 } }\n'
    const run = await runOutrider(
      ['actions', 'check', file('away.yaml', away), '--try', '--target', `unix:${socketPath}`],
      { cwd: folder },
    )
    expect(run.stdout).toMatch(/< 302, .* leads to http:\/\/elsewhere\.test\/a, not followed/)
  })
  it('refuses a file that is no PEM before anything is sent', async () => {
    seen.length = 0
    const run = await runOutrider(
      ['generate', '--target-url', `https://127.0.0.1:${safe.port}`, ...SHORT, '--ca', text],
      { cwd: folder },
    )
    expect(run.code).toBe(2)
    expect(run.stderr).toContain(`Cannot use --ca "${text}"`)
    expect(seen).toEqual([])
  })
  it('says why requests failed', async () => {
    const address = ['generate', '--target-url', `https://127.0.0.1:${safe.port}`]
    const plain = ['--paths', '/', '--duration', '1s', '--rate', '10']
    const refused = await runOutrider([...address, ...plain, '--http2', '--ca', ca], {
      cwd: folder,
    })
    // 4: a machine that is quick enough sends so many that the breaker ends it.
    expect([0, 4]).toContain(refused.code)
    expect(refused.stdout).toMatch(/failed \d+ times: it asks for a client certificate/)
  })
})
