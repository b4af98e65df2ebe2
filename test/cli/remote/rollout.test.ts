import { setTimeout as sleep } from 'node:timers/promises'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConflictError } from '../../../src/core/errors.ts'
import { rolloutListSchema, rolloutSchema } from '../../../src/core/contract/rollout.ts'
import type { ScriptedOutrider } from '../../server/scripted-outrider.ts'
import { TOKENS, serve } from '../../server/serving.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { runOutrider, startOutrider, type Ended, type Program } from '../../support/processes.ts'
import { atSecond, endAt, stateAt, weightAt } from '../rollout/stage.ts'
import { answerWith, lineTo } from './strange-server.ts'

const env = { LANG: 'C.UTF-8' }
const NAMED = ['--target', 'shop', '--router', 'edge']

function run(args: readonly string[], more: Record<string, string> = {}): Promise<Ended> {
  return runOutrider(['rollout', ...args], { cwd: temporaryFolder(), env: { ...env, ...more } })
}

function start(url: string, ...more: string[]): Program {
  const args = ['rollout', 'start', 'shop 1.4.2', ...NAMED, '--server', url, '--wait', ...more]
  return startOutrider(args, { cwd: temporaryFolder(), env })
}

/** As one sentence, however it was wrapped. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

/** Until the server's rollouts are watched by somebody. */
async function followed({ rollouts }: ScriptedOutrider, watchers = 1): Promise<void> {
  while (rollouts.watching() < watchers) await sleep(5)
}

function end({ rollouts }: ScriptedOutrider, seq: number): void {
  const sentence = 'Promoted: healthy at 100\u202F%'
  rollouts.show({ id: 'r1', state: 'promoted', endedAt: atSecond(9), sentence, acts: [] })
  rollouts.happen('r1', endAt(9, seq, 'promoted'))
}

describe('outrider rollout --server is refused', () => {
  it.each([
    [['--config', 'o.yaml'], 'its own configuration'],
    [['--db', 'o.db'], 'its own database'],
    [['--seed', '7'], 'its own seed'],
  ])('%j, which cannot cross', async (flags, why) => {
    const server = ['--server', 'http://127.0.0.1:9']
    const { code, stderr } = await run(['start', 'a', ...NAMED, ...server, ...flags])
    expect(flat(stderr)).toContain(`error: ${flags[0]} cannot be given with --server: `)
    expect(flat(stderr)).toContain(why)
    expect(code).toBe(2)
  })

  it('a timeout that nobody waits for, a token that is none, a variable of this machine', async () => {
    const server = { OUTRIDER_SERVER: 'http://127.0.0.1:9' }
    const late = await run(['start', 'a', ...NAMED, '--timeout', '2h'], server)
    expect(flat(late.stderr)).toContain('--timeout at a server needs --wait')
    const token = await run(['list'], { ...server, OUTRIDER_TOKEN: 'se cret' })
    expect(token.stderr).toContain('error: Cannot read OUTRIDER_TOKEN')
    expect(token.stderr).not.toContain('se cret')
    const rate = await run(['list'], { ...server, OUTRIDER_PROBE_RATE: '5' })
    expect(rate.stderr).toContain('error: OUTRIDER_PROBE_RATE cannot be given with OUTRIDER_SERVER')
    expect([late.code, token.code, rate.code]).toEqual([2, 2, 2])
  })

  it('what the server refuses, in its words; a fault of the policy with file and line', async () => {
    const { url, outrider } = await serve()
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'p.yaml'), 'interval: 30s\nfactor: 3\n')
    const args = ['rollout', 'start', 'a', ...NAMED, '--server', url]
    const policy = await runOutrider([...args, '--policy', 'p.yaml'], { cwd, env })
    expect(flat(policy.stderr)).toContain('At p.yaml:2')
    const target = await run([
      'start',
      'a',
      '--target',
      'shpo',
      '--router',
      'edge',
      '--server',
      url,
    ])
    expect(target.stderr).toContain('Did you mean "shop"?')
    outrider.rollouts.refuse(new ConflictError('r7 moves it', { code: 'act-refused' }))
    const busy = await run(['start', 'a', ...NAMED, '--server', url])
    expect(busy.stderr).toContain('error: r7 moves it')
    expect([policy.code, target.code, busy.code]).toEqual([2, 2, 2])
  })

  it.each([
    ['{"id":7}', '"id" has another form'],
    ['{"id":"../x"}', '"id" has another form'],
    ['[]', '"id" has another form'],
    ['<h1>', 'it is not JSON'],
  ])('the answer %s, which is none', async (body, why) => {
    const url = await answerWith((_request, response) => response.writeHead(202).end(body))
    const { code, stderr } = await run(['start', 'a', ...NAMED, '--server', url])
    expect(flat(stderr)).toContain(why)
    expect(code).toBe(2)
  })
})

