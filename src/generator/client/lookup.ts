/**
 * Which addresses a name may stand for. Looked up anew for every connection, because a name can
 * change while a run goes on: what was allowed at the start must still be the same kind of place.
 *
 * Addresses that are written as such are taken as written; only names are checked.
 */

import { lookup as lookupByDns, type LookupAddress } from 'node:dns'
import { BlockList, isIPv6, type LookupFunction } from 'node:net'
import { toldFault } from './reason.ts'

type Place = 'loopback' | 'private' | 'public'

/** Never connected to by name: nothing that serves an application is there. */
const FORBIDDEN = {
  'link-local': listOf(['169.254.0.0/16', 'fe80::/10']),
  unspecified: listOf(['0.0.0.0/8', '::/128']),
  multicast: listOf(['224.0.0.0/4', 'ff00::/8']),
  broadcast: listOf(['255.255.255.255/32']),
}
const LOOPBACK = listOf(['127.0.0.0/8', '::1/128'])
const PRIVATE = listOf([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
])

/** What `dns.lookup` does; another one stands in its place only in tests. */
export type Resolve = (
  name: string,
  options: { all: true; family?: number; hints?: number },
  found: (fault: Error | null, addresses: LookupAddress[]) => void,
) => void

const resolveByDns: Resolve = (name, options, found) => lookupByDns(name, options, found)

/**
 * A `lookup` for the connections to one name. The first answer says what kind of place the name is
 * (loopback, private or public); a later one of another kind is refused.
 * @param isLoopbackName whether the caps were lifted because the name is this machine's own
 */
export function createLookup(
  isLoopbackName: boolean,
  resolve: Resolve = resolveByDns,
): LookupFunction {
  let known: ReadonlySet<Place> | undefined = isLoopbackName ? new Set(['loopback']) : undefined
  return (name, { all = false, family, hints }, callback) => {
    const asked = {
      all: true as const,
      ...(typeof family === 'number' ? { family } : {}),
      ...(hints === undefined ? {} : { hints }),
    }
    resolve(name, asked, (fault, found) => {
      if (fault !== null) return callback(fault, '')
      const { allowed, refusal } = sift(name, found, known)
      const [first] = allowed
      if (first !== undefined) known ??= new Set(allowed.map(({ address }) => placeOf(address)))
      if (first === undefined) return callback(toldFault('ADDRESS_REFUSED', refusal), '')
      if (all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

interface Sifted {
  readonly allowed: LookupAddress[]
  /** Why the last of the others is none of them. */
  readonly refusal: string
}

function sift(
  name: string,
  found: readonly LookupAddress[],
  known: ReadonlySet<Place> | undefined,
): Sifted {
  const allowed: LookupAddress[] = []
  let refusal = `"${name}" stands for no address`
  for (const one of found) {
    const why = whyNot(name, one.address, known)
    if (why === undefined) allowed.push(one)
    else refusal = why
  }
  return { allowed, refusal }
}

function whyNot(
  name: string,
  address: string,
  known: ReadonlySet<Place> | undefined,
): string | undefined {
  const plain = mappedIPv4(address)
  for (const [kind, list] of Object.entries(FORBIDDEN)) {
    if (holds(list, plain)) {
      return `"${name}" stands for ${address}, a ${kind} address, which no name may stand for`
    }
  }
  const place = placeOf(address)
  if (known === undefined || known.has(place)) return undefined
  const before = [...known].join(' or ')
  return `"${name}" stands for ${address}, a ${place} address, and it was ${before} at the start`
}

function placeOf(address: string): Place {
  const plain = mappedIPv4(address)
  if (holds(LOOPBACK, plain)) return 'loopback'
  return holds(PRIVATE, plain) ? 'private' : 'public'
}

/** The IPv4 address within `::ffff:…` and `64:ff9b::…`, by which the same machine is reached. */
function mappedIPv4(address: string): string {
  if (!isIPv6(address)) return address
  const bare = address.replace(/%.*$/, '')
  const groups = groupsOf(bare)
  const head = groups.slice(0, 6).join(':')
  if (!['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'].includes(head)) return bare
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** Eight groups without leading zeros; `URL` knows how IPv6 is written. */
function groupsOf(address: string): string[] {
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const before = left === '' ? [] : left.split(':')
  if (right === undefined) return before
  const after = right === '' ? [] : right.split(':')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after]
}

function holds(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return list
}
