import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { NOT_BUILT_VERBS } from '../../src/cli/usage.ts'
import { VERBS } from '../../src/cli/main.ts'
import { COMMON_FLAGS } from '../../src/cli/verb.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runOutrider, type Ended } from '../support/processes.ts'

/** In an empty folder, so that no configuration of the checkout is read. */
function run(...args: string[]): Promise<Ended> {
  return runOutrider(args, { cwd: temporaryFolder(), env: { LANG: 'C.UTF-8' } })
}

describe('outrider', () => {
  it.each([
    [['prbe'], 'no verb "prbe"', 'Did you mean outrider probe?'],
    [['profiles', 'lst'], 'no verb "profiles lst"', 'Did you mean outrider profiles list?'],
    [['probe', '--cannary', 'http://a'], 'no flag --cannary', 'Did you mean --canary?'],
    [['serve', '7070'], 'outrider serve was given more than it takes', 'It takes flags only'],
    [['analyze'], 'outrider analyze needs FILE', '--help'],
    [['rollout', 'strat'], 'no verb "rollout strat"', 'Did you mean outrider rollout start?'],
    [['rollout', 'start'], 'outrider rollout start needs NAME', '--help'],
    [['rollout', 'abort'], 'outrider rollout abort needs ID', '--help'],
    [['rollout', 'list', 'r1'], 'was given more than it takes', 'It takes flags only'],
    [['rollout', 'start', 'a', '--token', 'x'], 'no flag --token', '--help'],
    [['probe', '--rate'], '--rate <N> needs a value', '--help'],
    [['--json'], 'no verb "--json"', 'Verbs: init, probe'],
  ])('%j is wrong use: exit 2 with the mend', async (args, what, mend) => {
    const { code, stdout, stderr } = await run(...args)
    expect(stderr).toMatch(/^error: /)
    expect(stderr).toContain(what)
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(mend)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect([code, stdout]).toEqual([2, ''])
  })

  it.each([
    ['plan --server http://a', '--server for outrider plan'],
    ['probe --report md=F', '--report'],
    ['analyze F --server http://a', '--server for outrider analyze'],
    ['rehearse', 'outrider rehearse'],
  ])('%s is refused by name', async (line, name) => {
    const { code, stderr } = await run(...line.split(' '))
    expect(stderr.split('\n')[0]).toBe(`error: ${name} is not built in this version`)
    expect(code).toBe(2)
  })

  it('refuses every verb of the contract that is not built', async () => {
    const built = new Set(VERBS.map((verb) => verb.name))
    for (const name of NOT_BUILT_VERBS) expect(built).not.toContain(name)
    const { code } = await run('doctor')
    expect(code).toBe(2)
  })

  it('without a verb prints the help, but never as a pass', async () => {
    const { code, stdout, stderr } = await run()
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: outrider VERB')
  })

  it('answers --help and --version on stdout with exit 0', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, stderr: '' })
    expect(await run('probe', '--help')).toMatchObject({ code: 0, stderr: '' })
    expect(await run('help', 'profiles', 'import')).toMatchObject({ code: 0, stderr: '' })
    expect((await run('profiles', '--help')).stdout).toContain('profiles synthesize')
    expect((await run('rollout', '--help')).stdout).toContain('rollout finalize')
    expect((await run('--version')).stdout).toMatch(/^outrider \d+\.\d+\.\d+\n$/)
  })

  it.each(VERBS.map((verb) => [verb.name, verb] as const))(
    '%s: the help names each flag, an example, and fits into 80 columns',
    (name, verb) => {
      for (const spec of [...verb.flags, ...COMMON_FLAGS]) {
        expect(verb.help, spec).toContain(spec.split(' ')[0])
      }
      expect(verb.help).toMatch(new RegExp(`^Example +outrider ${name}`, 'm'))
      for (const line of verb.help.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
      for (const flag of verb.notBuilt) expect(verb.help).not.toContain(flag)
    },
  )
})

