import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planOf, withoutServices, type Machine } from './install-parts.ts'
import { startNginx } from './nginx.ts'
import { PARTS, skipReason } from './parts.ts'
import { runProgram, startProgram } from './processes.ts'
import { temporaryFolder } from './folders.ts'

const debianRoot: Machine = { isDebian: true, isRoot: true, mayInstall: true, isCi: false }

describe('install-parts', () => {
  it('planOf() fails in CI where a part is missing and cannot be installed', () => {
    const plan = planOf(PARTS, { isDebian: false, isRoot: true, mayInstall: true, isCi: true })
    expect(plan).toMatchObject({ kind: 'fail' })
  })
  it('planOf() skips at home and says what is missing and why', () => {
    const plan = planOf(PARTS, { ...debianRoot, isRoot: false })
    expect(plan.kind).toBe('skip')
    expect('sentence' in plan ? plan.sentence : '').toMatch(/nginx .*only root.*real browser/s)
  })
  it('planOf() installs nothing under OUTRIDER_NO_INSTALL=1', () => {
    expect(planOf(PARTS, { ...debianRoot, mayInstall: false }).kind).toBe('skip')
    expect(planOf(PARTS, { ...debianRoot, mayInstall: false, isCi: true }).kind).toBe('fail')
  })
  it('planOf() installs only the packages of what is missing', () => {
    const missing = PARTS.filter((part) => part.name === 'nginx-echo')
    expect(planOf(missing, debianRoot)).toEqual({
      kind: 'install',
      packages: ['libnginx-mod-http-echo'],
    })
    expect(planOf([], debianRoot)).toEqual({ kind: 'nothing-missing' })
  })
  it('withoutServices() forbids starts meanwhile and puts back what stood there', async () => {
    const policy = join(temporaryFolder(), 'policy-rc.d')
    writeFileSync(policy, '#!/bin/sh\nexit 104\n')
    chmodSync(policy, 0o755)
    let code: number | undefined
    await withoutServices(policy, async () => {
      code = (await runProgram(policy, [])).code
    })
    expect(code).toBe(101)
    expect(readFileSync(policy, 'utf8')).toContain('exit 104')
  })
  it('withoutServices() leaves nothing where nothing stood, also after a failure', async () => {
    const policy = join(temporaryFolder(), 'policy-rc.d')
    const failing = withoutServices(policy, () => Promise.reject(new Error('no network')))
    await expect(failing).rejects.toThrow('no network')
    expect(existsSync(policy)).toBe(false)
  })
})

describe('startProgram', () => {
  it('saw() rejects when the program ends without the line', async () => {
    const program = startProgram(process.execPath, ['-e', 'process.stdout.write("other")'])
    await expect(program.saw(/ready/)).rejects.toThrow(/it ended[^]*other/)
  })
  it('saw() resolves with the match, stop() ends the program', async () => {
    const script = 'console.log("ready on 7"); setInterval(() => {}, 1000)'
    const program = startProgram(process.execPath, ['-e', script])
    expect((await program.saw(/ready on (\d+)/))[1]).toBe('7')
    await program.stop()
    expect(await program.ended).toMatchObject({ code: undefined, signal: 'SIGTERM' })
  })
})

describe.skipIf(skipReason('nginx', 'nginx-echo') !== undefined)('startNginx', () => {
  it('startNginx() answers every path, the delayed one later, and stops', async () => {
    const nginx = await startNginx({
      delays: [{ path: '/slow', seconds: 0.03 }],
      failures: [{ path: '/broken', status: 503 }],
    })
    const slow: number[] = []
    const fast: number[] = []
    for (let round = 0; round < 5; round += 1) {
      slow.push(await timeOf(`${nginx.url}/slow?q=${round}`))
      fast.push(await timeOf(`${nginx.url}/any/path`))
    }
    expect((await fetch(`${nginx.url}/broken`)).status).toBe(503)
    await nginx.stop()
    expect(Math.min(...slow)).toBeGreaterThanOrEqual(29)
    expect(Math.min(...fast)).toBeLessThan(Math.min(...slow))
    await expect(fetch(nginx.url)).rejects.toThrow()
  })
})

async function timeOf(url: string): Promise<number> {
  const startMs = performance.now()
  const response = await fetch(url)
  expect(response.status).toBe(200)
  expect(await response.text()).toBe('a small answer\n')
  return performance.now() - startMs
}
