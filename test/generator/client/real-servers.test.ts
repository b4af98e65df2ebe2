/** Servers that others wrote: how they refuse certificates, end connections, and say goodbye. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ArmAddress } from '../../../src/generator/client.ts'
import { createFolder } from '../../support/folders.ts'
import { findPart, skipReason } from '../../support/parts.ts'
import { startProgram, type Program } from '../../support/processes.ts'
import { ask, clientOf } from './asking.ts'
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  OTHER_CERTIFICATE,
  SHOP_CERTIFICATE,
  SHOP_KEY,
} from './certificates.ts'

const folder = createFolder()
const at = (name: string): string => join(folder.path, name)
const programs: Program[] = []

afterAll(async () => {
  await Promise.all(programs.map((program) => program.stop()))
  folder.remove()
})

/** Starts it and waits until it takes connections at this socket. */
async function start(file: string, args: string[], socketPath: string): Promise<void> {
  const program = startProgram(file, args)
  programs.push(program)
  for (let attempt = 0; attempt < 200 && program.isRunning(); attempt += 1) {
    const client = clientOf({ url: 'http://localhost', socketPath })
    const { reason = '' } = await ask(client, { timeoutMs: 1_000 })
    await client.close()
    if (!/no such socket|refused the connection/.test(reason)) return
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
  throw new Error(`${file} is not up: ${program.stderr()}`)
}

const noHaproxy = skipReason('haproxy')

describe.skipIf(noHaproxy !== undefined)(`a client of HAProxy ${noHaproxy ?? ''}`, () => {
  beforeAll(async () => {
    writeFileSync(at('shop.pem'), SHOP_CERTIFICATE + SHOP_KEY)
    writeFileSync(at('known.pem'), AUTHORITY)
    writeFileSync(at('other.pem'), OTHER_CERTIFICATE)
    const safe = (ca: string): string =>
      `ssl crt ${at('shop.pem')} alpn h2,http/1.1 verify required ca-file ${at(ca)}`
    const front = (name: string, options: string): string => `frontend ${name}
  bind unix@${at(`${name}.sock`)} ${options}
  http-request return status 200 content-type text/plain string ok
`
    writeFileSync(
      at('haproxy.cfg'),
      `defaults
  mode http
  timeout client 5s
  timeout http-keep-alive 1ms
${front('plain', '')}${front('known', safe('known.pem'))}${front('other', safe('other.pem'))}`,
    )
    const binary = findPart('haproxy') ?? ''
    await start(binary, ['-db', '-f', at('haproxy.cfg')], at('plain.sock'))
  })
  const addressOf = (name: string, tls: ArmAddress['tls']): Omit<ArmAddress, 'arm'> => ({
    url: 'https://localhost',
    socketPath: at(`${name}.sock`),
    host: 'shop.test',
    tls: { ca: AUTHORITY, ...tls },
  })
  const own = { cert: CLIENT_CERTIFICATE, key: CLIENT_KEY }

  for (const http2 of [false, true]) {
    const name = http2 ? 'HTTP/2' : 'HTTP/1.1'
    it(`hears over ${name} at once that its certificate is missing, or not trusted`, async () => {
      const asked = async (where: string, tls: ArmAddress['tls']): Promise<string> => {
        const client = clientOf({ ...addressOf(where, tls), http2 })
        const { end, reason, text } = await ask(client, { timeoutMs: 60_000 })
        return `${end}: ${reason ?? text}`
      }
      expect(await asked('known', own)).toBe('answered: ok')
      expect(await asked('known', {})).toMatch(/^unanswered: it asks for a client certificate/)
      expect(await asked('other', own)).toMatch(
        /^unanswered: it does not trust the authority of our certificate/,
      )
    })
  }
  it('loses no request to connections that are closed after a millisecond', async () => {
    const client = clientOf({ url: 'http://localhost', socketPath: at('plain.sock') })
    for (let count = 0; count < 60; count += 1) {
      expect(await ask(client)).toMatchObject({ end: 'answered', status: 200 })
      // Some meet the very moment of the close.
      if (count % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })
})

const noNginx = skipReason('nginx')

describe.skipIf(noNginx !== undefined)(`a client of nginx ${noNginx ?? ''}`, () => {
  beforeAll(async () => {
    mkdirSync(at('temp'))
    const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((kind) => `${kind}_temp_path ${at(`temp/${kind}`)};`)
      .join(' ')
    writeFileSync(
      at('nginx.conf'),
      `daemon off; master_process off; pid ${at('nginx.pid')}; error_log ${at('error.log')};
events { worker_connections 256; }
http {
  ${temps} access_log off; keepalive_requests 3; http2_max_concurrent_streams 1;
  server { listen unix:${at('h1.sock')}; return 200 ok; }
  server { listen unix:${at('h2.sock')} http2; return 200 ok; }
}
`,
    )
    const args = ['-p', folder.path, '-e', at('error.log'), '-c', at('nginx.conf')]
    await start(findPart('nginx') ?? '', args, at('h1.sock'))
  })
  for (const [name, http2] of [
    ['h1.sock', false],
    ['h2.sock', true],
  ] as const) {
    it(`loses no request to connections that end after three, at ${name}`, async () => {
      const client = clientOf({ url: 'http://localhost', socketPath: at(name), http2 })
      const rounds = Array.from({ length: 10 }, () => [1, 2, 3, 4])
      for (const round of rounds) {
        const answers = await Promise.all(round.map(() => ask(client)))
        expect(answers.map(({ end, reason }) => reason ?? end)).toEqual(round.map(() => 'answered'))
      }
    })
  }
  it('is told what an HTTP/2 server may be, where it speaks HTTP/1.1', async () => {
    const { reason } = await ask(clientOf({ url: 'http://localhost', socketPath: at('h2.sock') }))
    expect(reason).toBe('what it answers is no HTTP/1.1; it may speak HTTP/2 only')
  })
})
