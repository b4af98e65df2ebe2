import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { serveHttp, type ArmServer } from '../../generator/arm-server.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { runOutrider } from '../../support/processes.ts'

const servers: ArmServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function serveShop(): Promise<string> {
  const server = await serveHttp((request, response) => {
    const page = request.url === '/' ? '<a href="/products">All</a>' : '<a href="/">home</a>'
    response.setHeader('content-type', 'text/html')
    response.end(page)
  })
  servers.push(server)
  return server.url
}

describe('outrider init', () => {
  it('writes a configuration with which a probe works at once', async () => {
    const [baseline, canary] = [await serveShop(), await serveShop()]
    const cwd = temporaryFolder()
    const made = await runOutrider(['init', baseline, '--canary', canary], { cwd })
    expect(made.stderr).toContain('looking at /products')
    expect(made).toMatchObject({ code: 0 })
    expect(made.stdout).toContain('outrider probe --target app')
    const checked = await runOutrider(
      ['actions', 'check', 'actions.yaml', '--try', '--target', baseline],
      {
        cwd,
      },
    )
    expect(checked, checked.stderr).toMatchObject({ code: 0 })
    const flags = '--rate 60 --phases load --warmup 2s --duration 4s --json'
    const probed = await runOutrider(['probe', '--target', 'app', ...flags.split(' ')], { cwd })
    const report: unknown = JSON.parse(probed.stdout)
    expect(report).toMatchObject({ schema: 'outrider.report/1', findings: [] })
    expect(Reflect.get(report as object, 'pairs')).toBeGreaterThan(50)
  })

  it('overwrites nothing without --force', async () => {
    const url = await serveShop()
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'actions.yaml'), 'mine')
    const refused = await runOutrider(['init', url], { cwd })
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('actions.yaml would be')
    expect(readFileSync(join(cwd, 'actions.yaml'), 'utf8')).toBe('mine')
    const forced = await runOutrider(['init', url, '--force', '--json'], { cwd })
    expect(JSON.parse(forced.stdout)).toMatchObject({ kind: 'pages', actions: 2 })
    expect(readFileSync(join(cwd, 'outrider.yaml'), 'utf8')).toContain(
      '# <- the address of the new version',
    )
  })

  it('names what it cannot begin with', async () => {
    const cwd = temporaryFolder()
    const missing = await runOutrider(['init', 'nowhere.json'], { cwd })
    expect(missing).toMatchObject({ code: 2, stdout: '' })
    expect(missing.stderr).toContain('"nowhere.json": there is no such file')
    const named = await runOutrider(['init', 'x', '--name', 'a b'], { cwd })
    expect(named.stderr).toContain('"a b" is no name of a target')
  })
})
