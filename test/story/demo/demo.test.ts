/** The whole demo as a person starts it: a real process, real shops, the real page. */

import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/folders.ts'
import { findFreePort } from '../../support/ports.ts'
import { startOutrider, type Program } from '../../support/processes.ts'

const LIMIT_MS = 150_000

function startDemo(folder: string, ...flags: readonly string[]): Program {
  return startOutrider(['demo', ...flags], { env: { TMPDIR: folder, LANG: 'C.UTF-8' } })
}

async function pageOf(program: Program): Promise<string> {
  const [, url = ''] = await program.saw(/Watch it live: (http:\S+)/)
  return url
}

async function statusOf(url: string): Promise<number | 'down'> {
  return await fetch(url).then(
    (response) => response.status,
    () => 'down' as const,
  )
}

function shopsOf(stdout: string): string[] {
  return [...stdout.matchAll(/shop 1\.4\.\d +(http:\S+)/g)].map((match) => match[1] ?? '')
}

/** Files anywhere, and folders of a demo; the empty folder where runs claim their targets stays. */
function leftIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.name.startsWith('outrider-demo-'))
    .map((entry) => entry.name)
}

describe('outrider demo', () => {
  it('refuses a port that is taken, and leaves nothing behind', async () => {
    const folder = temporaryFolder()
    const first = startDemo(folder, '--port', '0')
    const { port } = new URL(await pageOf(first))
    const second = startDemo(folder, '--port', port)
    const { code, stderr } = await second.ended
    expect(code).toBe(2)
    expect(stderr).toContain('another program has this port')
    await first.stop()
    expect(leftIn(folder)).toEqual([])
  })
  it('Ctrl-C ends it in the middle, gracefully and completely', async () => {
    const folder = temporaryFolder()
    const program = startDemo(folder, '--port', String(await findFreePort()))
    const page = await pageOf(program)
    await program.saw(/warm-up/)
    expect(await statusOf(`${page}/healthz`)).toBe(200)
    program.signal('SIGINT')
    const { code, stdout } = await program.ended
    expect(code).toBe(130)
    const shops = shopsOf(stdout)
    expect(shops).toHaveLength(3)
    for (const url of [...shops, page]) expect(await statusOf(url)).toBe('down')
    expect(leftIn(folder)).toEqual([])
  })
  it(
    'names the slow search of 1.4.2, proves 1.4.3 healthy, and stays open with --keep',
    { timeout: LIMIT_MS + 30_000 },
    async () => {
      const folder = temporaryFolder()
      const program = startDemo(folder, '--keep', '--port', '0')
      const startMs = performance.now()
      const page = await pageOf(program)
      await program.saw(/stay up until Ctrl-C|not come out as told/, LIMIT_MS)
      const told = program.stdout()
      expect(told).toMatch(/regressed: search is \d+(\.\d+)?× slower/)
      expect(told).toMatch(/healthy: /)
      expect(performance.now() - startMs).toBeLessThan(120_000)

      const response = await fetch(`${page}/probes`)
      expect(await response.text()).toMatch(/shop-1\.4\.3[^]*shop-1\.4\.2/)
      program.signal('SIGINT')
      const { code, stdout } = await program.ended
      expect(code).toBe(0)
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
      for (const url of [...shopsOf(stdout), page]) expect(await statusOf(url)).toBe('down')
      expect(leftIn(folder)).toEqual([])
    },
  )
})
