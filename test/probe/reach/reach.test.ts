import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/core/errors.ts'
import { checkFits, readReach } from '../../../src/probe/reach/reach.ts'
import {
  sourceOfFlags,
  sourceOfTarget,
  type ReachSettings,
} from '../../../src/probe/reach/source.ts'
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  LOCKED_KEY,
  SHOP_KEY,
} from '../../generator/client/certificates.ts'

const folder = mkdtempSync(join(tmpdir(), 'reach-'))
afterAll(() => rmSync(folder, { recursive: true }))
for (const [name, text] of Object.entries({
  'ca.pem': AUTHORITY,
  'cert.pem': CLIENT_CERTIFICATE,
  'key.pem': CLIENT_KEY,
  'other.pem': SHOP_KEY,
  'locked.pem': LOCKED_KEY,
  'text.pem': 'no PEM at all',
  'cut.pem': AUTHORITY.replace('MII', 'AAA'),
})) {
  writeFileSync(join(folder, name), text)
}

const PLACE = { baseline: 'https://a', canary: 'https://b' }

function ofTarget(settings: ReachSettings) {
  return sourceOfTarget('shop', { ...PLACE, ...settings }, folder)
}

function ofFlags({ ca, cert, key }: { ca?: string; cert?: string; key?: string }) {
  const whole = { ca, cert, key }
  const tls = Object.fromEntries(
    Object.entries(whole).flatMap(([name, file]) =>
      file === undefined ? [] : [[name, join(folder, file)]],
    ),
  )
  return sourceOfFlags({ tls })
}

