import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveHttp, type ArmServer } from '../../generator/arm-server.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { runOutrider } from '../../support/processes.ts'

const DOCUMENT = `
openapi: 3.1.0
info: { title: Orders, version: "2" }
servers: [{ url: https://orders.test/v1 }]
paths:
  /orders:
    get:
      operationId: listOrders
      responses: { "200": { content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Order" } } } } } }
    post:
      operationId: createOrder
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } }
      responses: { "201": { content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } } }
  /orders/{orderId}:
    get: { operationId: getOrder, responses: { "200": {} } }
    delete: { operationId: deleteOrder, responses: { "204": {} } }
  /session/logout:
    get: { operationId: logout, responses: { "200": {} } }
components:
  schemas:
    Order: { type: object, required: [id, email], properties: { id: { type: string, readOnly: true }, email: { type: string, format: email } } }
`
const SWAGGER = JSON.stringify({
  swagger: '2.0',
  info: { title: 'Old orders', version: '1' },
  basePath: '/v1',
  securityDefinitions: { key: { type: 'apiKey', in: 'query', name: 'k' } },
  paths: {
    '/orders': {
      get: {
        parameters: [
          { name: 'state', in: 'query', required: true, type: 'string', pattern: '^(new|old)$' },
        ],
        responses: { 200: { description: 'untold' } },
      },
    },
    '/orders/{orderId}': { get: { responses: { 200: { description: 'one' } } } },
    '/stats': { get: { security: [{ key: [] }], responses: { 200: { description: 'counts' } } } },
  },
})
const ACTIONS = `
version: 1
actions:
  upload:
    request:
      method: POST
      path: /photos
      multipart: { id: "{{arm}}-{{session.id}}", photo: [{ file: ./photo.png }, { size: 20kb, filename: b.bin }] }
    expect: { status: 201 }
`
const PHOTO = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00, 0x0d, 0x0a])

interface Seen {
  readonly line: string
  readonly photos: readonly Buffer[]
}
const seen: Seen[] = []
let arm: ArmServer
let canary: ArmServer

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const { url = '', method = '', headers } = request
  const photos: Buffer[] = []
  if (url === '/photos') {
    const type = { 'content-type': headers['content-type'] ?? '' }
    const form = await new Response(Buffer.concat(chunks), { headers: type }).formData()
    for (const file of form.getAll('photo')) {
      if (file instanceof File) photos.push(Buffer.from(await file.arrayBuffer()))
    }
  }
  seen.push({ line: `${method} ${url}`, photos })
  response.setHeader('content-type', 'application/json')
  if (url === '/api-json') response.end(SWAGGER)
  else if (url === '/v1/orders') response.end('[{"id":"o7"},{"id":"o8"}]')
  else response.writeHead(url === '/photos' ? 201 : url.endsWith('/o7') ? 200 : 404).end('{}')
}

const serve = (): Promise<ArmServer> =>
  serveHttp((request, response) => void answer(request, response))

beforeAll(async () => {
  arm = await serve()
  canary = await serve()
})
afterAll(async () => {
  await arm.close()
  await canary.close()
})

