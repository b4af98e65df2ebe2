/** Alerts survive the processes that tell them: real ones, killed at the worst moments. */

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openDatabase } from '../../profiles-db/open.ts'
import { accept, answerWith, startReceiver } from '../allocator/alerts/receiver.ts'
import { temporaryFolder } from '../support/folders.ts'
import { PROJECT, startProgram, type Program } from '../support/processes.ts'

/** Raises an alert if it is told to, and tells what waits until SIGTERM. */
const SCRIPT = `
  const { createAlerts } = await import(process.env.PROJECT_URL + 'src/allocator/alerts/alerts.ts')
  const { openDatabase } = await import(process.env.PROJECT_URL + 'profiles-db/open.ts')
  const aheadMs = Number(process.env.AHEAD_MS ?? 0)
  const database = openDatabase(process.env.DATABASE)
  const alerts = createAlerts({
    database,
    channels: [
      { kind: 'webhook', url_env: 'HOOK_URL', on: ['regressed'], severity: 'page' },
    ],
    environment: process.env,
    clock: { nowMs: () => performance.now(), wallMs: () => Date.now() + aheadMs },
    log: console.log,
  })
  process.once('SIGTERM', async () => {
    await alerts.close()
    database.close()
    console.log('closed')
  })
  if (process.env.RAISE === 'yes') {
    alerts.raise({ rollout: 'r1', kind: 'regressed', subject: 'checkout/errors', title: 'x' })
  }
  alerts.start()
  console.log('started')
`

function startTeller(env: Record<string, string>): Program {
  const program = startProgram(
    process.execPath,
    ['--no-warnings', '--input-type=module', '--eval', SCRIPT],
    { env: { PROJECT_URL: pathToFileURL(PROJECT).href, ...env } },
  )
  onTestFinished(() => program.stop())
  return program
}

/** The queue as a third process sees it. */
function watchQueue(file: string): (expected: object) => Promise<void> {
  const database = openDatabase(file)
  onTestFinished(() => database.close())
  const rows = (): unknown[] => database.prepare('SELECT state, tries FROM deliveries').all()
  return (expected) =>
    vi.waitFor(() => expect(rows()).toMatchObject([expected]), { timeout: 20_000, interval: 10 })
}

describe('alerts of real processes', () => {
  it('a process killed between two tries leaves the alert to the next one', async () => {
    const DATABASE = join(temporaryFolder(), 'outrider.db')
    let isIll = true
    const receiver = await startReceiver((response) => {
      if (isIll) answerWith(500)(response)
      else accept(response)
    })
    const queueIs = watchQueue(DATABASE)
    const env = { DATABASE, HOOK_URL: receiver.url }
    const first = startTeller({ ...env, RAISE: 'yes' })
    await queueIs({ state: 'waiting', tries: 2 })
    first.signal('SIGKILL')
    expect((await first.ended).signal).toBe('SIGKILL')
    await queueIs({ state: 'waiting', tries: 2 })

    isIll = false
    const second = startTeller(env)
    await queueIs({ state: 'delivered', tries: 3 })
    expect(receiver.received.map(({ headers }) => headers['idempotency-key'])).toEqual(
      Array.from({ length: 3 }, () => 'a1/firing/1'),
    )
    expect(receiver.received.at(-1)?.body).toMatchObject({ id: 'a1', change: 'firing' })
    second.signal('SIGTERM')
    expect(await second.ended).toMatchObject({ code: 0, stdout: 'started\nclosed\n' })
  })

  it('a process killed in the middle of a try is followed when its lease has ended', async () => {
    const DATABASE = join(temporaryFolder(), 'outrider.db')
    const receiver = await startReceiver((response, _, index) => {
      if (index > 0) accept(response)
    })
    const queueIs = watchQueue(DATABASE)
    const env = { DATABASE, HOOK_URL: receiver.url }
    const first = startTeller({ ...env, RAISE: 'yes' })
    await receiver.got(1)
    await queueIs({ state: 'sending', tries: 1 })
    first.signal('SIGKILL')
    await first.ended

    const early = startTeller(env)
    await early.saw(/started/)
    await early.stop()
    expect(receiver.received).toHaveLength(1)
    await queueIs({ state: 'sending', tries: 1 })

    startTeller({ ...env, AHEAD_MS: '31000' })
    await queueIs({ state: 'delivered', tries: 2 })
    expect(receiver.received.map(({ headers }) => headers['idempotency-key'])).toEqual([
      'a1/firing/1',
      'a1/firing/1',
    ])
  })
})
