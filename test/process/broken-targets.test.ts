import { afterEach, describe, expect, it } from 'vitest'
import type { Socket } from 'node:net'
import { reportSchema, type Report } from '../../src/core/contract/report.ts'
import { serveHttp, serveTcp, type ArmServer } from '../generator/arm-server.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider } from '../support/processes.ts'

const servers: ArmServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function well(): Promise<string> {
  const server = await serveHttp((_request, response) => response.end('fine'))
  servers.push(server)
  return server.url
}

async function broken(listener: (socket: Socket) => void): Promise<string> {
  const server = await serveTcp(listener)
  servers.push(server)
  return server.url
}

async function probe(
  baseline: string,
  canary: string,
): Promise<{ report: Report; code: number | undefined; stderr: string }> {
  const flags = '--paths / --phases load --warmup 2s --duration 20s --timeout 1s --json'
  const args = ['probe', '--baseline', baseline, '--canary', canary, ...flags.split(' ')]
  const { code, stdout, stderr } = await runOutrider(args, { cwd: temporaryFolder() })
  return { report: reportSchema.parse(JSON.parse(stdout)), code, stderr }
}

const WAYS: Readonly<Record<string, (socket: Socket) => void>> = {
  'answers garbage': (socket) =>
    socket.on('data', () => socket.write('\u0000\u0001 what?\r\n\r\n')),
  'never answers': (socket) => socket.on('data', () => undefined),
  'resets every connection': (socket) => socket.on('data', () => socket.resetAndDestroy()),
  'cuts its answers': (socket) =>
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf')),
}

describe.each(Object.entries(WAYS))('a target that %s', (_way, listener) => {
  it('is critical as the canary: regressed, exit 1', async () => {
    const { report, code, stderr } = await probe(await well(), await broken(listener))
    expect(report.verdict, report.summary).toBe('regressed')
    expect(report.findings[0]).toMatchObject({ metric: 'errors', rule: 'critical' })
    expect(code).toBe(1)
    expect(stderr).not.toMatch(/ at .*\.ts:/)
  })

  it('makes the run invalid as the baseline: exit 4', async () => {
    const { report, code } = await probe(await broken(listener), await well())
    expect(report.verdict, report.summary).toBe('invalid')
    expect(report.reasons.map((reason) => reason.code)).toContain('baseline-ill')
    expect(code).toBe(4)
  })
})