describe('outrider rollout start --server', () => {
  it('prints where it runs and leaves it there: exit 0', async () => {
    const { url, outrider } = await serve()
    const text = await run(['start', 'shop 1.4.2', ...NAMED], { OUTRIDER_SERVER: url })
    expect(text).toMatchObject({
      code: 0,
      stdout: `Rollout r1 runs at ${url}/rollouts/r1\n`,
      stderr: '100 % after 95 minutes at best\n',
    })
    const json = await run(['start', 'b', '--version', '2', ...NAMED, '--server', url, '--json'])
    expect(rolloutSchema.parse(JSON.parse(json.stdout)).id).toBe('r2')
    expect(outrider.rollouts.started.map(({ request }) => request)).toEqual([
      { name: 'shop 1.4.2', target: 'shop', router: 'edge' },
      { name: 'b', version: '2', target: 'shop', router: 'edge' },
    ])
  })

  it('--wait follows it to its end, over lost connections, and tells no event twice', async () => {
    const { url, outrider } = await serve()
    const line = await lineTo(url)
    const running = start(line.url)
    await followed(outrider)
    outrider.rollouts.happen('r1', stateAt(1, 1, ['probing', 'ramping'], 500, 'gate passed'))
    for (const event of weightAt(1, 2, 'ramping', [0, 500], 'gate passed')) {
      outrider.rollouts.happen('r1', event)
    }
    await running.saw(/ramping {4}5 % {2}↗ gate passed, read back/)
    line.cut()
    outrider.rollouts.happen('r1', stateAt(2, 4, ['ramping', 'holding'], 500, 'strained'))
    await running.saw(/holding {4}5 % {2}→ strained/)
    line.cut()
    end(outrider, 5)
    const { code, stdout, stderr } = await running.ended
    expect(stderr.match(/gate passed/g)).toHaveLength(1)
    expect(stderr).toContain(`Rollout r1 runs at ${line.url}/rollouts/r1\n`)
    expect([code, stdout]).toEqual([0, '✔ promoted  healthy at 100 %\n'])
  })

  it('--wait --json prints the last document alone', async () => {
    const { url, outrider } = await serve()
    const running = start(url, '--json')
    await followed(outrider)
    end(outrider, 1)
    const { code, stdout, stderr } = await running.ended
    expect(rolloutSchema.parse(JSON.parse(stdout)).state).toBe('promoted')
    expect(stderr).toMatch(/✔ promoted {2}healthy at 100 %\n$/)
    expect(code).toBe(0)
  })

  it('--wait leaves a promotion that waits for a person: exit 0 and the command', async () => {
    const { url, outrider } = await serve()
    const running = start(url)
    await followed(outrider)
    outrider.rollouts.show({ id: 'r1', state: 'promoting', verdict: 'healthy' })
    outrider.rollouts.happen('r1', stateAt(1, 1, ['ramping', 'promoting'], 10_000, 'healthy'))
    const { code, stdout } = await running.ended
    expect(stdout).toContain(`finalize  outrider rollout finalize r1 --server ${url}\n`)
    expect(code).toBe(0)
  })

  it('Ctrl-C only stops following, and says that it goes on: exit 130', async () => {
    const { url, outrider } = await serve()
    const running = start(url)
    await followed(outrider)
    running.signal('SIGINT')
    const { code, stdout, stderr } = await running.ended
    expect(flat(stderr)).toContain(
      'rollout r1 goes on at the server: outrider rollout why r1 --server',
    )
    expect([code, stdout, outrider.rollouts.told]).toEqual([130, '', []])
  })

  it('--timeout asks the server for a pause, and ends with 5 when that is answered', async () => {
    const { url, outrider } = await serve()
    const running = start(url, '--timeout', '1s')
    while (outrider.rollouts.told.length === 0) await sleep(5)
    expect(outrider.rollouts.told[0]).toMatchObject({ act: 'pause', reason: 'timeout' })
    const message = 'paused by local: "timeout"'
    const reason = { code: 'person-pause', message }
    const entry = {
      seq: 9,
      at: atSecond(1),
      kind: 'state',
      state: 'paused',
      actor: 'local',
    } as const
    const sentence = `Paused at 5\u202F%: ${message}`
    outrider.rollouts.show({ id: 'r1', state: 'paused', sentence, history: [{ ...entry, reason }] })
    const { code, stdout } = await running.ended
    expect(stdout).toContain('! paused  at 5 %: paused by local: "timeout"\n')
    expect(stdout).toContain(`resume    outrider rollout resume r1 --server ${url}\n`)
    expect(code).toBe(5)
  })

  it('sends the token of OUTRIDER_TOKEN, which nobody sees', async () => {
    const seen: (string | undefined)[] = []
    const url = await answerWith((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"rollouts":[]}')
    })
    const { code, stdout, stderr } = await run(['list', '--server', url], {
      OUTRIDER_TOKEN: 's3cret',
    })
    expect(seen).toEqual(['Bearer s3cret'])
    expect(stdout + stderr).not.toContain('s3cret')
    expect(code).toBe(0)
  })

  it('without one says that the server wants to know who asks', async () => {
    const { url } = await serve({ tokens: TOKENS })
    const { code, stderr } = await run(['list', '--server', url])
    expect(stderr).toContain('error: Cannot answer: this server wants to know who asks')
    expect(code).toBe(2)
    expect((await run(['list', '--server', url], { OUTRIDER_TOKEN: 'viewer-viewer' })).code).toBe(0)
  })
})

