import { createServer, type Server } from 'node:http'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeSchema } from '../../../src/core/contract/http.ts'
import { reportSchema } from '../../../src/core/contract/report.ts'
import { createFolder, temporaryFolder } from '../../support/folders.ts'
import { runOutrider, startOutrider, type Program } from '../../support/processes.ts'

const env = { LANG: 'C.UTF-8' }
const servers: Server[] = []
let folder: ReturnType<typeof createFolder>
let server: Program
let url = ''

async function startArm(status: number): Promise<string> {
  const arm = createServer((_request, response) => {
    response.statusCode = status
    response.end('{}')
  })
  servers.push(arm)
  await new Promise<void>((resolve) => arm.listen(0, '127.0.0.1', resolve))
  const address = arm.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  return `http://127.0.0.1:${address.port}`
}

beforeAll(async () => {
  const [well, same, broken] = await Promise.all([200, 200, 500].map(startArm))
  folder = createFolder()
  writeFileSync(
    join(folder.path, 'actions.yaml'),
    'version: 1\nactions:\n  home: { request: { path: / } }\n',
  )
  writeFileSync(
    join(folder.path, 'outrider.yaml'),
    `version: 1
targets:
  broken: { baseline: "${well}", canary: "${broken}" }
  same: { baseline: "${well}", canary: "${same}" }
server: { listen: "127.0.0.1:0" }
`,
  )
  server = startOutrider(['serve'], { cwd: folder.path, env })
  url = (await server.saw(/http:\/\/127\.0\.0\.1:\d+/))[0]
  const user = { user_id: 'u1', behavioral_patterns: [{ timestamp: 0, action: 'home' }] }
  const inserted = await fetch(`${url}/profiles`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  })
  expect(inserted.status).toBe(201)
})

afterAll(async () => {
  await server.stop()
  for (const arm of servers) {
    arm.closeAllConnections()
    arm.close()
  }
  folder.remove()
})

async function readProbe(id: string): Promise<ReturnType<typeof probeSchema.parse>> {
  return probeSchema.parse(await (await fetch(`${url}/probes/${id}`)).json())
}

describe('a pipeline that probes at a server', () => {
  it('gets the report and the exit code of the probe there', async () => {
    const flags = ['--phases', 'load', '--warmup', '2s', '--duration', '8s', '--json']
    const args = ['probe', '--server', url, '--target', 'broken', ...flags]
    const { code, stdout, stderr } = await runOutrider(args, { cwd: temporaryFolder(), env })
    const report = reportSchema.parse(JSON.parse(stdout))
    expect(report.verdict, report.summary).toBe('regressed')
    expect(code).toBe(1)
    expect(await readProbe(report.run)).toMatchObject({ status: 'done', report })
    expect(stderr).toMatch(/\d\d:\d\d:\d\d p\d+ warm-up: /)
    expect(stderr).toMatch(/✖ regressed {2}\S/)
  })

  it('gets through a run of many blocks, and shows phase and verdict as a run here does', async () => {
    const flags = ['--phases', 'load', '--warmup', '1s', '--duration', '6s', '--seed', '3']
    const args = ['probe', '--server', url, '--target', 'same', ...flags]
    const { code, stdout, stderr } = await runOutrider(args, { cwd: temporaryFolder(), env })
    const id = /Probe (p\d+) runs at/.exec(stderr)?.[1] ?? ''
    const { report } = await readProbe(id)
    expect(report?.pairs, stderr).toBeGreaterThan(50)
    expect(report?.verdict).not.toBe('regressed')
    expect(code).toBe(
      { healthy: 0, regressed: 1, inconclusive: 3, invalid: 4 }[report?.verdict ?? 'invalid'],
    )
    expect(stderr).toMatch(/\d\d:\d\d:\d\d p\d+ load: /)
    expect(stdout).toMatch(/^ {2}verdict +action +canary ÷ baseline +pairs {2}why\n/)
  })

  it('ends the probe there at Ctrl-C, with the partial report', async () => {
    const running = startOutrider(['probe', '--target', 'same', '--json'], {
      cwd: temporaryFolder(),
      env: { ...env, OUTRIDER_SERVER: url },
    })
    await running.saw(/ warm-up: /)
    const busy = await runOutrider(['probe', '--server', url, '--target', 'same'], {
      cwd: temporaryFolder(),
      env,
    })
    expect(busy.stderr).toMatch(/^error: .*already/)
    expect(busy.code).toBe(2)
    running.signal('SIGINT')
    const { code, stdout } = await running.ended
    const report = reportSchema.parse(JSON.parse(stdout))
    expect(code).toBe(130)
    expect(await readProbe(report.run)).toMatchObject({
      status: 'done',
      report,
      stop: { reason: 'ended from the command line' },
    })
  })
})
