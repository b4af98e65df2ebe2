import { describe, expect, it } from 'vitest'
import { foundUndici, refuseOldUndici } from '../../../src/generator/client/library.ts'

describe('refuseOldUndici()', () => {
  it('refuses what is older than 8.10.1, and what is no version, and says what to do', () => {
    const old = ['8.10.0', '8.9.9', '7.99.99', '0.0.0', '8.10.1-rc.1', '8.10', 'next', '']
    for (const version of old) {
      expect(() => refuseOldUndici(version)).toThrowError(
        expect.objectContaining({
          code: 'old-undici',
          mend: 'install outrider again, with undici 8.10.1 or later',
        }),
      )
    }
    expect(() => refuseOldUndici('8.10.0')).toThrow(/^Cannot send anything: undici 8\.10\.0 may/)
    expect(() => refuseOldUndici('')).toThrow(/undici of an unknown version may/)
  })
  it('takes 8.10.1 and what is newer, with what was installed here', () => {
    const installed = foundUndici()
    expect(installed).toMatch(/^\d+\.\d+\.\d+/)
    for (const version of ['8.10.1', '8.10.2-rc.1', '8.11.0', '9.0.0', '10.0.0', installed]) {
      expect(() => refuseOldUndici(version)).not.toThrow()
    }
  })
})
