import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { curlLine } from '../../../src/probe/inquiry/curl.ts'
import type { Example } from '../../../src/probe/shard/examples.ts'

type Request = Example['request']

function requestOf(more: Partial<Request> = {}): Request {
  return { method: 'GET', path: '/', headers: [], cut: false, ...more }
}

function bodyOf(text: string, bytes = Buffer.byteLength(text)): NonNullable<Request['body']> {
  return { kept: new Uint8Array(Buffer.from(text)), bytes }
}

function lineOf(more: Partial<Request>, secrets: Record<string, string> = {}): string {
  return curlLine({ request: requestOf(more) }, 'http://canary', secrets) ?? ''
}

/** The arguments that a shell hands to curl when the lines are pasted into it. */
function argumentsOfAll(lines: readonly string[], environment: Record<string, string> = {}) {
  const script = `curl() { printf '%s\\0' "$#" "$@"; }\n${lines.join('\n')}\n`
  const printed = execFileSync('bash', ['--norc', '-c', script], {
    env: { PATH: process.env['PATH'], ...environment },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const words = printed.split('\0')
  return lines.map(() => words.splice(0, Number(words.shift())))
}

function argumentsOf(line: string, environment: Record<string, string> = {}): string[] {
  return argumentsOfAll([line], environment)[0] ?? []
}

describe('curlLine()', () => {
  it('goes by the unix socket, and unpacks what it asks to be packed', () => {
    const headers: Request['headers'] = [['accept-encoding', 'gzip']]
    const line = curlLine({ request: requestOf({ headers }) }, "unix:/run/a b'.sock", {})
    expect(argumentsOf(line ?? '')).toEqual([
      '-sS',
      '--compressed',
      '--unix-socket',
      "/run/a b'.sock",
      'http://localhost/',
      '-H',
      'accept-encoding: gzip',
    ])
  })
  it('gives no line for a request that was too long to be kept', () => {
    expect(curlLine({ request: requestOf({ cut: true }) }, 'http://canary', {})).toBeUndefined()
  })
  it('sends method, headers and body again, without what belongs to a connection', () => {
    expect(
      lineOf({
        method: 'POST',
        path: '/cart/1/pay?v=2',
        headers: [
          ['content-type', 'application/json'],
          ['traceparent', '00-a-b-01'],
          ['x-empty', ''],
        ],
        body: bodyOf('{"sku":"S1"}'),
      }),
    ).toBe(
      "curl -sS -X 'POST' 'http://canary/cart/1/pay?v=2' -H 'content-type: application/json' " +
        `-H 'x-empty;' --data-raw '{"sku":"S1"}'`,
    )
    expect(lineOf({ method: 'HEAD' })).toBe("curl -sS --head 'http://canary/'")
  })
  it('names secrets and telling headers as variables', () => {
    const line = lineOf(
      {
        path: '/a/hush-1?x=1',
        headers: [
          ['authorization', 'Bearer hush-1'],
          ['cookie', 'sid=crumbs'],
          ['x-api-key', 'pre-hush-1'],
          ['x-note', 'hush-1!'],
        ],
      },
      { SHOP: 'hush-1' },
    )
    expect(line).not.toMatch(/hush|crumbs/)
    expect(line).toContain(`-H 'authorization: Bearer '"$OUTRIDER_SECRET_SHOP"`)
    expect(line).toContain(`-H 'cookie: '"$COOKIE"`)
    const variables = { OUTRIDER_SECRET_SHOP: 'hush-1', COOKIE: 'c', X_API_KEY: 'k' }
    expect(argumentsOf(line, variables)).toEqual([
      '-sS',
      'http://canary/a/hush-1?x=1',
      '-H',
      'authorization: Bearer hush-1',
      '-H',
      'cookie: c',
      '-H',
      'x-api-key: k',
      '-H',
      'x-note: hush-1!',
    ])
  })
  it('names a secret also where its name alone would hide it', () => {
    const json = '{"password":"hush-1","token":"other"}'
    const line = lineOf({ path: '/?api_key=hush-1&x=1', body: bodyOf(json) }, { SHOP: 'hush-1' })
    const words = argumentsOf(line, { OUTRIDER_SECRET_SHOP: 's' })
    expect(words).toContain('http://canary/?api_key=s&x=1')
    expect(words.at(-1)).toBe('{"password":"s","token":"[redacted]"}')
  })
  it('takes a body that was not kept whole, or is no text, from a file', () => {
    for (const body of [bodyOf('{"a":', 9000), { bytes: 12 }]) {
      expect(lineOf({ method: 'PUT', body })).toMatch(/ --data-binary "@\$BODY_FILE"$/)
    }
  })
  it('keeps curl from reading brackets as ranges and dots as steps', () => {
    expect(lineOf({ path: '/a?ids[]=1' })).toContain(' --globoff ')
    expect(lineOf({ path: '/a/../b' })).toContain(' --path-as-is ')
  })
  it('leaves nothing for the shell to do, whatever the request holds', () => {
    for (const nasty of [`'`, `'; exit 1; '`, '$(exit 1)', '`exit 1`', '$HOME', '\\', '!!', '\n']) {
      const request = { method: 'POST', path: `/${nasty}`, body: bodyOf(`x${nasty}`) }
      const words = argumentsOf(lineOf({ ...request, headers: [['x-a', nasty]] }))
      expect(words).toContain(`http://canary/${nasty}`)
      expect(words).toContain(`x-a: ${nasty}`)
      expect(words.at(-1)).toBe(`x${nasty}`)
    }
  })
  it('gives any text to curl as it is', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    const harmless = text.filter((value) => !/[\0=:<]|eyJ|basic|bearer|\p{Co}/iu.test(value))
    fc.assert(
      fc.property(fc.array(harmless, { minLength: 50, maxLength: 50 }), (values) => {
        const lines = values.map((value) => lineOf({ path: `/${value}`, body: bodyOf(value) }))
        for (const [index, words] of argumentsOfAll(lines).entries()) {
          expect(words).toContain(`http://canary/${values[index]}`)
          expect(words.at(-1)).toBe(values[index])
        }
      }),
      { numRuns: 5 },
    )
  })
  it('does not run what the name of a secret says', () => {
    const line = lineOf({ path: '/hush' }, { 'A$(exit 1)': 'hush' })
    expect(argumentsOf(line)).toContain('http://canary/[redacted]')
  })
})
