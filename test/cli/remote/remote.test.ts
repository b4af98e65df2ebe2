import { setTimeout as sleep } from 'node:timers/promises'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../../src/core/contract/report.ts'
import { TargetError } from '../../../src/core/errors.ts'
import { exampleReport } from '../../report/example-report.ts'
import {
  busyTarget,
  progressOf,
  type ScriptedOutrider,
  type ScriptedProbe,
} from '../../server/scripted-outrider.ts'
import { serve } from '../../server/serving.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { findFreePort } from '../../support/ports.ts'
import { runOutrider, startOutrider, type Ended } from '../../support/processes.ts'
import { answerWith, lineTo } from './strange-server.ts'

const env = { LANG: 'C.UTF-8' }

function run(args: readonly string[], more: Record<string, string> = {}): Promise<Ended> {
  return runOutrider(args, { cwd: temporaryFolder(), env: { ...env, ...more } })
}

/** As one sentence, however it was wrapped. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

async function startedProbe(outrider: ScriptedOutrider): Promise<ScriptedProbe> {
  for (;;) {
    const [probe] = outrider.started
    if (probe !== undefined) return probe
    await sleep(5)
  }
}

describe('outrider probe --server', () => {
  const target = ['probe', '--server', 'http://127.0.0.1:9', '--target', 'shop']

  it.each([
    [['--baseline', 'http://a'], '--target NAME'],
    [['--canary', 'http://a'], '--target NAME'],
    [['--control', 'http://a'], '--target NAME'],
    [['--actions', 'a.yaml'], 'ontology of its configuration'],
    [['--paths', '/'], 'ontology of its configuration'],
    [['--profiles', 'p.ndjson'], '--criteria JSON says which'],
    [['--population', 'shop'], '--criteria JSON says which'],
    [['--samples', 's.ndjson'], 'does not hand out samples'],
    [['--i-own-this'], 'keeps its caps'],
    [['--db', 'o.db'], 'its own database'],
    [['--config', 'o.yaml'], 'its own configuration'],
  ])('refuses %j by name before anything is sent', async (flags, why) => {
    const { code, stdout, stderr } = await run([...target, ...flags])
    expect(flat(stderr)).toMatch(new RegExp(`^error: ${flags[0]} cannot be given with --server: `))
    expect(flat(stderr)).toContain(why)
    expect(flat(stderr)).toContain('Leave it out, or leave --server out to do it from here')
    expect([code, stdout]).toEqual([2, ''])
  })

  it.each([
    ['tcp://a', 'Write an http:// or https:// address'],
    ['127.0.0.1:7070', 'Write an http:// or https:// address'],
    ['http://me:secret@a', 'Take user and password out'],
    ['http://a/?b=1', 'End it before the ? or #'],
  ])('refuses the address %s', async (address, mend) => {
    const flag = await run(['probe', '--server', address, '--target', 'shop'])
    expect(flag.stderr).toMatch(/^error: Cannot read --server: /)
    expect(flat(flag.stderr)).toContain(mend)
    expect(flag.stderr).not.toContain('secret')
    const variable = await run(['probe', '--target', 'shop'], { OUTRIDER_SERVER: address })
    expect(variable.stderr).toMatch(/^error: Cannot read OUTRIDER_SERVER: /)
    expect([flag.code, variable.code]).toEqual([2, 2])
  })

  it('needs a target, and refuses variables that speak of this machine', async () => {
    const none = await run(['probe', '--server', 'http://127.0.0.1:9'])
    expect(none.stderr).toContain('error: Cannot start a probe: --target is missing')
    const variable = await run(target, { OUTRIDER_PROBE_RATE: '20' })
    expect(variable.stderr).toContain('error: OUTRIDER_PROBE_RATE cannot be given with --server')
    expect([none.code, variable.code]).toEqual([2, 2])
  })

  it('says that nobody is there', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`
    const { code, stdout, stderr } = await run(['probe', '--server', url, '--target', 'shop'])
    expect(stderr).toContain(`error: Cannot reach the server ${url}: nothing listens there`)
    expect([code, stdout]).toEqual([2, ''])
  })

  it.each([
    ['<h1>hello</h1>', 200, 'it is not JSON'],
    ['{"id":7}', 202, '"id" has another form'],
    ['[]', 200, 'it has another form'],
    ['not here', 404, 'status 404 without a problem document'],
    ['elsewhere', 302, 'status 302 without a problem document'],
    ['away', 502, 'it answered with status 502'],
  ])('says of the answer %s (%i) that it is none', async (body, status, why) => {
    const url = await answerWith((_request, response) => {
      response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end(body)
    })
    const { code, stdout, stderr } = await run(['probe', '--server', url, '--target', 'shop'])
    expect(flat(stderr)).toContain(why)
    expect(flat(stderr)).toContain('whether outrider serve runs there')
    expect([code, stdout]).toEqual([2, ''])
  })

  it('says what the server refuses, in its words and with the flag: exit 2', async () => {
    const { url, outrider } = await serve()
    const at = ['probe', '--server', url, '--target']
    const unknown = await run([...at, 'shpo'])
    expect(unknown.stderr).toBe(
      'error: Cannot find target: "shpo" is not in the configuration\n  Did you mean "shop"?\n',
    )
    outrider.refuse(busyTarget())
    const busy = await run([...at, 'shop'])
    expect(busy.stderr).toContain('error: Cannot start probe: p1 already runs')
    outrider.refuse(
      new TargetError('canary refused the connection', { code: 'target-unreachable' }),
    )
    const dead = await run([...at, 'shop'])
    expect(dead.stderr).toContain('error: canary refused the connection')
    const far = await run([...at, 'shop', '--max-duration', '100h'])
    expect(flat(far.stderr)).toContain('At --max-duration')
    expect([unknown, busy, dead, far].map(({ code }) => code)).toEqual([2, 2, 2, 2])
  })

  it('sends every flag that crosses, and shows events, report and exit code of the server', async () => {
    const { url, outrider } = await serve()
    const flags =
      '--duration 60s --min-duration 5s --max-duration 2m --warmup 3s --rate 20 --max-rps 40 ' +
      '--concurrency 7 --arrivals constant --alpha 0.01 --margin errors=0.2pp --phases load ' +
      '--healthy-margin errors=2pp --require home,checkout --allow-mutations --timeout 2s --seed 9'
    const criteria = ['--criteria', '{"device_type":"mobile"}', '--json']
    const args = ['probe', '--server', `${url}/`, '--target', 'shop', ...flags.split(' ')]
    const running = startOutrider([...args, ...criteria], { cwd: temporaryFolder(), env })
    const probe = await startedProbe(outrider)
    expect(probe.request).toEqual({
      target: { kind: 'named', name: 'shop' },
      profiles: { kind: 'criteria', criteria: { device_type: 'mobile' } },
      overrides: {
        duration: 60,
        minDurationSeconds: 5,
        maxDurationSeconds: 120,
        warmup: 3,
        rate: 20,
        maxRps: 40,
        concurrency: 7,
        arrivals: 'constant',
        alpha: 0.01,
        margins: { errors: 0.002 },
        healthyMargins: { errors: 0.02 },
        phases: ['load'],
        require: ['home', 'checkout'],
        allowMutations: true,
        timeoutMs: 2000,
        seed: 9,
      },
    })
    probe.log.add({ kind: 'state', phase: 'warm-up', message: 'warm-up: 3 s' })
    probe.log.add({ kind: 'block', progress: progressOf({ seconds: 40 }) })
    for (const finding of exampleReport.findings) probe.log.add({ kind: 'finding', finding })
    await running.saw(/p1 regressed: /)
    probe.end(exampleReport)
    const { code, stdout, stderr } = await running.ended
    expect(JSON.parse(stdout)).toEqual(exampleReport)
    expect(stderr).toContain(`Probe p1 runs at ${url}/probes/p1\n`)
    expect(stderr).toMatch(/\d\d:\d\d:\d\d p1 warm-up: 3 s\n/)
    expect(stderr).toContain('p1 Nothing found so far')
    expect(code).toBe(1)
  })

  it.each([
    ['healthy', [], 0],
    ['inconclusive', [], 3],
    ['inconclusive', ['--on-inconclusive', 'pass'], 0],
    ['invalid', [], 4],
  ] as const)('ends with the code of %s %j', async (verdict, flags, expected) => {
    const { url, outrider } = await serve()
    const args = ['probe', '--target', 'shop', ...flags]
    const ended = run(args, { OUTRIDER_SERVER: url })
    const probe = await startedProbe(outrider)
    probe.end({ ...exampleReport, verdict, findings: [] })
    expect((await ended).code).toBe(expected)
  })

  it('says why a probe failed at the server: exit 4', async () => {
    const { url, outrider } = await serve()
    const ended = run(['probe', '--server', url, '--target', 'shop'])
    const probe = await startedProbe(outrider)
    probe.fail(new Error('the disk is full'))
    expect(await ended).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('error: the disk is full'),
    })
  })

  it('takes a lost connection up again after the last event, and tells no event twice', async () => {
    const { url, outrider } = await serve()
    const line = await lineTo(url)
    const args = ['probe', '--server', line.url, '--target', 'shop']
    const running = startOutrider(args, { cwd: temporaryFolder(), env })
    const probe = await startedProbe(outrider)
    probe.log.add({ kind: 'state', phase: 'warm-up', message: 'first words' })
    await running.saw(/first words/)
    const before = line.count()
    line.cut()
    probe.log.add({ kind: 'state', phase: 'load', message: 'second words' })
    await running.saw(/second words/)
    expect(line.count()).toBeGreaterThan(before)
    line.cut()
    probe.end(exampleReport)
    const { code, stderr } = await running.ended
    expect(stderr.match(/first words/g)).toHaveLength(1)
    expect(code).toBe(1)
  })

  it('asks the server to end the probe at the first Ctrl-C, and prints the partial report', async () => {
    const { url, outrider } = await serve()
    const args = ['probe', '--server', url, '--target', 'shop', '--json']
    const running = startOutrider(args, { cwd: temporaryFolder(), env })
    const probe = await startedProbe(outrider)
    await running.saw(/Probe p1 runs at/)
    running.signal('SIGINT')
    await running.saw(/Ctrl-C again ends at once/)
    while (!probe.wasStopped()) await sleep(5)
    const read = await fetch(`${url}/probes/p1`)
    expect(await read.json()).toMatchObject({ stop: { reason: 'ended from the command line' } })
    const partial: Report = { ...exampleReport, verdict: 'inconclusive', findings: [] }
    probe.end(partial)
    const { code, stdout } = await running.ended
    expect(JSON.parse(stdout)).toEqual(partial)
    expect(code).toBe(130)
  })

  it('says where the probe is when Ctrl-C does not reach the server any more', async () => {
    const { url } = await serve()
    const line = await lineTo(url)
    const args = ['probe', '--server', line.url, '--target', 'shop']
    const running = startOutrider(args, { cwd: temporaryFolder(), env })
    await running.saw(/Probe p1 runs at/)
    line.close()
    running.signal('SIGINT')
    const { code, stderr } = await running.ended
    expect(flat(stderr)).toContain(`may still run, and its report will be at ${line.url}/probes/p1`)
    expect(code).toBe(130)
  })

  it('starts no second probe when the answer to the first start got lost', async () => {
    const { url, outrider } = await serve()
    let answers = 0
    const between = await answerWith((request, response) => {
      void (async () => {
        const parts: Buffer[] = []
        for await (const part of request) parts.push(Buffer.from(part))
        const headers = Object.entries(request.headers).flatMap(([name, value]) =>
          typeof value === 'string' && /^(content-type|idempotency-key)$/.test(name)
            ? [[name, value] as [string, string]]
            : [],
        )
        const isPost = request.method === 'POST'
        const answer = await fetch(`${url}${request.url}`, {
          method: request.method ?? 'GET',
          headers,
          ...(isPost ? { body: Buffer.concat(parts) } : {}),
        })
        answers += 1
        if (answers === 1) request.socket.destroy()
        else {
          const type = answer.headers.get('content-type') ?? ''
          response.writeHead(answer.status, { 'content-type': type })
          response.end(Buffer.from(await answer.arrayBuffer()))
        }
      })()
    })
    const ended = run(['probe', '--server', between, '--target', 'shop'])
    const probe = await startedProbe(outrider)
    probe.end(exampleReport)
    expect((await ended).code).toBe(1)
    expect(outrider.started).toHaveLength(1)
  })
})

describe('outrider profiles list --server', () => {
  const user = { user_id: 'u1', behavioral_patterns: [{ timestamp: 0, action: 'home' }] }

  it('prints the users of the server, as its own list would', async () => {
    const { url, send, outrider } = await serve()
    const phone = { ...user, user_id: 'u2', device_type: 'mobile' }
    expect((await send('POST', '/profiles', [user, phone])).status).toBe(201)
    const all = await run(['profiles', 'list'], { OUTRIDER_SERVER: url })
    const lines = all.stdout.trim().split('\n')
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      ...outrider.profiles.stream({}),
    ])
    const criteria = ['--criteria', '{"device_type":"mobile"}']
    const some = await run(['profiles', 'list', '--server', url, ...criteria])
    expect(JSON.parse(some.stdout)).toMatchObject({ user_id: 'u2' })
    expect([all.code, some.code]).toEqual([0, 0])
  })

  it('refuses a line that is no user, and flags of this machine', async () => {
    const url = await answerWith((_request, response) => {
      response.end(`${JSON.stringify(user)}\n`)
    })
    const wrong = await run(['profiles', 'list', '--server', url])
    expect(flat(wrong.stderr)).toContain('a line of it is no profile')
    const local = await run(['profiles', 'list', '--server', url, '--db', 'x.db'])
    expect(local.stderr).toContain('error: --db cannot be given with --server')
    expect([wrong.code, local.code]).toEqual([2, 2])
  })
})

describe('OUTRIDER_SERVER', () => {
  const OUTRIDER_SERVER = 'http://127.0.0.1:9'

  it.each([
    ['profiles import p.ndjson --format profiles', 'profiles import'],
    ['profiles synthesize --population shop', 'profiles synthesize'],
  ])('is refused by name for %s, which would surprise here', async (line, verb) => {
    const { code, stderr } = await run(line.split(' '), { OUTRIDER_SERVER })
    expect(flat(stderr)).toContain(
      `error: OUTRIDER_SERVER for outrider ${verb} is not built in this version`,
    )
    expect(code).toBe(2)
  })

  it('does not touch verbs that work on this machine by nature', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 's.ndjson'), '')
    const analyzed = await runOutrider(['analyze', 's.ndjson'], { cwd, env: { OUTRIDER_SERVER } })
    expect(analyzed.stderr).not.toContain('OUTRIDER_SERVER')
    const server = startOutrider(['serve', '--listen', '127.0.0.1:0'], {
      cwd,
      env: { OUTRIDER_SERVER },
    })
    await server.saw(/Listening on/)
    await server.stop()
  })

  it('gives way to --server', async () => {
    const { url } = await serve()
    const { code, stdout } = await run(['profiles', 'list', '--server', url], { OUTRIDER_SERVER })
    expect([code, stdout]).toEqual([0, ''])
  })
})
