import { createServer, type IncomingMessage, type Server } from 'node:http'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadOntology } from '../../../src/actions/load.ts'
import { compileOntology } from '../../../src/actions/ontology.ts'
import type { Ontology } from '../../../src/actions/ontology.ts'
import { buildRequest } from '../../../src/actions/request.ts'
import { createFolder } from '../../support/folders.ts'
import { actionOf, built, givenContext, givenOntology, refusalOf } from '../given.ts'

/** Not UTF-8, and it holds the first boundary that would be taken. */
const PHOTO = Buffer.concat([
  Buffer.from([0xff, 0xd8, 0x00, 0x0d, 0x0a]),
  Buffer.from('--outrider-boundary'),
  Buffer.from([0xff, 0xd9]),
])

interface Part {
  readonly name: string
  readonly filename?: string
  readonly type?: string
  readonly bytes: Buffer
}
let received: { parts: Part[]; raw: Buffer; type: string } | undefined
let server: Server
let url = ''
let folder: ReturnType<typeof createFolder>
let home = ''

beforeAll(async () => {
  folder = createFolder()
  home = join(folder.path, 'home')
  mkdirSync(join(home, 'folder'), { recursive: true })
  writeFileSync(join(folder.path, 'outside.txt'), 'not to be sent')
  symlinkSync(join(folder.path, 'outside.txt'), join(home, 'link'))
  writeFileSync(join(home, 'photo.jpg'), PHOTO)
  server = createServer((message, response) => {
    void readParts(message).then((parts) => {
      received = parts
      response.end('{}')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('there is no port')
  url = `http://127.0.0.1:${address.port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
  folder.remove()
})

/** Parses with the platform's own reader of forms. */
async function readParts(message: IncomingMessage): Promise<typeof received> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(Buffer.from(chunk))
  const raw = Buffer.concat(chunks)
  const type = message.headers['content-type'] ?? ''
  if (!type.startsWith('multipart/')) return { parts: [], raw, type }
  const form = await new Response(raw, { headers: { 'content-type': type } }).formData()
  const parts: Part[] = []
  for (const [name, value] of form) {
    if (typeof value === 'string') parts.push({ name, bytes: Buffer.from(value) })
    else {
      const bytes = Buffer.from(await value.arrayBuffer())
      parts.push({ name, filename: value.name, type: value.type, bytes })
    }
  }
  return { parts, raw, type }
}

async function send(ontology: Ontology, data = {}): Promise<NonNullable<typeof received>> {
  const request = buildRequest(ontology, actionOf(ontology), givenContext({ data }))
  if (request.kind === 'blocked') throw new Error(request.missing)
  const headers: [string, string][] = []
  for (let index = 0; index < request.headers.length; index += 2) {
    headers.push([request.headers[index] ?? '', request.headers[index + 1] ?? ''])
  }
  const body = typeof request.body === 'string' ? request.body : new Uint8Array(request.body ?? [])
  received = undefined
  await fetch(url, { method: 'POST', headers, body })
  if (received === undefined) throw new Error('nothing was received')
  return received
}

async function load(request: string): Promise<Ontology> {
  const file = join(home, 'actions.yaml')
  writeFileSync(
    file,
    `version: 1\nactions:\n  it:\n    request: { method: POST, path: /, ${request} }\n`,
  )
  return loadOntology(file)
}

const bytesOf = (parts: readonly Part[], name: string): Buffer | undefined =>
  parts.find((part) => part.name === name)?.bytes

describe('uploads', () => {
  it.each([
    ['multipart: { a: { file: ./gone.jpg } }', 'there is no such file'],
    ['multipart: { a: { file: ../outside.txt } }', 'it is not beside the ontology'],
    ['multipart: { a: { file: link } }', 'it is not beside the ontology'],
    ['multipart: { a: { file: /outside.txt } }', 'it is not beside the ontology'],
    ['multipart: { a: { file: folder } }', 'it is a folder'],
    ['multipart: { a: { file: large } }', 'it is larger than 16 MiB'],
    ['raw: { file: ./gone.jpg }', 'there is no such file'],
  ])('loadOntology() refuses "%s" with line and field', async (request, why) => {
    writeFileSync(join(home, 'large'), Buffer.alloc(16 * 2 ** 20 + 1))
    await expect(load(request)).rejects.toMatchObject({
      code: 'no-content-file',
      message: expect.stringMatching(/"actions\.it\.request\..*actions\.yaml:4: .*cannot be sent/),
    })
    await expect(load(request)).rejects.toThrow(why)
  })

  it.each([
    [{ multipart: { a: { filename: 'x' } } }, 'it has no content'],
    [{ multipart: { a: { content: '', size: '1kb' } } }, 'it has content and size'],
    [{ multipart: { a: { size: '17mb' } } }, 'larger than 16 MiB'],
    [{ multipart: { a: { size: '-1' } } }, 'is not a size'],
    [{ raw: { size: '1e3' } }, 'is not a size'],
    [{ raw: { file: 'x' } }, 'the ontology is none itself'],
  ])('compileBody() refuses %j', (request, why) => {
    const refusal = refusalOf(() => built({ method: 'POST', path: '/', ...request }))
    expect(refusal.code).toBe('bad-body')
    expect(refusal.message).toContain(why)
  })

  it('sends a file as it is on the disk, with its name and the type of its ending', async () => {
    const { parts } = await send(await load('multipart: { photo: { file: ./photo.jpg }, id: 7 }'))
    expect(parts).toEqual([
      { name: 'photo', filename: 'photo.jpg', type: 'image/jpeg', bytes: PHOTO },
      { name: 'id', bytes: Buffer.from('7') },
    ])
  })

  it('sends lists of files and values, templated names, and parts with a type of their own', async () => {
    const ontology = await load(
      `multipart: {
        photo: [{ file: photo.jpg, filename: "{{data.name}}.png", content_type: image/png }, { size: 10b, filename: b }],
        tag: [a, "{{data.tag}}"],
        meta: { content: '{"id":"{{session.id}}"}', content_type: application/json } }`,
    )
    const { parts, raw } = await send(ontology, { name: 'ä', tag: ['b', 'c'] })
    expect(parts.map(({ name, filename, type }) => [name, filename, type])).toEqual([
      ['photo', 'ä.png', 'image/png'],
      ['photo', 'b', 'application/octet-stream'],
      ['tag', undefined, undefined],
      ['tag', undefined, undefined],
      ['tag', undefined, undefined],
      ['meta', undefined, undefined],
    ])
    expect(parts[0]?.bytes).toEqual(PHOTO)
    expect(parts[1]?.bytes).toHaveLength(10)
    expect(bytesOf(parts, 'meta')?.toString()).toBe('{"id":"s17"}')
    expect(raw.toString()).toContain('name="meta"\r\ncontent-type: application/json\r\n')
  })

  it('generates content of a size, the same each time', async () => {
    const request = {
      method: 'POST',
      path: '/',
      multipart: { file: { size: '64kb', filename: 'a' } },
    }
    const first = await send(givenOntology({ request }))
    const second = await send(givenOntology({ request }))
    expect(bytesOf(first.parts, 'file')).toHaveLength(65_536)
    expect(first.raw.equals(second.raw)).toBe(true)
    expect(bytesOf(first.parts, 'file')?.toString('latin1')).toMatch(/^[\w-]+$/)
  })

  it('sends raw bytes of a file, of base64 and of a size', async () => {
    const type = 'headers: { content-type: image/jpeg }'
    const ofFile = await send(await load(`${type}, raw: { file: photo.jpg }`))
    expect([ofFile.type, ofFile.raw]).toEqual(['image/jpeg', PHOTO])
    const ofBase64 = await send(await load(`${type}, raw: { base64: ${PHOTO.toString('base64')} }`))
    expect(ofBase64.raw).toEqual(PHOTO)
    expect((await send(await load(`${type}, raw: { size: 1.5kb }`))).raw).toHaveLength(1536)
  })

  it('a document that was loaded holds the bytes, so that any thread can send them', async () => {
    const { document, file } = await load('multipart: { photo: { file: photo.jpg } }')
    const copy = structuredClone(document)
    const ontology = compileOntology(copy, { value: copy, locate: () => file }, file)
    expect(bytesOf((await send(ontology)).parts, 'photo')).toEqual(PHOTO)
  })
})
