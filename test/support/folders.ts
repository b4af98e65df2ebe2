/** Temporary folders that go away with the test that asked for them. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new empty folder; the caller removes it. */
export function createFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'outrider-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A new empty folder that is removed when the running test ends. */
export function temporaryFolder(): string {
  const folder = createFolder()
  onTestFinished(() => folder.remove())
  return folder.path
}
