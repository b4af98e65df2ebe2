/**
 * Tells the pipeline to redeploy the baseline: a webhook or a command of the configuration. It may
 * be told twice (a crash between its answer and our note of it), so a webhook carries a key.
 */

import { spawn } from 'node:child_process'
import type { Policy } from '../../core/contract/policy-rules.ts'
import { UsageError, messageOf } from '../../core/errors.ts'

export interface Promoted {
  readonly rollout: string
  readonly name: string
  readonly version?: string
  readonly target: string
}

export type PromotionAnswer =
  | { readonly kind: 'done'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }

export interface PromotionParts {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Folder in which a command runs. */
  readonly baseFolder: string
}

/** A deployment takes a while; one that takes longer than this is asked about by people. */
const LIMIT_MS = 30 * 60_000
const SHOWN = 300

/** @throws UsageError `no-webhook` if the variable of the webhook holds no address */
export function checkPromotion(policy: Policy, { environment }: PromotionParts): void {
  const told = policy.onPromoted
  if (told === undefined || !('webhookEnv' in told)) return
  const url = URL.parse(environment[told.webhookEnv] ?? '')
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return
  throw new UsageError(
    `Cannot use policy: the variable ${told.webhookEnv} holds no http:// or https:// address`,
    {
      code: 'no-webhook',
      where: 'policy.on_promoted.webhook_env',
      mend: `export ${told.webhookEnv}=https://… where outrider runs`,
    },
  )
}

/** Undefined where nobody is told: then a person finalises. Never rejects. */
export async function tellPipeline(
  policy: Policy,
  promoted: Promoted,
  parts: PromotionParts,
  signal: AbortSignal,
): Promise<PromotionAnswer | undefined> {
  const told = policy.onPromoted
  if (told === undefined) return undefined
  const limited = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)])
  try {
    return 'exec' in told
      ? await runCommand(told.exec, promoted, parts, limited)
      : await callWebhook(parts.environment[told.webhookEnv] ?? '', promoted, limited)
  } catch (thrown) {
    return { kind: 'failed', message: messageOf(thrown).slice(0, SHOWN) }
  }
}

async function callWebhook(
  url: string,
  promoted: Promoted,
  signal: AbortSignal,
): Promise<PromotionAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    signal,
    headers: {
      'content-type': 'application/json',
      'idempotency-key': `${promoted.rollout}/promoted`,
    },
    body: JSON.stringify({ event: 'promoted', ...promoted }),
  })
  await response.body?.cancel()
  const message = `webhook answered ${response.status}`
  return response.ok ? { kind: 'done', message } : { kind: 'failed', message }
}

function runCommand(
  command: readonly string[],
  promoted: Promoted,
  { environment, baseFolder }: PromotionParts,
  signal: AbortSignal,
): Promise<PromotionAnswer> {
  const [file = '', ...args] = command
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: baseFolder,
      signal,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...environment,
        OUTRIDER_ROLLOUT: promoted.rollout,
        OUTRIDER_NAME: promoted.name,
        OUTRIDER_TARGET: promoted.target,
        ...(promoted.version === undefined ? {} : { OUTRIDER_VERSION: promoted.version }),
      },
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SHOWN)
    })
    child.once('error', (error) => {
      resolve({ kind: 'failed', message: `${file}: ${error.message}`.slice(0, SHOWN) })
    })
    child.once('close', (code, ended) => {
      const message = `${file} ended with ${ended ?? code ?? 'nothing'}${said === '' ? '' : `: ${said.trim()}`}`
      resolve(code === 0 ? { kind: 'done', message } : { kind: 'failed', message })
    })
  })
}
