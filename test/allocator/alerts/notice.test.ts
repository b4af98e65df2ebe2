import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bodyOf, happenedAtMs, noticeFor } from '../../../src/allocator/alerts/notice.ts'
import { alertNoticeSchema, type Alert } from '../../../src/core/contract/investigation.ts'
import { PROJECT } from '../../support/processes.ts'
import { givenChannel } from './given.ts'

const alert: Alert = {
  id: 'a1',
  key: 'r1/router',
  kind: 'router_unreachable',
  state: 'resolved',
  severity: 'page',
  since: '2026-01-01T00:00:00.000Z',
  resolvedAt: '2026-01-01T00:01:00.000Z',
  rollout: 'r1',
  title: 'router edge cannot be used',
  runbook: 'https://wiki.test/page',
}

describe('noticeFor()', () => {
  it('has the severity and the runbook of its channel, not those of another', () => {
    const notice = noticeFor(givenChannel({ severity: 'info' }), alert, 'resolved', undefined)
    expect(notice.severity).toBe('info')
    expect(notice).not.toHaveProperty('runbook')
    expect(notice).not.toHaveProperty('detail')
    expect(alertNoticeSchema.parse(notice)).toEqual(notice)
  })
})

describe('happenedAtMs()', () => {
  it('is when it was resolved for what tells of that, else since when it fires', () => {
    const at = (change: 'firing' | 'resolved'): number =>
      happenedAtMs(noticeFor(givenChannel(), alert, change, undefined))
    expect(at('resolved') - at('firing')).toBe(60_000)
  })
})

describe('docs/alerts.md', () => {
  const page = readFileSync(`${PROJECT}docs/alerts.md`, 'utf8')
  const [webhook = '', slack = ''] = [...page.matchAll(/```json\n([^]*?)```/g)].map(
    (match) => match[1],
  )

  it('shows the two bodies as they are sent', () => {
    const notice = alertNoticeSchema.parse(JSON.parse(webhook))
    expect(bodyOf('webhook', notice)).toBe(webhook.trim())
    expect(bodyOf('slack', notice)).toBe(slack.trim())
  })
})