describe('readReach()', () => {
  const wrong: Record<string, [Parameters<typeof ofFlags>[0], flag: string, why: string]> = {
    'a file that is not there': [{ ca: 'gone.pem' }, '--ca', 'there is no such file'],
    'a file without a certificate': [{ ca: 'text.pem' }, '--ca', 'it holds no certificate in PEM'],
    'a key as a certificate': [{ ca: 'key.pem' }, '--ca', 'it holds no certificate in PEM'],
    'a damaged certificate': [{ ca: 'cut.pem' }, '--ca', 'a certificate in it cannot be read'],
    'a certificate alone': [{ cert: 'cert.pem' }, '--cert', 'the key that goes with it'],
    'a key alone': [{ key: 'key.pem' }, '--key', 'the certificate that goes with it'],
    'a text as a key': [{ cert: 'cert.pem', key: 'text.pem' }, '--key', 'it holds no private key'],
    'a locked key': [{ cert: 'cert.pem', key: 'locked.pem' }, '--key', 'locked by a passphrase'],
    'the key of another': [{ cert: 'cert.pem', key: 'other.pem' }, '--key', 'it is not the key of'],
  }
  for (const [name, [files, flag, why]] of Object.entries(wrong)) {
    it(`refuses ${name}, and names flag and file`, async () => {
      const error: unknown = await readReach([ofFlags(files)], {}).catch(
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(UsageError)
      expect(error).toMatchObject({ code: 'bad-tls', where: flag })
      expect(String(error)).toContain(why)
      expect(String(error)).toContain(folder)
    })
  }
  it('names the key of the configuration', async () => {
    const asked = readReach([ofTarget({ tls: { ca: 'text.pem' } })], {})
    await expect(asked).rejects.toMatchObject({ where: 'targets.shop.tls.ca' })
  })
  it('lets flags win over the target, key by key', async () => {
    const target = ofTarget({
      host: 'shop.test',
      tls: { ca: 'ca.pem', server_name: 'a.test' },
      headers: { 'X-Team': 'a', 'x-keep': '1' },
      http2: true,
    })
    const flags = sourceOfFlags({ tls: { server_name: 'b.test' }, headers: { 'x-team': 'b' } })
    expect(await readReach([target, flags], {})).toEqual({
      host: 'shop.test',
      http2: true,
      tls: { ca: AUTHORITY, serverName: 'b.test' },
      headers: { 'x-team': 'b', 'x-keep': '1' },
    })
  })
  it('says nothing where nothing was said', async () => {
    expect(await readReach([sourceOfFlags({})], {})).toEqual({})
  })

  const headers: Record<string, [Record<string, string>, code: string]> = {
    'a line break': [{ 'x-a': 'b\r\nx-evil: 1' }, 'bad-header'],
    'a name that is none': [{ 'x a': 'b' }, 'bad-header'],
    'what Outrider sets itself': [{ traceparent: 'x' }, 'bad-header'],
    'the Host header': [{ Host: 'a' }, 'bad-header'],
    'what is another for each request': [{ 'x-a': '{{session.id}}' }, 'bad-header'],
    'a template that is none': [{ 'x-a': '{{what' }, 'bad-template'],
    'a secret that is not there': [{ 'x-a': '{{secret.NONE}}' }, 'missing-secret'],
  }
  for (const [name, [map, code]] of Object.entries(headers)) {
    it(`refuses headers with ${name}`, async () => {
      const asked = readReach([sourceOfFlags({ headers: map })], {})
      await expect(asked).rejects.toMatchObject({ code })
      await expect(asked).rejects.toBeInstanceOf(UsageError)
    })
  }
  it('refuses a secret that could end the header, without showing it', async () => {
    const environment = { OUTRIDER_SECRET_TOKEN: 'hidden\r\nx: 1' }
    const source = sourceOfFlags({ headers: { authorization: 'Bearer {{secret.TOKEN}}' } })
    const error: unknown = await readReach([source], environment).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'missing-secret' })
    expect(String(error)).not.toContain('hidden')
  })
  it('fills secrets into headers', async () => {
    const source = sourceOfFlags({ headers: { Authorization: 'Bearer {{secret.TOKEN}}' } })
    expect(await readReach([source], { OUTRIDER_SECRET_TOKEN: 't' })).toEqual({
      headers: { authorization: 'Bearer t' },
    })
  })

  const proxies: Record<string, [ReachSettings, Record<string, string>]> = {
    'with credentials': [{ proxy: 'http://u:p@proxy' }, {}],
    'of another kind': [{ proxy: 'socks5://proxy' }, {}],
    'with a path': [{ proxy: 'http://proxy/a' }, {}],
    'that is none': [{ proxy: 'proxy:3128' }, {}],
    'whose variable is not set': [{ proxy: 'http://proxy', proxy_auth_env: 'AUTH' }, {}],
    'whose variable holds no pair': [
      { proxy: 'http://proxy', proxy_auth_env: 'AUTH' },
      { AUTH: 'x' },
    ],
    'that is not named': [{ proxy_auth_env: 'AUTH' }, { AUTH: 'u:p' }],
  }
  for (const [name, [settings, environment]] of Object.entries(proxies)) {
    it(`refuses a proxy ${name}`, async () => {
      const asked = readReach([sourceOfFlags(settings)], environment)
      await expect(asked).rejects.toMatchObject({ code: 'bad-proxy' })
      await expect(asked).rejects.not.toThrow('u:p')
    })
  }
  it('takes who we are at the proxy from the environment', async () => {
    const source = ofTarget({ proxy: 'http://proxy:3128', proxy_auth_env: 'AUTH' })
    expect(await readReach([source], { AUTH: 'u:p:w' })).toEqual({
      proxy: { url: 'http://proxy:3128', authorization: 'Basic dTpwOnc=' },
    })
  })
})

describe('checkFits()', () => {
  it('refuses flags of TLS where nothing is reached by it', () => {
    const flags = { tls: { insecure: true } }
    expect(() => checkFits([{ url: 'http://a' }], {}, flags)).toThrow('--insecure has no effect')
    checkFits([{ url: 'http://a' }, { url: 'https://b' }], {}, flags)
  })
  it('refuses a proxy elsewhere for what lies on this machine', () => {
    const reach = { proxy: { url: 'http://proxy:3128' } }
    for (const arm of [
      { url: 'http://localhost:8080' },
      { url: 'http://127.0.0.1:1' },
      { url: 'http://[::1]:1' },
      { url: 'http://localhost', socketPath: '/run/a.sock' },
    ]) {
      expect(() => checkFits([arm], reach, {})).toThrow('it lies on this machine')
    }
    checkFits([{ url: 'http://10.0.0.1' }], reach, {})
    checkFits([{ url: 'http://localhost' }], { proxy: { url: 'http://127.0.0.1:3128' } }, {})
  })
})
