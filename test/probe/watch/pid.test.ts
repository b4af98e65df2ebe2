import { spawn } from 'node:child_process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MeterFault } from '../../../src/probe/watch/meter.ts'
import { createPidMeter, parsePs, parseRssBytes, parseStat } from '../../../src/probe/watch/pid.ts'
import { startProgram } from '../../support/processes.ts'
import { never } from './served.ts'

const onLinux = describe.skipIf(process.platform !== 'linux')

describe('createPidMeter()', () => {
  it('says that it cannot read processes on Windows', async () => {
    const meter = createPidMeter('canary', process.pid, [process.pid], 'win32')
    await expect(meter.read(never())).rejects.toThrow('cannot be read on Windows')
  })
})

onLinux('createPidMeter() on Linux', () => {
  it('says that a process is not running, also one that has ended just now', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: 'pipe' })
    const pid = child.pid ?? 0
    const meter = createPidMeter('canary', pid, [pid])
    expect((await meter.read(never())).usages).toHaveLength(1)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.stdin.end()
    await ended
    for (const platform of ['linux', 'darwin'] as const) {
      const fault = await createPidMeter('canary', pid, [pid], platform)
        .read(never())
        .catch((thrown: unknown) => thrown)
      expect(fault).toBeInstanceOf(MeterFault)
      expect(fault).toMatchObject({ kind: 'no-process', message: 'is not running on this machine' })
    }
  })
  it('reads what this very process uses', async () => {
    const meter = createPidMeter('canary', process.pid, [process.pid])
    const usage = (await meter.read(never())).usages[0]
    const { user, system } = process.cpuUsage()
    expect(usage?.instance).toBe(`pid:${process.pid}`)
    expect(usage?.cpuSeconds).toBeGreaterThan(0)
    expect(usage?.cpuSeconds).toBeLessThanOrEqual((user + system) / 1e6 + 0.02)
    const { rss } = process.memoryUsage()
    expect(usage?.rssBytes).toBeGreaterThan(rss / 2)
    expect(usage?.rssBytes).toBeLessThan(rss * 2)
  })
  it('reads the same with ps, in whole seconds', async () => {
    const ids = [process.pid]
    const proc = (await createPidMeter('canary', process.pid, ids).read(never())).usages[0]
    const ps = (await createPidMeter('canary', process.pid, ids, 'darwin').read(never())).usages[0]
    expect(Math.abs((ps?.cpuSeconds ?? 99) - (proc?.cpuSeconds ?? 0))).toBeLessThan(1.5)
    expect((ps?.rssBytes ?? 0) / (proc?.rssBytes ?? 1)).toBeGreaterThan(0.5)
    expect(ps?.members).toMatch(/\d{4}/)
  })
  it('measures a child that burns CPU within 15 %', async () => {
    const script = `
      process.stdin.once('data', () => {
        const before = process.cpuUsage()
        const until = performance.now() + 1000
        while (performance.now() < until) Math.sqrt(until)
        const { user, system } = process.cpuUsage(before)
        console.log('used ' + (user + system) / 1e6)
      })
      console.log('ready')`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const says = (pattern: RegExp): Promise<string> =>
      new Promise((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          const match = pattern.exec(chunk.toString())
          if (match !== null) resolve(match[1] ?? '')
        })
      })
    await says(/(ready)/)
    const pid = child.pid ?? 0
    const meter = createPidMeter('canary', pid, [pid])
    const before = (await meter.read(never())).usages[0]?.cpuSeconds ?? 0
    const used = says(/used (\S+)/)
    child.stdin.write('go\n')
    const own = Number(await used)
    const after = (await meter.read(never())).usages[0]?.cpuSeconds ?? 0
    expect(own).toBeGreaterThan(0.1)
    expect((after - before) / own).toBeGreaterThan(0.85)
    expect((after - before) / own).toBeLessThan(1.15)
  })
  it('remarks that a process has started others, unless they are named too', async () => {
    const script = `
      const { spawn } = require('node:child_process')
      const child = spawn('sleep', ['60'], { stdio: 'ignore' })
      process.on('exit', () => child.kill())
      process.on('SIGTERM', () => process.exit())
      console.log('child ' + child.pid)`
    const parent = startProgram(process.execPath, ['-e', script])
    onTestFinished(() => parent.stop())
    const child = Number((await parent.saw(/child (\d+)/))[1])
    const { pid } = parent
    expect(await createPidMeter('canary', pid, [pid]).lookAround?.()).toEqual([
      `has started other processes (${child} sleep); name theirs too if they serve`,
    ])
    expect(await createPidMeter('canary', pid, [pid, child]).lookAround?.()).toEqual([])
  })
})

describe('parseStat()', () => {
  it('finds the fields behind any name of the process', () => {
    const stat =
      '42 (a) S 7 ) b) R 1 42 42 0 -1 4194304 1 2 3 4 150 25 900 800 20 0 11 0 777 1 2 3\n'
    expect(parseStat(stat)).toEqual({ state: 'R', parent: 1, cpuTicks: 175, startTicks: 777 })
  })
})

describe('parseRssBytes()', () => {
  it('is 0 where there is none', () => {
    expect(parseRssBytes('Name:\tx\nState:\tZ\n')).toBe(0)
    expect(parseRssBytes('VmHWM:\t 9 kB\nVmRSS:\t   1234 kB\n')).toBe(1234 * 1024)
  })
})

describe('parsePs()', () => {
  it('refuses what it does not know', () => {
    expect(() => parsePs('USER PID\n', 7)).toThrow('a way that is not known: USER PID')
  })
  it.each([
    ['  1024   0:00.05 Sat Jan  3 10:00:00 2026\n', 0.05],
    ['1024 00:01:05 Sat Jan  3 10:00:00 2026', 65],
    ['1024 754:03.25 Sat Jan  3 10:00:00 2026', 45_243.25],
    ['1024 2-03:04:05 Sat Jan  3 10:00:00 2026', 183_845],
  ])('reads the time of "%s"', (text, cpuSeconds) => {
    expect(parsePs(text, 7)).toEqual({
      instance: 'pid:7',
      cpuSeconds,
      rssBytes: 1_048_576,
      members: text.includes('Sat Jan  3') ? 'Sat Jan  3 10:00:00 2026' : '',
    })
  })
})
