/**
 * Runs before the tests: installs the real parts they need where it may, and says what is missing
 * where it may not.
 *
 * Only Debian's own packages are taken, only as root, and never with OUTRIDER_NO_INSTALL=1. No
 * installed service may start, so a policy-rc.d that forbids it stands for as long as apt-get runs
 * (exit 101, see invoke-rc.d(8)); whatever stood there before is put back. A missing part only
 * skips its tests for a person at home, but under CI=true it is a failure: a check that checked
 * nothing must not pass.
 */

import { spawn } from 'node:child_process'
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { findPart, PARTS, type Part } from './parts.ts'

/** Waits for another apt-get to end and forgives a mirror that hiccups, within limits. */
const QUIETLY = ['--quiet=2', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3']

export interface Machine {
  readonly isDebian: boolean
  readonly isRoot: boolean
  readonly mayInstall: boolean
  readonly isCi: boolean
}

export type PartsPlan =
  | { readonly kind: 'nothing-missing' }
  | { readonly kind: 'install'; readonly packages: readonly string[] }
  | { readonly kind: 'skip'; readonly sentence: string }
  | { readonly kind: 'fail'; readonly sentence: string }

/** What to do about these missing parts on this machine. */
export function planOf(missing: readonly Part[], machine: Machine): PartsPlan {
  if (missing.length === 0) return { kind: 'nothing-missing' }
  if (machine.isDebian && machine.isRoot && machine.mayInstall) {
    return { kind: 'install', packages: missing.flatMap((part) => part.packages) }
  }
  return { kind: machine.isCi ? 'fail' : 'skip', sentence: sentenceOf(missing, machine) }
}

function sentenceOf(missing: readonly Part[], machine: Machine): string {
  const packages = missing.flatMap((part) => part.packages).join(' ')
  const why = machine.isDebian
    ? machine.isRoot
      ? 'OUTRIDER_NO_INSTALL=1 forbids to install it'
      : 'only root may install it'
    : 'this is not Debian'
  const mend = machine.isDebian ? `: apt-get install --no-install-recommends ${packages}` : ''
  const untested = missing.map((part) => part.neededFor).join('; ')
  return `missing: ${packages} (${why}${mend}); not tested without: ${untested}`
}

/**
 * Runs `work` while no installed service can start.
 * @param file where the policy stands; what was there before is put back
 */
export async function withoutServices(file: string, work: () => Promise<void>): Promise<void> {
  const kept = `${file}.before-outrider-tests`
  const hadOne = existsSync(file)
  if (hadOne) renameSync(file, kept)
  try {
    writeFileSync(file, '#!/bin/sh\nexit 101\n')
    chmodSync(file, 0o755)
    await work()
  } finally {
    rmSync(file, { force: true })
    if (hadOne) renameSync(kept, file)
  }
}

async function install(packages: readonly string[]): Promise<void> {
  await withoutServices('/usr/sbin/policy-rc.d', async () => {
    const list = ['install', '--yes', '--no-install-recommends', ...packages]
    if ((await apt(list)) === 0) return
    // Package lists that are missing or old are the usual reason, and fetching them is cheap.
    await apt(['update'])
    await apt(list)
  })
}

async function apt(args: readonly string[]): Promise<number> {
  // Ctrl-C reaches apt-get by itself; this process must live on to take the policy away again.
  process.on('SIGINT', hold)
  const child = spawn('apt-get', [...QUIETLY, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(127))
    child.once('close', (exitCode) => resolve(exitCode ?? 1))
  })
  process.off('SIGINT', hold)
  return code
}

function hold(): void {
  // Nothing to do: being here keeps the process alive.
}

async function main(): Promise<number> {
  const machine: Machine = {
    isDebian: existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get'),
    isRoot: process.getuid?.() === 0,
    mayInstall: process.env['OUTRIDER_NO_INSTALL'] !== '1',
    isCi: process.env['CI'] === 'true',
  }
  const missing = PARTS.filter((part) => findPart(part.name) === undefined)
  const plan = planOf(missing, machine)
  switch (plan.kind) {
    case 'nothing-missing':
      break
    case 'skip':
    case 'fail':
      console.log(`parts: ${plan.sentence}`)
      break
    case 'install':
      console.log(`parts: installing ${plan.packages.join(' ')}`)
      await install(plan.packages)
      break
  }
  for (const part of PARTS) console.log(`parts: ${part.name} ${findPart(part.name) ?? 'missing'}`)
  const isComplete = PARTS.every((part) => findPart(part.name) !== undefined)
  return machine.isCi && !isComplete ? 1 : 0
}

if (import.meta.main) process.exitCode = await main()