describe('outrider probe', () => {
  const arms = ['--baseline', 'http://127.0.0.1:1', '--canary', 'http://127.0.0.1:1']
  it.each([
    [['--duration', '60'], 'Cannot read duration: "60"'],
    [['--rate', 'fast'], 'Cannot read --rate: "fast"'],
    [['--rate', '-5'], 'Cannot read --rate: "-5"'],
    [['--alpha', '2'], 'Cannot read --alpha: "2"'],
    [['--concurrency', '1.5'], 'Cannot read --concurrency'],
    [['--arrivals', 'poison'], 'Did you mean "poisson"?'],
    [['--phases', 'quite'], 'Did you mean "quiet"?'],
    [['--margin', 'latency=10%'], 'Cannot read --margin: "latency=10%"'],
    [['--margin', 'errors'], 'Write it like errors=10%'],
    [['--require', 'a,,b'], 'Cannot read --require'],
    [['--on-inconclusive', 'maybe'], 'Cannot read --on-inconclusive'],
    [['--focus', 'maybe'], 'Cannot read --focus: "maybe"'],
    [['--self-test', 'cpu=10%'], 'Cannot read --self-test: "cpu=10%"'],
    [['--self-test', 'errors=0'], 'errors is 0, which changes nothing'],
    [['--aa'], '--aa and --canary exclude each other'],
    [['--seed', 'x'], 'Cannot read --seed'],
    [['--paths', '/', '--actions', 'a.yaml'], '--actions and --paths exclude each other'],
    [['--target', 'shop'], '--target and --baseline exclude each other'],
    [['--actions', 'missing.yaml'], 'missing.yaml'],
    [['--profiles', 'missing.ndjson', '--paths', '/'], 'Cannot read profiles: "missing.ndjson"'],
    [['--criteria', '{"devise_type":"mobile"}', '--paths', '/'], 'did you mean "device_type"?'],
    [['--config', 'missing.yaml', '--paths', '/'], 'Cannot read configuration'],
  ])('%j is wrong use', async (flags, words) => {
    const { code, stdout, stderr } = await run('probe', ...arms, ...flags)
    expect(stderr.replaceAll(/\s+/g, ' ').toLowerCase()).toContain(words.toLowerCase())
    expect(stderr).toMatch(/^error: /)
    expect([code, stdout]).toEqual([2, ''])
  })

  it('wants both addresses, or a target that the configuration has', async () => {
    const one = await run('probe', '--baseline', 'http://127.0.0.1:1', '--paths', '/')
    expect(one.stderr).toContain('error: Cannot start a probe: --canary is missing')
    const no = await run('probe', '--baseline', 'tcp://a', '--canary', 'http://b', '--paths', '/')
    expect(no.stderr).toContain('Cannot read --baseline: "tcp://a"')
  })

  it('names the targets that are there', async () => {
    const cwd = temporaryFolder()
    writeFileSync(
      join(cwd, 'outrider.yaml'),
      'version: 1\ntargets:\n  shop: { baseline: "http://127.0.0.1:1", canary: "http://127.0.0.1:2" }\n',
    )
    const { code, stderr } = await runOutrider(['probe', '--target', 'shpo', '--paths', '/'], {
      cwd,
    })
    expect(stderr).toContain('error: no target "shpo" in outrider.yaml')
    expect(stderr).toContain('argets there: shop. Did you mean shop?')
    expect(code).toBe(2)
  })

  it('names file and line of a wrong configuration', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'outrider.yaml'), 'version: 1\nprobe:\n  rat: 5\n')
    const { code, stderr } = await runOutrider(['probe', ...arms, '--paths', '/'], { cwd })
    expect(stderr).toContain('"probe.rat" in outrider.yaml:3')
    expect(stderr).toContain('Did you mean "rate"?')
    expect(code).toBe(2)
  })

  it('names the arm that does not answer, and sends nothing', async () => {
    const { code, stdout, stderr } = await run('probe', ...arms, '--paths', '/')
    expect(stderr).toMatch(/^error: .*baseline http:\/\/127\.0\.0\.1:1 refused/)
    expect([code, stdout]).toEqual([2, ''])
  })
})
