/** The whole demo as a person starts it: a real process, real shops, the real page. */

import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/folders.ts'
import { findFreePort } from '../../support/ports.ts'
import { startOutrider, type Program } from '../../support/processes.ts'

/** The demo promises to end in this time by itself. */
const LIMIT_MS = 180_000

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

/** Baseline, canary and router. */
function addressesOf(stdout: string): string[] {
  return [...stdout.matchAll(/^ +(?:baseline|canary|router) +(http:\S+)$/gm)].map(
    (match) => match[1] ?? '',
  )
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
    await program.saw(/Act 1[^]*Probing/)
    expect(await statusOf(`${page}/healthz`)).toBe(200)
    program.signal('SIGINT')
    const { code, stdout } = await program.ended
    expect(code).toBe(130)
    const addresses = addressesOf(stdout)
    expect(addresses).toHaveLength(3)
    for (const url of [...addresses, page]) expect(await statusOf(url)).toBe('down')
    expect(leftIn(folder)).toEqual([])
  })
  it(
    'stops 1.4.2 at the gate, takes 1.4.3 back, promotes 1.4.4, and loses no live request',
    { timeout: LIMIT_MS + 30_000 },
    async () => {
      const folder = temporaryFolder()
      const startMs = performance.now()
      const program = startDemo(folder, '--port', '0')
      const page = await pageOf(program)
      await program.saw(/Act 3/, LIMIT_MS)
      const list: unknown = await (
        await fetch(`${page}/rollouts`, { headers: { accept: 'application/json' } })
      ).json()
      const { code, stdout } = await program.ended
      expect(performance.now() - startMs).toBeLessThan(LIMIT_MS)
      expect(code, stdout).toBe(0)
      const [, slow = '', leaking = '', mended = ''] = stdout.split(/^Act \d of 3: /m)
      expect(slow).toMatch(/^1\.4\.2/)
      expect(slow).toContain('Stopped at the gate, with "search" named')
      expect(leaking).toMatch(/^1\.4\.3/)
      expect(leaking).toMatch(/Taken back from (?:15|30|60|100)\s%, with "category" named/)
      expect(mended).toMatch(/^1\.4\.4/)
      expect(mended).toContain('Promoted')
      for (const act of [slow, leaking, mended]) {
        expect(act.replaceAll(/\s+/g, ' ')).toContain('Lost through a change of weight: 0.')
      }
      const over = (version: string): unknown =>
        expect.objectContaining({ version, state: 'rolled_back', weightBp: 0 })
      expect(list).toMatchObject({
        rollouts: expect.arrayContaining([over('1.4.2'), over('1.4.3')]),
      })
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
      for (const url of [...addressesOf(stdout), page]) expect(await statusOf(url)).toBe('down')
      expect(leftIn(folder)).toEqual([])
    },
  )
})
