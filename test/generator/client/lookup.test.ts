import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLookup } from '../../../src/generator/client/lookup.ts'

/** A name whose addresses change from one connection to the next. */
function namedFor(isLoopback: boolean, ...answers: (readonly string[])[]) {
  const left = [...answers]
  const lookup = createLookup(isLoopback, (_name, _options, found) => {
    const addresses = left.shift() ?? []
    found(
      null,
      addresses.map((address) => ({ address, family: isIP(address) })),
    )
  })
  return (): Promise<string[] | string> =>
    new Promise((resolve) => {
      lookup('shop.test', { all: true }, (fault, found) => {
        if (fault !== null) return resolve(fault.message)
        resolve((typeof found === 'string' ? [] : found).map((one: LookupAddress) => one.address))
      })
    })
}

describe('createLookup()', () => {
  it('never lets a name stand for what serves no application', async () => {
    const kinds = {
      '169.254.169.254': 'link-local',
      '::ffff:169.254.169.254': 'link-local',
      '64:ff9b::a9fe:a9fe': 'link-local',
      'fe80::1': 'link-local',
      '0.0.0.0': 'unspecified',
      '::': 'unspecified',
      '::ffff:0:0': 'unspecified',
      '224.0.0.1': 'multicast',
      'ff02::1': 'multicast',
      '255.255.255.255': 'broadcast',
    }
    for (const [address, kind] of Object.entries(kinds)) {
      const said = await namedFor(false, [address])()
      expect(said).toBe(
        `"shop.test" stands for ${address}, a ${kind} address, which no name may stand for`,
      )
    }
  })
  it('leaves out the forbidden ones among others', async () => {
    expect(await namedFor(false, ['169.254.1.1', '10.0.0.1'])()).toEqual(['10.0.0.1'])
  })
  it('holds a name of this machine to this machine', async () => {
    expect(await namedFor(true, ['127.0.0.1', '::1'])()).toEqual(['127.0.0.1', '::1'])
    expect(await namedFor(true, ['10.0.0.1'])()).toBe(
      '"shop.test" stands for 10.0.0.1, a private address, and it was loopback at the start',
    )
  })
  it('refuses another kind of place than at the start, and takes another address of it', async () => {
    const ask = namedFor(false, ['93.184.1.1'], ['93.184.1.2'], ['127.0.0.1'], ['10.0.0.1'])
    expect(await ask()).toEqual(['93.184.1.1'])
    expect(await ask()).toEqual(['93.184.1.2'])
    expect(await ask()).toContain('a loopback address, and it was public at the start')
    expect(await ask()).toContain('a private address, and it was public at the start')
  })
  it('knows private networks, also those of IPv6 and of carriers', async () => {
    for (const address of [
      '172.31.0.1',
      '192.168.1.1',
      '100.64.0.1',
      'fd00::1',
      '::ffff:10.0.0.1',
    ]) {
      const ask = namedFor(false, [address], ['93.184.1.1'])
      expect(await ask()).toEqual([address])
      expect(await ask()).toContain('a public address, and it was private at the start')
    }
  })
  it('a name without an address is no start: the next answer is', async () => {
    const ask = namedFor(false, [], ['10.0.0.1'], ['10.0.0.2'])
    expect(await ask()).toBe('"shop.test" stands for no address')
    expect(await ask()).toEqual(['10.0.0.1'])
    expect(await ask()).toEqual(['10.0.0.2'])
  })
  it('gives one address to those who ask for one', async () => {
    const lookup = createLookup(false, (_name, { family }, found) => {
      expect(family).toBe(4)
      found(null, [{ address: '10.0.0.1', family: 4 }])
    })
    const found = await new Promise((resolve) => {
      lookup('shop.test', { family: 4 }, (_, address, family) => resolve([address, family]))
    })
    expect(found).toEqual(['10.0.0.1', 4])
  })
  it('asks the resolver, and passes its fault on', async () => {
    const fault = await new Promise((resolve) => {
      createLookup(false)('no-such-name.invalid', { all: true }, (thrown) => resolve(thrown))
    })
    expect(fault).toMatchObject({ code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) })
  })
  it('never gives an address of another kind than the first', async () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6())
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(address, { maxLength: 3 }), { maxLength: 4 }),
        async (all) => {
          const ask = namedFor(true, ...all)
          for (const answer of all) {
            const said = await ask()
            if (typeof said === 'string') continue
            for (const one of said) {
              expect(answer).toContain(one)
              expect(one).toMatch(/^127\.|^(0*:){7}0*1$|^::1$|^::ffff:(127\.|7f)|64:ff9b/i)
            }
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})
