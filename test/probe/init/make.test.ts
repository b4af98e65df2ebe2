import { gzipSync } from 'node:zlib'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parseOntology } from '../../../src/actions/load.ts'
import { makeStart, type Started } from '../../../src/probe/init/make.ts'
import { serveHttp, type ArmServer, type Listener } from '../../generator/arm-server.ts'
import { temporaryFolder } from '../../support/folders.ts'

const servers: ArmServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function serve(listener: Listener): Promise<string> {
  const server = await serveHttp(listener)
  servers.push(server)
  return server.url
}

function start(source: string, file = source, k = 5): Promise<Started> {
  return makeStart({ source, file, k, seed: 1, signal: new AbortController().signal })
}

function fileOf(name: string, content: string | Buffer): string {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, content)
  return file
}

/** Every action that a user does is in the ontology. */
function expectWorking({ actions, profiles }: Started): void {
  const ontology = parseOntology(actions, 'actions.yaml')
  expect(profiles.length).toBeGreaterThan(0)
  for (const profile of profiles) {
    for (const { action } of profile.behavioral_patterns) {
      expect(ontology.actions.has(action)).toBe(true)
    }
  }
}

const PAGES: Readonly<Record<string, string>> = {
  '/': '<a href="/products">All</a><a href="/logout">Bye</a><a href="https://elsewhere.test/">E</a>',
  '/products': '<a href="/products/1">1</a><a href="/products/2">2</a><a href="/style.css">s</a>',
  '/products/1': '<a href="/">home</a>',
  '/products/2': '<a href="/products/3">3</a><a href="/search?q=oak">oak</a>',
  '/search?q=oak': '<a href="/">home</a><a href="/search?q=pine">pine</a>',
  '/search?q=pine': '<a href="/">home</a>',
  '/products/3': '<a href="/">home</a>',
}

const OPENAPI = {
  openapi: '3.0.3',
  info: { title: 'Pets', version: '1' },
  paths: {
    '/pets': { get: { operationId: 'listPets', responses: { 200: { description: 'ok' } } } },
    '/pets/{id}': {
      get: {
        operationId: 'getPet',
        parameters: [{ name: 'id', in: 'path', required: true, example: 7, schema: {} }],
        responses: { 200: { description: 'ok' } },
      },
    },
  },
}

describe('makeStart()', () => {
  it('says what it can begin with', async () => {
    await expect(start(fileOf('x.csv', 'a,b\n1,2\n'))).rejects.toMatchObject({
      code: 'unknown-source',
    })
    await expect(start('/no/such/file')).rejects.toMatchObject({ code: 'no-file' })
    await expect(start('http://127.0.0.1:9')).rejects.toMatchObject({ code: 'target-unreachable' })
  })

  it('follows the links of a site, but none that leads away or changes something', async () => {
    const asked: string[] = []
    const url = await serve((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      const page = PAGES[request.url ?? '']
      response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html' })
      response.end(page ?? 'no')
    })
    const started = await start(url)
    expect(started.kind).toBe('pages')
    expectWorking(started)
    expect(asked.every((line) => line.startsWith('GET '))).toBe(true)
    expect(asked).toContain('GET /products/3')
    expect(JSON.stringify(started.profiles)).toMatch(/"q":"(oak|pine)"/)
    expect(asked.join()).not.toMatch(/logout|style|elsewhere/)
    expect(started.actionCount).toBeLessThan(5)
    expect(started.actions).not.toContain('seen')
  })

  it('follows a start page that only leads on, and no deed that a query names', async () => {
    const pages: Readonly<Record<string, string>> = {
      '/index.php': '<a href="?do=list">l</a><a href="?do=logout">x</a><a href="/log_out">y</a>',
      '/index.php?do=list': '<a href="?title=A&amp;action=delete">z</a><a href="/undeleted">u</a>',
      '/undeleted': 'kept',
    }
    const asked: string[] = []
    const url = await serve((request, response) => {
      asked.push(request.url ?? '')
      const page = pages[request.url ?? '']
      if (request.url === '/') response.writeHead(301, { location: '/index.php' }).end()
      else response.writeHead(page === undefined ? 404 : 200).end(page)
    })
    const started = await start(url)
    expectWorking(started)
    expect(asked).toContain('/undeleted')
    expect(asked.filter((target) => /log_?out|delete$/.test(target))).toEqual([])
    expect(started.actions).toContain('GET /index.php do=list')
  })

  it('leaves out a page that breaks off', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/broken') return response.destroy()
      response.setHeader('content-type', 'text/html')
      return response.end('<a href="/broken">b</a><a href="/well">w</a>')
    })
    const started = await start(url)
    expectWorking(started)
    expect(started.actions).toContain('/well')
    expect(started.actions).not.toContain('/broken')
  })

  it('takes the OpenAPI document that a service publishes', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/openapi.json') return response.end(JSON.stringify(OPENAPI))
      response.statusCode = 404
      return response.end('{}')
    })
    const started = await start(url)
    expect(started).toMatchObject({ kind: 'openapi', actionCount: 2 })
    expectWorking(started)
  })

  it('takes an OpenAPI document from a file', async () => {
    const started = await start(fileOf('pets.json', JSON.stringify(OPENAPI)))
    expect(started.kind).toBe('openapi')
    expectWorking(started)
  })

  it('makes users of an access log, compressed or not, that are nobody of the log', async () => {
    const lines = Array.from({ length: 400 }, (_, index) => {
      const minute = String(Math.floor(index / 8)).padStart(2, '0')
      const path = index % 4 === 0 ? '/' : `/products/${(index % 3) + 1}`
      const address = `10.0.0.${index % 8}`
      const time = `17/May/2015:10:${minute}:03 +0000`
      return `${address} - - [${time}] "GET ${path} HTTP/1.1" 200 12 "-" "Mozilla/5.0"`
    }).join('\n')
    const started = await start(fileOf('access.log.gz', gzipSync(lines)))
    expect(started.kind).toBe('combined')
    expectWorking(started)
    expect(started.profiles.every(({ source }) => source === 'synthetic')).toBe(true)
    expect(JSON.stringify(started.profiles)).not.toContain('10.0.0.')
  })
})
