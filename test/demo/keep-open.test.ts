import { afterEach, describe, expect, it } from 'vitest'
import { keepOpen } from '../../src/demo/keep-open.ts'
import { setTheStage } from '../../src/demo/stage.ts'
import { createTeller } from '../../src/demo/teller.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function versionAt(url: string | undefined): Promise<string | null> {
  const answer = await fetch(url ?? '')
  await answer.text()
  return answer.headers.get('x-shop-version')
}

describe('keepOpen', () => {
  it('leaves the trusted version to the customers and the slow one to try, until Ctrl-C', async () => {
    const stage = await setTheStage(0, closing)
    const written: string[] = []
    const teller = createTeller(
      (text) => written.push(text),
      false,
      () => 0,
    )
    const stop = new AbortController()
    const kept = keepOpen(stage, teller, stop.signal)
    await expect.poll(() => written.join(''), { timeout: 15_000 }).toContain('until Ctrl-C')
    const said = written.join('')
    expect(await versionAt(/--baseline (\S+)/.exec(said)?.[1])).toBe('1.4.1')
    expect(await versionAt(/--canary (\S+)/.exec(said)?.[1])).toBe('1.4.2')
    expect(await versionAt(stage.url)).toBe('1.4.1')
    expect((await fetch(`${/--server (\S+)/.exec(said)?.[1]}/healthz`)).status).toBe(200)
    stop.abort()
    await kept
  })
})
