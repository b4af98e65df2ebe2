/** A real server on a free port, closed with the test that asked for it. */

import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { onTestFinished } from 'vitest'
import { listen, type ListenOptions, type Listening } from '../../server/listen.ts'
import { scriptOutrider, type Script, type ScriptedOutrider } from './scripted-outrider.ts'

/** A response whose document a test looks into without saying its type. */
export interface Answer extends Response {
  // oxlint-disable-next-line typescript/no-explicit-any
  json(): Promise<any>
}

export interface Serving extends Listening {
  readonly outrider: ScriptedOutrider
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Answer>
  /** With the content type of JSON, and as JSON unless `body` is text. */
  readonly send: (
    method: string,
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer>
}

export async function serve(
  script: Script = {},
  options: Partial<ListenOptions> = {},
): Promise<Serving> {
  const outrider = scriptOutrider(script)
  const listening = await listen(outrider, { listen: '127.0.0.1:0', ...options })
  onTestFinished(async () => {
    await listening.close()
    await outrider.close()
  })
  return {
    ...listening,
    outrider,
    get: (path, headers = {}) => fetch(`${listening.url}${path}`, { headers }),
    send: (method, path, body, headers = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const all = { 'content-type': 'application/json', ...headers }
      return fetch(
        `${listening.url}${path}`,
        Object.assign({ method, headers: all }, { body: text }),
      )
    },
  }
}

export interface Raw {
  readonly status: number
  readonly code: string
  readonly headers: NodeJS.Dict<string | string[]>
}

/** A request with headers that fetch would not let us set. */
export function raw(
  serving: { readonly port: number },
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
  host = '127.0.0.1',
): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const options = { port: serving.port, host, method, path, headers }
    const outgoing = request(options, (incoming) => {
      let text = ''
      incoming.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      incoming.on('end', () => {
        const isProblem = incoming.headers['content-type'] === 'application/problem+json'
        const code: string = isProblem ? JSON.parse(text).code : ''
        resolve({ status: incoming.statusCode ?? 0, code, headers: incoming.headers })
      })
    })
    // Without its length node sends the body of a DELETE as if it were the next request.
    if (body !== '' && !outgoing.hasHeader('transfer-encoding')) {
      outgoing.setHeader('content-length', Buffer.byteLength(body))
    }
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** One token for each role, as the configuration has them; the text of a token is its role twice. */
export const TOKENS = (['viewer', 'operator', 'admin'] as const).map((role) => ({
  name: `the-${role}`,
  role,
  sha256: createHash('sha256').update(`${role}-${role}`).digest('hex'),
}))

export function bearer(role: string): { authorization: string } {
  return { authorization: `Bearer ${role}-${role}` }
}

/** The events of a stream, until `count` came or it ended. */
export async function readEvents(
  response: Response,
  count = Infinity,
): Promise<{ id?: number; event: string; data: unknown }[]> {
  const events: { id?: number; event: string; data: unknown }[] = []
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => splitField(line)))
      const event = fields.get('event')
      if (event === undefined) continue
      const id = fields.get('id')
      const data: unknown = JSON.parse(fields.get('data') ?? 'null')
      events.push({ ...(id === undefined ? {} : { id: Number(id) }), event, data })
    }
    if (events.length >= count) break
  }
  return events.slice(0, count)
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(': ')
  return [line.slice(0, colon), line.slice(colon + 2)]
}
