/** The live customers of the demo, seen from the process that tells the story. */

import { TargetError } from '../../core/errors.ts'
import { ChildNotReadyError, startChild, type Child } from '../child.ts'
import type { CustomerCounts, TrafficOptions } from './traffic.ts'

export interface Customers {
  /** At most a second old. */
  latest(): CustomerCounts
  /** As it is now. @throws TargetError `customers-went` if their process ended */
  count(): Promise<CustomerCounts>
  /** They ask for nothing more; resolves once nobody waits for an answer. */
  end(): Promise<CustomerCounts>
  /** Ends the process, whatever is under way; may be called twice. */
  stop(): Promise<void>
}

interface Message {
  /** The number of the question, or 0 where nobody asked. */
  readonly answers: number
  readonly counts: CustomerCounts
}

/** Starts them; they begin at once. @throws TargetError `customers-went` */
export async function startCustomers(options: Omit<TrafficOptions, 'seed'>): Promise<Customers> {
  const { url, rate, customers, timeoutMs } = options
  const args = [url, rate, customers, timeoutMs].map(String)
  let child: Child
  try {
    child = await startChild('customers/customers-process', args)
  } catch (error) {
    throw error instanceof ChildNotReadyError ? customersWent(error) : error
  }
  let { counts } = messageOf(child.ready)
  let asked = 0
  const waiting = new Map<number, PromiseWithResolvers<CustomerCounts>>()
  child.process.on('message', (sent) => {
    const message = messageOf(sent)
    counts = message.counts
    waiting.get(message.answers)?.resolve(counts)
    waiting.delete(message.answers)
  })
  child.process.once('exit', () => {
    for (const { reject } of waiting.values()) reject(customersWent(undefined))
    waiting.clear()
  })
  const ask = (question: 'count' | 'end'): Promise<CustomerCounts> => {
    if (!child.process.connected) return Promise.reject(customersWent(undefined))
    asked += 1
    const answer = Promise.withResolvers<CustomerCounts>()
    waiting.set(asked, answer)
    child.process.send({ ask: question, number: asked })
    return answer.promise
  }
  return {
    latest: () => counts,
    count: () => ask('count'),
    end: () => ask('end'),
    stop: () => child.stop(),
  }
}

function messageOf(sent: unknown): Message {
  const isOurs = typeof sent === 'object' && sent !== null && 'counts' in sent && 'answers' in sent
  if (!isOurs) throw new TypeError('The customers say something that is no count')
  return sent as Message
}

function customersWent(cause: unknown): TargetError {
  return new TargetError('Cannot count the live customers: their process ended', {
    code: 'customers-went',
    mend: 'start the demo again',
    cause,
  })
}
