/** A verb of the command line: its flags, its help and what it does. One file per verb. */

import type { Flags } from './flags.ts'
import type { Terminal } from './terminal.ts'

export interface VerbInput {
  readonly args: readonly string[]
  readonly flags: Flags
  readonly terminal: Terminal
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface Verb {
  /** `probe`, `profiles import`. */
  readonly name: string
  /** One line for the list of verbs. */
  readonly summary: string
  /** Arguments as `<file>`; none = flags only. */
  readonly args: readonly string[]
  /** `--rate <N>`, without the common ones. */
  readonly flags: readonly string[]
  /** Flags of the contract that are refused by name. */
  readonly notBuilt: readonly string[]
  /** The whole text of `--help`, at most 80 columns wide. */
  readonly help: string
  /** The exit code. */
  run(input: VerbInput): Promise<number>
}

/** Flags that may be given again; their values stand in the order in which they were given. */
export const REPEATABLE_FLAGS: ReadonlySet<string> = new Set(['--header <LINE>'])

export const COMMON_FLAGS: readonly string[] = [
  '--config <F>',
  '--db <F>',
  '--seed <N>',
  '--json',
  '--no-color',
]

/** Common flags of the contract that are refused where a verb does not list them itself. */
export const COMMON_NOT_BUILT: readonly string[] = ['--server']
