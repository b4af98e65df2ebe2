import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainText, slackText } from '../../../src/allocator/alerts/slack.ts'
import type { AlertNotice } from '../../../src/core/contract/investigation.ts'

const notice: AlertNotice = {
  id: 'a1',
  key: 'r1/checkout/latency_typical',
  kind: 'regressed',
  state: 'firing',
  severity: 'page',
  since: '2026-01-01T00:00:00.000Z',
  rollout: 'r1',
  title: 'checkout is 1.31× slower (1.22–1.41)',
  change: 'firing',
}

describe('slackText()', () => {
  it('lets nothing of a title call people, link or format', () => {
    const title = '<!channel> <@U1> <https://evil.test|ok> @here *b* `c` ~d~ _e_ [f](http://g.test)'
    const text = slackText({ ...notice, title, detail: title })
    expect(text).not.toMatch(/<|>|[*`~]|@\w|:\/\/|\]\(|\.test\b|\b_|_\b/)
    expect(text).toContain('&lt;!channel&gt;')
  })
  it('is the sentence, the severity, the detail and the runbook', () => {
    const detail = 'Holding at 5 %'
    const runbook = 'https://wiki.test/x?a=1&b=2|3'
    expect(slackText({ ...notice, detail, runbook })).toBe(
      'Page: checkout is 1.31× slower (1.22–1.41) (rollout r1). Holding at 5 %. ' +
        '<https://wiki.test/x?a=1&amp;b=2%7C3|runbook>',
    )
  })
  it('says that it is resolved, and what a fact is worth', () => {
    expect(slackText({ ...notice, change: 'resolved', state: 'resolved' })).toBe(
      'Resolved (page): checkout is 1.31× slower (1.22–1.41) (rollout r1).',
    )
    expect(slackText({ ...notice, change: 'told', severity: 'info', title: 'Promoted.' })).toBe(
      'Info: Promoted (rollout r1).',
    )
  })
  it('leaves names and figures as they are', () => {
    for (const text of ['cart_add fails +1.8 pp', '$.price 14:02:11', 'r1, 1.31×, 2 914']) {
      expect(plainText(text)).toBe(text)
    }
  })
  it('plainText() holds for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const plain = plainText(text)
        expect(plain).not.toMatch(/[<>*~`|\n\r]|@[^\u200B]|:\/\/|\]\(/)
        expect(plain.replace(/&(amp|lt|gt);/g, '')).not.toContain('&')
      }),
    )
  })
  it('plainText() holds for text that is made of markup', () => {
    const markup = '< > ! @ here channel * _ ~ ` | [ ] ( ) : // http . com & lt ; smile #'
    const sign = fc.constantFrom(...markup.split(' '), ' ', '\n')
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 40 }), (signs) => {
        const plain = plainText(signs.join(''))
        expect(plain).not.toMatch(
          /[<>*~`|\n]|@(?:here|channel)|:\/\/|\]\(|:[a-z]+:|\w\.com|(^|[^\p{L}\p{N}])_|_($|[^\p{L}\p{N}])/u,
        )
      }),
    )
  })
})
