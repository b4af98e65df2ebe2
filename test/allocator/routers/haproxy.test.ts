import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createHaproxyAdapter } from '../../../src/allocator/routers/haproxy.ts'
import { createRuntime } from '../../../src/allocator/routers/haproxy/runtime.ts'
import { createRouter, type Router } from '../../../src/allocator/routers/router.ts'
import { systemClock } from '../../../src/generator/system-clock.ts'
import { temporaryFolder } from '../../support/folders.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** A socket that answers each command by the script; undefined = silence. */
async function scripted(answer: (command: string) => string | undefined): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('data', (data) => {
      const text = answer(data.toString().trim())
      if (text !== undefined) socket.end(text)
    })
  })
  servers.push(server)
  const path = join(temporaryFolder(), 'admin.sock')
  await new Promise<void>((resolve) => {
    server.listen(path, resolve)
  })
  return path
}

function routerAt(socket: string): Router {
  const settings = {
    kind: 'haproxy',
    socket,
    mode: 'map',
    map: '/etc/haproxy/weights.map',
    key: 'canary',
    backends: { baseline: 'be_baseline', canary: 'be_canary' },
  } as const
  return createRouter('edge', createHaproxyAdapter('edge', settings), systemClock)
}

/** Answers that a real HAProxy 2.6 gave, shortened. */
const REAL: Readonly<Record<string, string>> = {
  'show info': 'Name: HAProxy\nVersion: 2.6.12\nPid: 811\nStart_time_sec: 17\n\n',
  'show map':
    '# id (file) description\n1 (/etc/haproxy/weights.map) pattern loaded from file ' +
    "'/etc/haproxy/weights.map' used by map at file 'h.cfg' line 14. curr_ver=0\n\n",
  'get map /etc/haproxy/weights.map canary':
    'type=str, case=sensitive, found=yes, idx=tree, key="canary", value="0", type="sint"\n\n',
  'show stat be_baseline 2 -1':
    '# pxname,svname,status,hrsp_5xx,req_tot,\nbe_baseline,BACKEND,UP,1,90,\n\n',
  'show stat be_canary 2 -1':
    '# pxname,svname,status,hrsp_5xx,req_tot,\nbe_canary,BACKEND,UP,0,10,\n\n',
}

describe('createHaproxyAdapter()', () => {
  it('set() fails where the socket answers success and does nothing', async () => {
    const commands: string[] = []
    const socket = await scripted((command) => {
      commands.push(command)
      return REAL[command] ?? '\n'
    })
    await expect(routerAt(socket).set(500)).rejects.toMatchObject({ code: 'router-not-applied' })
    expect(commands).toContain('set map /etc/haproxy/weights.map canary 500')
  })

  it('set() says what HAProxy objected to', async () => {
    const socket = await scripted((command) => REAL[command] ?? 'entry not found.\n\n')
    await expect(routerAt(socket).set(500)).rejects.toMatchObject({
      code: 'router-rejected',
      message: expect.stringContaining('"entry not found."'),
    })
  })

  it('read() and counts() understand a real answer', async () => {
    const router = routerAt(await scripted((command) => REAL[command] ?? ''))
    expect(await router.read()).toMatchObject({ configuredBp: 0, incarnation: 'pid:811@17' })
    expect(await router.counts()).toEqual({
      baseline: { requests: 90, serverErrors: 1 },
      canary: { requests: 10, serverErrors: 0 },
      incarnation: 'pid:811@17',
    })
  })

  it.each([
    ['nothing', '', 'not-haproxy'],
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'not-haproxy'],
    ['a refusal', 'Permission denied\n\n', 'router-denied'],
    ['an unknown command', 'Unknown command: "show"\n', 'not-haproxy'],
  ])('read() of a socket that answers %s is no reading', async (_what, text, code) => {
    const router = routerAt(await scripted(() => text))
    expect(await router.read()).toMatchObject({ kind: 'unreachable', error: { code } })
    expect(await router.preflight()).toMatchObject([{ level: 'error', code }])
  })

  it.each(['abc', '', '10001', '-1', '5.5'])('read() refuses the map value "%s"', async (value) => {
    const socket = await scripted((command) =>
      command.startsWith('get map')
        ? `type=str, found=yes, idx=tree, key="canary", value="${value}", type="str"\n`
        : REAL[command],
    )
    expect(await routerAt(socket).read()).toMatchObject({ error: { code: 'map-value-wrong' } })
  })
})

describe('createRuntime()', () => {
  it('does not wait for ever', async () => {
    const socket = await scripted(() => undefined)
    await expect(createRuntime(socket, 50)('show info')).rejects.toMatchObject({
      code: 'router-unreachable',
      message: expect.stringContaining('did not answer "show info" in 0.05 s'),
    })
  })

  it('does not take in an endless answer', async () => {
    const socket = await scripted(() => 'x'.repeat(1_500_000))
    await expect(createRuntime(socket)('show info')).rejects.toMatchObject({ code: 'not-haproxy' })
  })

  it('says of a missing socket and of a closed port what to look for', async () => {
    const missing = join(temporaryFolder(), 'no.sock')
    await expect(createRuntime(missing)('show info')).rejects.toMatchObject({
      code: 'router-unreachable',
      where: missing,
      mend: expect.stringContaining('stats socket'),
    })
    await expect(createRuntime('127.0.0.1:1')('show info')).rejects.toThrow('nobody listens')
  })
})
