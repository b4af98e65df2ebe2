/** Alerts on a database of their own, with time that a test lets pass. */

import { onTestFinished } from 'vitest'
import {
  createAlerts,
  type AlertOptions,
  type AlertRequest,
  type Alerts,
} from '../../../src/allocator/alerts/alerts.ts'
import { ALERT_KINDS } from '../../../src/core/contract/investigation.ts'
import type { AlertChannel } from '../../../src/core/contract/config.ts'
import { createRandom } from '../../../src/core/random.ts'
import { openDatabase, type Database } from '../../../profiles-db/open.ts'
import { createManualTime, type ManualTime } from './manual-time.ts'

export interface Given {
  readonly alerts: Alerts
  readonly database: Database
  readonly time: ManualTime
  readonly lines: readonly string[]
}

export function givenChannel(more: Partial<AlertChannel> = {}): AlertChannel {
  return { kind: 'webhook', url_env: 'HOOK_URL', on: [...ALERT_KINDS], severity: 'page', ...more }
}

export function givenRequest(more: Partial<AlertRequest> = {}): AlertRequest {
  return {
    rollout: 'r1',
    kind: 'regressed',
    subject: 'checkout/latency_typical',
    title: 'checkout is 1.31× slower (1.22–1.41)',
    ...more,
  }
}

export function givenAlerts(options: Partial<AlertOptions> = {}): Given {
  const database = options.database ?? openDatabase(':memory:')
  const time = createManualTime()
  const lines: string[] = []
  const alerts = createAlerts({
    database,
    channels: [givenChannel()],
    environment: {},
    clock: time.clock,
    timers: time.timers,
    random: createRandom(1),
    log: (line) => void lines.push(line),
    ...options,
  })
  onTestFinished(async () => {
    const closed = alerts.close()
    time.pass(2000)
    await closed
    if (options.database === undefined) database.close()
  })
  return { alerts, database, time, lines }
}

export function deliveriesIn(database: Database): Record<string, unknown>[] {
  return database
    .prepare('SELECT change, channel, state, tries, problem FROM deliveries ORDER BY number')
    .all()
    .map((row) => ({ ...(typeof row === 'object' ? row : {}) }))
}
