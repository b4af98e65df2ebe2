/**
 * An alert as one line for a chat that takes Slack's webhooks.
 *
 * A title can hold what a target answered, such as the path of a field that differs, so all words but
 * our own are made plain text. Slack reads `&`, `<` and `>` as control characters and gives three
 * entities for them: without `<` there is no link, no channel and no `<!channel>`. What else a chat
 * may read (Slack's mrkdwn, and the Markdown of Mattermost and Rocket.Chat, where a bare `@channel`
 * calls everyone) has no escape: the signs that embrace text are replaced by look-alikes, and a
 * zero-width space parts what would become a mention, an emoji or a link.
 */

import type { AlertNotice } from '../../core/contract/investigation.ts'

/** One line: what happened, to which rollout, the detail, the runbook. */
export function slackText(notice: AlertNotice): string {
  const { change, severity, title, rollout, detail, runbook } = notice
  const word = change === 'resolved' ? `Resolved (${severity})` : capital(severity)
  const sentences = [`${word}: ${plainText(withoutStop(title))} (rollout ${plainText(rollout)}).`]
  if (detail !== undefined) sentences.push(`${plainText(withoutStop(detail))}.`)
  if (runbook !== undefined) sentences.push(`<${linkTarget(runbook)}|runbook>`)
  return sentences.join(' ')
}

/** Text that no chat reads as anything but text. */
export function plainText(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll('*', '\u2217')
    .replaceAll('~', '\u223C')
    .replaceAll('`', '\u02CB')
    .replaceAll('|', '\u2223')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\u02CD')
    .replace(/@/g, `@${PARTED}`)
    .replace(/:(?!\d+:)(?=[\w+-]{1,100}:)|:(?=\/\/)|\](?=[([])/g, `$&${PARTED}`)
    .replace(/(?<=[\p{L}\p{N}])\.(?=\p{L}{2})/gu, `.${PARTED}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

const PARTED = '\u200B'

/** The configured address, without what would end it early. */
function linkTarget(runbook: string): string {
  return new URL(runbook).href
    .replaceAll('|', '%7C')
    .replaceAll('<', '%3C')
    .replaceAll('>', '%3E')
    .replaceAll('&', '&amp;')
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`
}

function withoutStop(sentence: string): string {
  return sentence.trim().replace(/\.$/, '')
}
