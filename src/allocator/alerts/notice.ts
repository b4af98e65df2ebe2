/** What one channel is told of an alert, in the form that the channel takes. */

import type { AlertChannel } from '../../core/contract/config.ts'
import type { Alert, AlertNotice } from '../../core/contract/investigation.ts'
import { slackText } from './slack.ts'

/** Severity and runbook are the channel's, because the same alert pages one and informs another. */
export function noticeFor(
  channel: AlertChannel,
  alert: Alert,
  change: AlertNotice['change'],
  detail: string | undefined,
): AlertNotice {
  const { id, key, kind, state, since, resolvedAt, rollout, title, investigation } = alert
  return {
    id,
    key,
    kind,
    state,
    severity: channel.severity,
    since,
    ...(resolvedAt === undefined ? {} : { resolvedAt }),
    rollout,
    title,
    ...(channel.runbook === undefined ? {} : { runbook: channel.runbook }),
    ...(investigation === undefined ? {} : { investigation }),
    change,
    ...(detail === undefined ? {} : { detail }),
  }
}

/** The JSON that is posted. */
export function bodyOf(kind: AlertChannel['kind'], notice: AlertNotice): string {
  switch (kind) {
    case 'webhook':
      return JSON.stringify(notice)
    case 'slack':
      return JSON.stringify({ text: slackText(notice) })
  }
}

/** When what it tells of happened; milliseconds since 1970. */
export function happenedAtMs({ change, since, resolvedAt }: AlertNotice): number {
  return Date.parse(change === 'resolved' ? (resolvedAt ?? since) : since)
}
