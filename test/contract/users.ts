/** Users behind a router, and two arms that say which one they are. */

import { Agent, request } from 'node:http'
import { serveHttp, type ArmServer } from '../generator/arm-server.ts'

export type AnsweredBy = 'baseline' | 'canary'

export interface TwoArms {
  readonly baseline: ArmServer
  readonly canary: ArmServer
  close(): Promise<void>
}

export async function serveTwoArms(): Promise<TwoArms> {
  const baseline = await serveHttp((_request, response) => response.end('baseline'))
  const canary = await serveHttp((_request, response) => response.end('canary'))
  return {
    baseline,
    canary,
    close: async () => {
      await baseline.close()
      await canary.close()
    },
  }
}

export interface Users {
  /** One request of this user, or of one without an id; rejects unless an arm answered. */
  send(user?: string): Promise<AnsweredBy>
  /** One request of each of these users. */
  sendAll(users: readonly (string | undefined)[]): Promise<AnsweredBy[]>
  close(): void
}

/** Users with kept connections; the id is the cookie `uid`. */
export function createUsers(url: string): Users {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const send = (user?: string): Promise<AnsweredBy> =>
    new Promise((resolve, reject) => {
      const headers = user === undefined ? {} : { cookie: `theme=dark; uid=${user}` }
      const sent = request(url, { agent, headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.once('error', reject)
        response.once('end', () => {
          if (body === 'baseline' || body === 'canary') resolve(body)
          else reject(new Error(`No arm answered: ${response.statusCode} ${body}`))
        })
      })
      sent.once('error', reject)
      sent.end()
    })
  return {
    send,
    sendAll: (users) => Promise.all(users.map(send)),
    close: () => agent.destroy(),
  }
}

export function userNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `user-${index}`)
}
