/**
 * The other generators: where they are, and a line for each that is missing. Artillery is no
 * dependency of ours: on first use it is installed into a cache folder of its own.
 */

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { withoutServices } from '../../../test/support/install-parts.ts'

export interface Tools {
  readonly wrk: string | undefined
  readonly k6: string | undefined
  readonly artillery: string | undefined
}

const ARTILLERY = 'artillery@2.0.34'

/** @param tell gets a line about each tool that had to be installed or is missing */
export async function findTools(tell: (line: string) => void): Promise<Tools> {
  const wrk = await findWrk(tell)
  const k6 = onPath('k6')
  if (k6 === undefined) tell('k6: not on the PATH, so it is left out (T3 is not measured)')
  return { wrk, k6, artillery: await findArtillery(tell) }
}

async function findWrk(tell: (line: string) => void): Promise<string | undefined> {
  const found = onPath('wrk')
  if (found !== undefined) return found
  const mayInstall =
    process.getuid?.() === 0 &&
    existsSync('/usr/bin/apt-get') &&
    process.env['OUTRIDER_NO_INSTALL'] !== '1'
  if (mayInstall) {
    tell('wrk: installing the Debian package')
    await withoutServices('/usr/sbin/policy-rc.d', async () => {
      await run('apt-get', ['install', '--yes', '--quiet=2', '--no-install-recommends', 'wrk'])
    })
  }
  const installed = onPath('wrk')
  if (installed === undefined) {
    tell('wrk: missing; install it with: apt-get install --no-install-recommends wrk')
  }
  return installed
}

async function findArtillery(tell: (line: string) => void): Promise<string | undefined> {
  const folder = join(
    process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    'outrider-bench',
    ARTILLERY,
  )
  const bin = join(folder, 'node_modules', 'artillery', 'bin', 'run')
  if (existsSync(bin)) return bin
  tell(`artillery: installing ${ARTILLERY} into ${folder} (about 460 packages, once)`)
  mkdirSync(folder, { recursive: true })
  // Its scripts would fetch a whole browser, which nothing here needs.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const code = await run('npm', ['install', '--prefix', folder, ...flags, ARTILLERY])
  if (code === 0 && existsSync(bin)) return bin
  tell('artillery: it could not be installed, so it is left out (T2 and T5 miss their comparison)')
  return undefined
}

function onPath(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file))
}

function run(file: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(file, [...args], { stdio: ['ignore', 'ignore', 'inherit'] })
    child.once('error', () => resolve(127))
    child.once('close', (code) => resolve(code ?? 1))
  })
}
