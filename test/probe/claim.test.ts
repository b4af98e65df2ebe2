import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CapacityError } from '../../src/core/errors.ts'
import { claimTargets } from '../../src/probe/claim.ts'

// A port nothing listens on; the claim is by name, nothing is sent.
const canary = `http://127.0.0.1:9/claim-${process.pid}`

function claimFile(): string {
  const folder = join(tmpdir(), `outrider-claims-${userInfo().uid}`)
  const own = readdirSync(folder).filter(
    (name) => readFileSync(join(folder, name), 'utf8') === String(process.pid),
  )
  return join(folder, own[0] ?? '')
}

describe('claimTargets', () => {
  it('takes one claim for two arms at one address, and gives it back whole', () => {
    claimTargets([canary, canary]).release()
    const claim = claimTargets([canary, `${canary}/other`])
    expect(() => claimTargets([canary])).toThrow(CapacityError)
    claim.release()
    claimTargets([canary]).release()
  })

  it('refuses a second run on the same address and names the holder', () => {
    const claim = claimTargets([canary])
    try {
      expect(() => claimTargets(['http://127.0.0.1:10', canary])).toThrow(CapacityError)
      expect(() => claimTargets([canary])).toThrow(`process ${process.pid}`)
      // What the refused run had claimed besides is free again.
      claimTargets(['http://127.0.0.1:10']).release()
    } finally {
      claim.release()
    }
    claimTargets([canary]).release()
  })

  it('takes over the claim of a process that is gone', () => {
    const claim = claimTargets([canary])
    const gone = spawnSync(process.execPath, ['-e', '0']).pid
    writeFileSync(claimFile(), String(gone))
    const second = claimTargets([canary])
    second.release()
    claim.release()
  })

  it('counts one address with several paths as one', () => {
    const claim = claimTargets(['http://127.0.0.1:11/a', 'http://127.0.0.1:11/b'])
    claim.release()
  })
})