describe('outrider rollout status, why, list and words --server', () => {
  it('read what the server knows', async () => {
    const { url, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1', sentence: 'Ramping at 5\u202F%: no anomaly' })
    const at = ['--server', url]
    const why = await run(['why', 'r1', ...at])
    expect(why.stdout).toBe('Ramping at 5 %: no anomaly.\n')
    const status = await run(['status', 'r1', ...at])
    expect(status.stdout).toMatch(/^Rollout r1 {2}shop 1\.4\.2\n/)
    const list = await run(['list', '--json', ...at])
    expect(rolloutListSchema.parse(JSON.parse(list.stdout)).rollouts).toHaveLength(1)
    const none = await run(['why', 'r9', ...at])
    expect(none.stderr).toMatch(/^error: .*r9/)
    expect([why, status, list, none].map(({ code }) => code)).toEqual([0, 0, 0, 2])
  })

  it.each(['promote', 'pause', 'abort'] as const)('%s brings the word, and waits', async (act) => {
    const { url, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1', state: 'ramping' })
    const running = run([act, 'r1', '--reason', 'why not', '--server', url])
    while (outrider.rollouts.told.length === 0) await sleep(5)
    expect(outrider.rollouts.told).toEqual([{ id: 'r1', act, by: 'local', reason: 'why not' }])
    const reason = { code: `person-${act}`, message: 'done' }
    const shared = { at: atSecond(1), kind: 'state', state: 'paused', actor: 'local' } as const
    outrider.rollouts.show({
      id: 'r1',
      sentence: 'It is so',
      history: [{ seq: 1, ...shared, reason }],
    })
    expect(await running).toMatchObject({ code: 0, stdout: 'It is so.\n' })
  })

  it('resume of one that nobody controls lets the server take it up', async () => {
    const { url, outrider } = await serve()
    outrider.rollouts.show({
      id: 'r1',
      state: 'ramping',
      controlled: false,
      sentence: 'It goes on',
    })
    const { code, stdout } = await run(['resume', 'r1', '--server', url])
    expect([code, stdout]).toEqual([0, 'It goes on.\n'])
    expect([outrider.rollouts.resumed, outrider.rollouts.told]).toEqual([['r1'], []])
  })

  it('say what the state forbids', async () => {
    const { url, outrider } = await serve()
    outrider.rollouts.show({ id: 'r1', state: 'rolled_back' })
    const { code, stderr } = await run(['abort', 'r1', '--server', url])
    expect(stderr).toContain('error: Already rolled back at 14:09:00')
    expect(code).toBe(2)
  })
})
