/** Where the document of a running service is found: real servers, as frameworks set them up. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, describe, expect, it } from 'vitest'
import { explore, fetchOpenApi } from '../../../src/probe/init/explore.ts'
import { serveHttp, type ArmServer } from '../../generator/arm-server.ts'

const DOCUMENT = JSON.stringify({ openapi: '3.1.0', paths: { '/a': { get: {} } } })
const servers: ArmServer[] = []
const { signal } = new AbortController()

/** A service that answers with these texts, and with 404 to everything else. */
async function serve(pages: Readonly<Record<string, string>>): Promise<string> {
  const server = await serveHttp((request: IncomingMessage, response: ServerResponse) => {
    const text = pages[request.url ?? '']
    if (pages[`${request.url}/`] !== undefined) response.setHeader('location', `${request.url}/`)
    if (response.hasHeader('location')) response.writeHead(301).end()
    else response.writeHead(text === undefined ? 404 : 200).end(text ?? 'nothing here')
  })
  servers.push(server)
  return server.url
}

afterAll(async () => {
  for (const server of servers) await server.close()
})

const find = async (pages: Readonly<Record<string, string>>, path = ''): Promise<unknown> =>
  await fetchOpenApi({ url: (await serve(pages)) + path, signal, pauseMs: 0 })

describe('fetchOpenApi()', () => {
  it('says what to give where nothing is found', async () => {
    const pages = { '/': '<a href="/x">x</a>', '/docs': '<script src="/swagger-init.js"></script>' }
    await expect(find(pages)).rejects.toMatchObject({
      code: 'nothing-found',
      mend: expect.stringContaining('openapi.json'),
    })
  })

  it('reads the address that is given, whatever it is called', async () => {
    expect(await find({ '/spec': DOCUMENT }, '/spec')).toEqual({ path: '/spec', text: DOCUMENT })
  })

  it('finds a document whose version comes last, behind everything else', async () => {
    const definitions = { A: { description: 'x'.repeat(9000) } }
    const text = JSON.stringify({ basePath: '/', definitions, paths: { '/a': {} }, swagger: '2.0' })
    expect(await find({ '/swagger.json': text })).toMatchObject({ path: '/swagger.json' })
  })

  it('follows what the page for people names', async () => {
    const page = `<div class="swagger-ui"></div><script>SwaggerUIBundle({ url: 'own/spec' })</script>`
    const scalar = '<script id="api-reference" data-url="/s.json" src="/scalar.js"></script>'
    expect(await find({ '/': page, '/own/spec': DOCUMENT })).toMatchObject({ path: '/own/spec' })
    expect(await find({ '/': scalar, '/s.json': DOCUMENT })).toMatchObject({ path: '/s.json' })
  })

  it('takes the document out of the script that brings it along', async () => {
    const script = `window.onload = function() {\n let options = {\n"swaggerDoc": ${DOCUMENT.replace('{', '{\n').replace('3.1.0', '3.1.0", "x": "}')}, "z": {}}}`
    const page = '<title>Swagger UI</title><script src="./swagger-ui-init.js"></script>'
    const found = await find({ '/': page, '/swagger-ui-init.js': script })
    expect(found).toMatchObject({ path: '/swagger-ui-init.js', text: expect.stringMatching(/\}$/) })
    const inside = { '/api-docs/': page, '/api-docs/swagger-ui-init.js': script }
    expect(await find(inside)).toMatchObject({ path: '/api-docs/swagger-ui-init.js' })
  })

  it('never leaves the host, and ends where pages name pages for ever', async () => {
    const away = '<p>swagger</p><script>url: "http://192.0.2.1/openapi.json"</script>'
    await expect(find({ '/': away })).rejects.toMatchObject({ code: 'nothing-found' })
    let count = 0
    const server = await serveHttp((request, response) => {
      count += 1
      response.end(`swagger url: "${request.url}/a" spec-url="${request.url}/b"`)
    })
    servers.push(server)
    expect((await explore({ url: server.url, signal, pauseMs: 0 })).kind).toBe('pages')
    expect(count).toBeLessThan(50)
  })
})