describe('outrider actions import', () => {
  it('names what it cannot read or may not overwrite', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'there.yaml'), 'mine')
    writeFileSync(join(cwd, 'openapi.yaml'), DOCUMENT)
    const run = (line: string) => runOutrider(['actions', 'import', ...line.split(' ')], { cwd })
    const refused = await run('openapi.yaml --out there.yaml')
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('"there.yaml": it is there already')
    expect(readFileSync(join(cwd, 'there.yaml'), 'utf8')).toBe('mine')
    expect((await run('gone.yaml')).stderr).toContain('"gone.yaml": there is no such file')
    expect((await run('openapi.yaml --base v1')).stderr).toContain('"v1" is not a path')
    expect((await run('openapi.yaml --only GTE')).stderr).toContain('Did you mean "GET"?')
    expect(await run('openapi.yaml --out there.yaml --force')).toMatchObject({ code: 0 })
    expect(readFileSync(join(cwd, 'there.yaml'), 'utf8')).toContain('createOrder:')
  })

  it('writes an ontology and users with which a probe works at once', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'openapi.yaml'), DOCUMENT)
    const files = ['--out', 'a.yaml', '--profiles-out', 'p.ndjson']
    const made = await runOutrider(['actions', 'import', 'openapi.yaml', ...files], { cwd })
    expect(made).toMatchObject({ code: 0, stdout: '' })
    expect(made.stderr).toContain('5 actions from Orders 2, in a.yaml')
    expect(made.stderr).toContain('only with --allow-mutations: createOrder, deleteOrder, logout')
    expect(made.stderr).toContain('1 sample user, in p.ndjson')
    expect(await runOutrider(['actions', 'check', 'a.yaml'], { cwd })).toMatchObject({ code: 0 })
    seen.length = 0
    const arms = `--baseline ${arm.url} --canary ${canary.url} --actions a.yaml --profiles p.ndjson`
    const load = '--rate 40 --phases load --warmup 1s --duration 3s --json'
    const probed = await runOutrider(['probe', ...`${arms} ${load}`.split(' ')], { cwd })
    expect(JSON.parse(probed.stdout)).toMatchObject({ findings: [] })
    const lines = new Set(seen.map(({ line }) => line))
    // The identifier is the one that the service itself listed.
    expect([...lines].toSorted()).toEqual(['GET /v1/orders', 'GET /v1/orders/o7'])
  })

  it('reads stdin, and says all of it in one JSON document', async () => {
    const cwd = temporaryFolder()
    const line = ['actions', 'import', '-', '--only', 'get', '--base', '/', '--json']
    const { code, stdout } = await runOutrider(line, { cwd, input: DOCUMENT })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      title: 'Orders 2',
      openapi: '3.1.0',
      actions: 3,
      mutating: ['logout'],
      captures: 1,
      leftOut: [],
      ontology: expect.stringContaining('routes: [ GET /orders/:order_id ]'),
    })
    const none = ['actions', 'import', '-', '--only', 'post', '--profiles-out', 'p.ndjson']
    const empty = await runOutrider(none, { cwd, input: DOCUMENT })
    expect(empty.stderr).toContain('p.ndjson is not written')
    expect(existsSync(join(cwd, 'p.ndjson'))).toBe(false)
  })
})

describe('outrider actions import URL', () => {
  it('finds the document of a running service, Swagger 2.0 too', async () => {
    const cwd = temporaryFolder()
    const run = (line: string) => runOutrider(['actions', ...line.split(' ')], { cwd })
    const made = await run(`import ${arm.url} --out a.yaml`)
    expect(made, made.stderr).toMatchObject({ code: 0, stdout: '' })
    expect(made.stderr).toContain('read /api-json')
    expect(made.stderr).toContain('3 actions from Old orders 1, in a.yaml')
    const text = readFileSync(join(cwd, 'a.yaml'), 'utf8')
    expect(text).toContain('get_orders:')
    expect(text).toContain('get_order:')
    const tried = await run(`check a.yaml --try --target ${arm.url}`)
    expect(tried, tried.stdout).toMatchObject({ code: 0 })
    expect(tried.stdout).toContain('get_stats  not sent: OUTRIDER_SECRET_KEY is not set')
    const none = await run('import http://127.0.0.1:9/openapi.json')
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('Cannot look at http://127.0.0.1:9/openapi.json')
  })
})

describe('uploads', () => {
  it('worker threads send the files that stand beside the ontology', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'actions.yaml'), ACTIONS)
    writeFileSync(join(cwd, 'photo.png'), PHOTO)
    const step = { timestamp: 0, action: 'upload' }
    writeFileSync(
      join(cwd, 'p.ndjson'),
      JSON.stringify({ user_id: 'u', behavioral_patterns: [step] }),
    )
    seen.length = 0
    const load = '--rate 20 --arrivals poisson --duration 2s --workers 2 --allow-mutations'
    const line = `--target-url ${arm.url} --actions actions.yaml --profiles p.ndjson ${load}`
    const { code, stderr } = await runOutrider(['generate', ...line.split(' ')], { cwd })
    // 4: a busy machine did not send all that was due, which is not asked here.
    expect([0, 4], stderr).toContain(code)
    expect(seen.length).toBeGreaterThan(5)
    for (const { photos } of seen) {
      expect(photos.map(({ length }) => length)).toEqual([PHOTO.length, 20_480])
      expect(photos[0]).toEqual(PHOTO)
    }
  })
})
