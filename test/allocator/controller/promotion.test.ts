import { createServer, type Server } from 'node:http'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkPromotion, tellPipeline } from '../../../src/allocator/controller/promotion.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { policyOf } from '../driving.ts'

const promoted = { rollout: 'r1', name: 'shop 1.4.2', version: '1.4.2', target: 'shop' }
const never = new AbortController().signal

async function pipeline(status: number): Promise<{ url: string; got: unknown[] }> {
  const got: unknown[] = []
  const server: Server = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => {
      got.push({ key: request.headers['idempotency-key'], body: JSON.parse(text) as unknown })
    })
    request.on('end', () => response.writeHead(status).end('done'))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got }
}

describe('tellPipeline()', () => {
  it('calls the webhook with a key, and takes a success for done', async () => {
    const { url, got } = await pipeline(202)
    const parts = { environment: { PROMOTE_URL: url }, baseFolder: '/' }
    const policy = policyOf({ onPromoted: { webhookEnv: 'PROMOTE_URL' } })
    const answer = await tellPipeline(policy, promoted, parts, never)
    expect(answer).toEqual({ kind: 'done', message: 'webhook answered 202' })
    expect(got).toEqual([{ key: 'r1/promoted', body: { event: 'promoted', ...promoted } }])
  })

  it('says what a webhook that refuses answered', async () => {
    const { url } = await pipeline(500)
    const parts = { environment: { PROMOTE_URL: url }, baseFolder: '/' }
    const policy = policyOf({ onPromoted: { webhookEnv: 'PROMOTE_URL' } })
    expect(await tellPipeline(policy, promoted, parts, never)).toEqual({
      kind: 'failed',
      message: 'webhook answered 500',
    })
  })

  it('runs the command with the rollout in its environment', async () => {
    const folder = temporaryFolder()
    const script =
      "require('fs').writeFileSync('told', process.env.OUTRIDER_ROLLOUT + process.env.OUTRIDER_VERSION)"
    const policy = policyOf({ onPromoted: { exec: [process.execPath, '-e', script] } })
    const parts = { environment: {}, baseFolder: folder }
    expect((await tellPipeline(policy, promoted, parts, never))?.kind).toBe('done')
    expect(await readFile(join(folder, 'told'), 'utf8')).toBe('r11.4.2')
  })

  it('tells how a command ended, and that there is none', async () => {
    const parts = { environment: {}, baseFolder: '/' }
    const failing = policyOf({
      onPromoted: { exec: [process.execPath, '-e', "console.error('no disk'); process.exit(3)"] },
    })
    const answer = await tellPipeline(failing, promoted, parts, never)
    expect(answer?.message).toContain('ended with 3: no disk')
    const missing = policyOf({ onPromoted: { exec: ['/nowhere/deploy'] } })
    expect((await tellPipeline(missing, promoted, parts, never))?.kind).toBe('failed')
  })
})

describe('checkPromotion()', () => {
  it('names the variable that holds no address', () => {
    const policy = policyOf({ onPromoted: { webhookEnv: 'PROMOTE_URL' } })
    const check = (environment: Record<string, string>): void =>
      checkPromotion(policy, { environment, baseFolder: '/' })
    expect(() => check({})).toThrow('PROMOTE_URL holds no http:// or https:// address')
    expect(() => check({ PROMOTE_URL: 'https://ci.example/deploy' })).not.toThrow()
  })
})
