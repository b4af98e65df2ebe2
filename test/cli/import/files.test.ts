import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withNewFiles, type NewFile } from '../../../src/cli/import/files.ts'
import { temporaryFolder } from '../../support/folders.ts'

function file(shown: string, text: string): NewFile {
  return { shown, flag: '--actions-out', text }
}

describe('withNewFiles', () => {
  it('withNewFiles() overwrites nothing, and takes back what it wrote before', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'mine.yaml'), 'mine')
    const both = withNewFiles([file('new.yaml', 'a'), file('mine.yaml', 'b')], cwd, () => 1)
    await expect(both).rejects.toMatchObject({ code: 'file-exists', where: '--actions-out' })
    expect(readFileSync(join(cwd, 'mine.yaml'), 'utf8')).toBe('mine')
    expect(existsSync(join(cwd, 'new.yaml'))).toBe(false)
    const nowhere = withNewFiles([file('no/such/folder.yaml', 'a')], cwd, () => 1)
    await expect(nowhere).rejects.toMatchObject({ code: 'not-written' })
  })
  it('withNewFiles() takes the files back when the work fails', async () => {
    const cwd = temporaryFolder()
    const failing = withNewFiles([file('a.yaml', 'a')], cwd, () => {
      expect(readFileSync(join(cwd, 'a.yaml'), 'utf8')).toBe('a')
      throw new Error('the database is full')
    })
    await expect(failing).rejects.toThrow('the database is full')
    expect(existsSync(join(cwd, 'a.yaml'))).toBe(false)
    expect(await withNewFiles([file('a.yaml', 'a')], cwd, () => 7)).toBe(7)
    expect(existsSync(join(cwd, 'a.yaml'))).toBe(true)
  })
})
