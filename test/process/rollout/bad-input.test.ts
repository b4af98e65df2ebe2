import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { skipReason } from '../../support/parts.ts'
import { askHaproxy } from './support-arms.ts'
import { journalProblems } from './support-journal.ts'
import {
  mustFind,
  openWorld,
  QUICK,
  requestOf,
  type World,
  type WorldOptions,
} from './support-world.ts'

const reason = skipReason('haproxy')

describe.skipIf(reason !== undefined)(`a rollout that cannot start ${reason ?? ''}`, () => {
  const worlds: World[] = []
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close()
  })

  async function open(options: WorldOptions = {}): Promise<World> {
    const world = await openWorld(options)
    worlds.push(world)
    return world
  }

  /** It is refused like this, and neither HAProxy nor the database knows of it. */
  async function refuses(
    world: World,
    request: Parameters<World['observer']['rollouts']['start']>[0],
    expected: Readonly<Record<string, unknown>>,
    weightBp: number | 'unread' = 0,
  ): Promise<void> {
    await expect(world.observer.rollouts.start(request, 'test')).rejects.toMatchObject(expected)
    expect((await world.weightBp()) ?? 'unread').toBe(weightBp)
    expect(world.observer.rollouts.list({ limit: 1 }).rollouts).toEqual([])
  }

  it('names a target, a router and a policy that cannot be', async () => {
    const world = await open()
    const request = requestOf('bad')
    await refuses(
      world,
      { ...request, target: 'sit' },
      {
        code: 'unknown-target',
        mend: expect.stringContaining('site'),
      },
    )
    await refuses(
      world,
      { ...request, router: 'egde' },
      {
        code: 'unknown-router',
        mend: expect.stringContaining('edge'),
      },
    )
    const policies = [
      { ...QUICK, giveUpAfterSeconds: 3 },
      { ...QUICK, startBp: 20_000 },
      { ...QUICK, startBp: -1 },
      { ...QUICK, upBp: 0 },
      { ...QUICK, minBp: 900, maxBp: 800 },
    ]
    for (const policy of policies) {
      await refuses(world, requestOf('bad', policy), {
        code: 'bad-policy',
        where: expect.any(String),
      })
    }
  })

  it('says that HAProxy does not read 0, and what to do', async () => {
    const world = await open()
    await world.setWeightBp(100)
    await refuses(
      world,
      requestOf('bad'),
      { code: 'router-not-at-zero', mend: expect.stringContaining('outrider router set edge 0%') },
      100,
    )
  })

  it('says that no rule of HAProxy uses the map', async () => {
    const world = await open({
      edit: (text) => text.replace(/str\(canary\),map_str_int\([^)]*\)/, 'int(0)'),
    })
    const mend = expect.stringContaining('examples/haproxy/haproxy.cfg')
    await refuses(world, requestOf('bad'), { code: 'router-not-ready', mend }, 'unread')
  })

  it('says that the map has no such key, and that there is no such backend', async () => {
    const other = await open({ router: (settings) => ({ ...settings, key: 'other' }) })
    await refuses(other, requestOf('bad'), {
      code: 'router-not-ready',
      message: expect.stringContaining('no key "other"'),
      mend: expect.stringContaining('other 0'),
    })
    const wrong = await open({
      router: (settings) => ({
        ...settings,
        backends: { ...settings.backends, canary: 'be_canray' },
      }),
    })
    await refuses(wrong, requestOf('bad'), {
      code: 'router-not-ready',
      mend: expect.stringContaining('be_canary'),
    })
  })

  it('says that the canary takes no requests', async () => {
    const world = await open({
      edit: (text) => text.replace(/(canary1 .*) check/, '$1 check inter 50 fall 1'),
    })
    await world.canary.refuse()
    const { socket } = world.haproxy.settings
    await mustFind('the health check', async () =>
      (await askHaproxy(socket, 'show stat be_canary 2 -1')).includes(',DOWN,') ? true : undefined,
    )
    await refuses(world, requestOf('bad'), {
      code: 'router-not-ready',
      message: expect.stringContaining('DOWN'),
    })
  })

  it('says that the canary does not answer the twins', async () => {
    const world = await open()
    await world.canary.refuse()
    await refuses(world, requestOf('bad'), { name: 'TargetError', mend: expect.any(String) })
  })

  it('says that nobody listens on the socket', async () => {
    const world = await open()
    world.hideSocket()
    await refuses(world, requestOf('bad'), {
      code: 'router-not-ready',
      message: expect.stringContaining('there is no such socket'),
    })
  })

  it('does not climb on a router that says yes and does nothing, and says so', async () => {
    const deaf = await startDeafRouter()
    const world = await open({
      router(settings) {
        deaf.map = settings.map
        return { ...settings, socket: deaf.address }
      },
    })
    try {
      const policy = { ...QUICK, startBp: 5000, upBp: 5000 }
      const controller = world.startController(requestOf('deaf', policy))
      const alert = await mustFind('an alert', () => {
        const { alerts } = world.observer.rollouts.alerts({ limit: 20 })
        return alerts.find(({ title }) => title.includes('does not take the weight'))
      })
      process.stdout.write(`a router that does nothing: ${alert.title}\n`)
      expect(alert.title).toContain('it accepted 50\u202F% and still says 0\u202F%')
      expect(alert.title).toContain('outrider router check edge')
      const { id } = world.document()
      await world.observer.rollouts.tell(id, { act: 'abort', by: 'a person' })
      await controller.saw(/^settled \S+ (aborted|rolled_back)/m)
      const { weightBp, history } = world.document()
      expect(weightBp).toBe(0)
      expect(history.some(({ toBp = 0, verified }) => toBp > 0 && verified === true)).toBe(false)
      expect(world.live.counts().answered.canary).toBe(0)
      expect(deaf.asked()).toBeGreaterThan(0)
      expect(journalProblems(world, id)).toEqual([])
    } finally {
      await deaf.close()
    }
  })
})

/** Speaks like HAProxy, and its map says 0 whatever it is told. */
async function startDeafRouter(): Promise<{
  /** The map that it pretends to use. */
  map: string
  readonly address: string
  asked(): number
  close(): Promise<void>
}> {
  let asked = 0
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.setEncoding('utf8').once('data', (command: string) => {
      if (command.startsWith('set map')) asked += 1
      socket.end(`${answerOf(command.trim(), deaf.map)}\n`)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The system gave no port')
  const deaf = {
    map: '',
    address: `127.0.0.1:${address.port}`,
    asked: () => asked,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
      }),
  }
  return deaf
}

function answerOf(command: string, map: string): string {
  const [verb = '', noun = '', third = ''] = command.split(' ')
  switch (`${verb} ${noun}`) {
    case 'show info':
      return 'Name: HAProxy\nVersion: 2.6.12\nPid: 1\nStart_time_sec: 1'
    case 'show map':
      return `0 (${map}) pattern loaded from file '${map}' used by map at file 'a' line 1`
    case 'get map':
      return 'type=str, case=sensitive, found=yes, idx=tree, key="canary", value="0", type="sint"'
    case 'show stat':
      return `# pxname,svname,status,req_tot,hrsp_5xx\n${third},BACKEND,UP,0,0`
    case 'show backend':
      return '# name\nbe_baseline\nbe_canary'
    default:
      return ''
  }
}
