import { createServer, type Server } from 'node:net'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../profiles-db/open.ts'
import { insertRollout } from '../../profiles-db/rollouts.ts'
import { createRollout } from '../../src/allocator/state.ts'
import { policySchema } from '../../src/core/contract/policy.ts'
import { serveHttp, type ArmServer } from '../generator/arm-server.ts'
import { temporaryFolder } from '../support/folders.ts'
import { findFreePort } from '../support/ports.ts'
import { runOutrider, startOutrider, type Ended } from '../support/processes.ts'

const env = { LANG: 'C.UTF-8' }
const servers: (Server | ArmServer)[] = []
afterEach(() => {
  for (const server of servers.splice(0)) void server.close()
})

/** A folder with this `routers:` and two arms that are one server. */
async function folder(routers: string): Promise<string> {
  const arm = await serveHttp((_request, response) => response.end('served'))
  servers.push(arm)
  const cwd = temporaryFolder()
  const target = `{ baseline: "${arm.url}", canary: "${arm.url}" }`
  const text = `version: 1\ntargets: { shop: ${target} }\nrouters:\n${routers}`
  writeFileSync(join(cwd, 'outrider.yaml'), text)
  return cwd
}

const HAPROXY = (socket: string): string =>
  `  edge: { kind: haproxy, socket: ${socket}, map: /w.map, backends: { baseline: b, canary: c } }\n`

async function router(cwd: string, ...args: string[]): Promise<Ended> {
  return await runOutrider(['router', ...args], { cwd, env })
}

describe('outrider router', () => {
  it.each([
    [['get', 'egde'], 'no router "egde" in outrider.yaml', 'Did you mean "edge"?'],
    [['set', 'edge', '5'], 'Cannot read weight: "5"', 'Write it like 5%'],
    [['set', 'edge', '101%'], 'Cannot read weight: "101%"', 'in steps of 0.01%'],
    [['set', 'edge', '0.001%'], 'Cannot read weight: "0.001%"', 'in steps of 0.01%'],
    [['set', 'edge'], 'outrider router set needs NAME WEIGHT', '--help'],
    [['get', 'edge'], 'there is no such socket', '"stats socket" in haproxy.cfg'],
    [['set', 'edge', '5%'], 'there is no such socket', '"stats socket" in haproxy.cfg'],
    [['get', 'local'], 'Cannot use router "local"', 'only be checked'],
  ])('%j is refused with the mend: exit 2', async (args, what, mend) => {
    const local = '  local: { kind: embedded, listen: "127.0.0.1:0", target: shop }\n'
    const cwd = await folder(HAPROXY('./no.sock') + local)
    const { code, stdout, stderr } = await router(cwd, ...args)
    expect(stderr).toMatch(/^error: /)
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(what)
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(mend)
    expect([code, stdout]).toEqual([2, ''])
  })

  it.each([
    ['  edge: { kind: ngnix }\n', 'outrider.yaml:4', 'routers.edge.kind'],
    ['  edge: { kind: nginx }\n', 'outrider.yaml:4', 'is not built in this version'],
    ['  e: { kind: embedded, listen: "1:99999", target: shop }\n', 'outrider.yaml:4', '65535'],
    [
      '  edge: { kind: haproxy, socket: /s, map: "/a b", backends: { baseline: b, canary: c } }\n',
      'outrider.yaml:4',
      'must be without spaces',
    ],
    [
      '  edge: { kind: haproxy, socket: /s, map: /m, backends: { baseline: b, canary: b } }\n',
      'outrider.yaml:4',
      'must be two backends',
    ],
  ])('names the line of a wrong configuration: %s', async (routers, where, why) => {
    const { code, stderr } = await router(await folder(routers), 'check', 'edge')
    expect(stderr).toContain(where)
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(why)
    expect(code).toBe(2)
  })

  it('names a target that is not there', async () => {
    const cwd = await folder('  local: { kind: embedded, listen: "127.0.0.1:0", target: shpo }\n')
    const { code, stderr } = await router(cwd, 'check', 'local')
    expect(stderr).toContain('no target "shpo" in outrider.yaml for router "local"')
    expect(stderr).toContain('Did you mean "shop"?')
    expect(code).toBe(2)
  })

  it('check shows what stands in the way, exit 2, and sets nothing', async () => {
    const cwd = await folder(HAPROXY('admin.sock'))
    const commands: string[] = []
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', (data) => {
        commands.push(data.toString().trim())
        socket.end('Name: HAProxy\nVersion: 2.6.12\nPid: 1\nStart_time_sec: 2\n\n')
      })
    })
    servers.push(server)
    await new Promise<void>((resolve) => {
      server.listen(join(cwd, 'admin.sock'), resolve)
    })
    const shown = await router(cwd, 'check', 'edge')
    expect(shown.stdout).toMatch(
      /^✔ HAProxy 2\.6\.12 answers at .*admin\.sock\n✖ Cannot use the map/,
    )
    expect([shown.code, shown.stderr]).toEqual([2, ''])
    const document: unknown = JSON.parse((await router(cwd, 'check', 'edge', '--json')).stdout)
    expect(document).toMatchObject({ router: 'edge', kind: 'haproxy' })
    expect(commands.join('\n')).not.toMatch(/^(set|add|clear|del) /m)
  })

  it('set leaves a router alone that a rollout moves, and makes no database to find that out', async () => {
    const cwd = await folder(HAPROXY('./no.sock'))
    await router(cwd, 'set', 'edge', '5%')
    expect(existsSync(join(cwd, '.outrider'))).toBe(false)
    const file = join(cwd, 'o.db')
    const database = openDatabase(file)
    const state = createRollout()
    const { id } = insertRollout(
      database,
      {
        name: 'shop 1.4.2',
        target: 'shop',
        router: 'edge',
        policy: policySchema.parse({}),
        startedAt: new Date(0).toISOString(),
        startedBy: 'ana',
        state: state.state,
        document: state,
        holder: 'elsewhere:1:abc',
        heartbeatMs: 0,
      },
      [],
    )
    database.close()
    const { code, stderr } = await router(cwd, 'set', 'edge', '5%', '--db', file)
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(
      `error: Cannot set the weight of router "edge": rollout ${id} "shop 1.4.2" moves it`,
    )
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(`outrider rollout abort ${id}`)
    expect(code).toBe(2)
  })

  it('an embedded one serves its users while outrider serve runs', async () => {
    const port = await findFreePort()
    const cwd = await folder(
      `  local: { kind: embedded, listen: "127.0.0.1:${port}", target: shop }\n`,
    )
    expect((await router(cwd, 'check', 'local')).code).toBe(0)
    const running = startOutrider(['serve', '--listen', '127.0.0.1:0'], { cwd, env })
    const [, url = ''] = await running.saw(/Router local serves users on (http:\S+)/)
    expect(await (await fetch(url)).text()).toBe('served')
    expect((await router(cwd, 'check', 'local')).stdout).toContain('it is in use')
    running.signal('SIGINT')
    expect((await running.ended).code).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
  })
})
