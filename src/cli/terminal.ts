/** The two streams of a command: results on stdout, everything else on stderr. */

import { isatty } from 'node:tty'
import { NARROW_SPACE } from '../report/numbers.ts'
import { plainText, type TextStyle } from '../report/text.ts'

export interface Terminal {
  readonly outStyle: TextStyle
  readonly errStyle: TextStyle
  readonly outIsTty: boolean
  readonly errIsTty: boolean
  /** Columns and rows of the terminal behind stderr; 80 × 24 where there is none. */
  size(): { readonly columns: number; readonly rows: number }
  out(text: string): void
  err(text: string): void
  /** Resolves once stdout takes more, so that long listings stay flat in memory. */
  outReady(): Promise<void>
  /** True once nobody reads stdout any more (`| head`). */
  outClosed(): boolean
}

type Environment = Readonly<Record<string, string | undefined>>

export function createTerminal(
  streams: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream },
  environment: Environment,
  noColour: boolean,
): Terminal {
  const { stdout, stderr } = streams
  let closed = false
  // A reader that has seen enough is no error of ours: the exit code still tells the verdict.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    closed = true
  })
  const outIsTty = isatty(1)
  const errIsTty = isatty(2)
  const unicode = hasUtf8(environment)
  const mayColour = !noColour && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
  return {
    outStyle: { unicode, colour: mayColour && outIsTty },
    errStyle: { unicode, colour: mayColour && errIsTty },
    outIsTty,
    // A dumb terminal cannot move its cursor, so it gets lines.
    errIsTty: errIsTty && environment['TERM'] !== 'dumb',
    size: () =>
      errIsTty ? { columns: stderr.columns, rows: stderr.rows } : { columns: 80, rows: 24 },
    out: (text) => {
      if (!closed) stdout.write(text)
    },
    err: (text) => {
      stderr.write(text)
    },
    outReady: () =>
      closed || !stdout.writableNeedDrain
        ? Promise.resolve()
        : new Promise((resolve) => {
            stdout.once('drain', resolve)
            stdout.once('close', resolve)
          }),
    outClosed: () => closed,
  }
}

/** One line on stderr; what targets and routers said in it is escaped. */
export function printLine(terminal: Terminal, line: string): void {
  terminal.err(`${plainText(line, terminal.errStyle).replaceAll(NARROW_SPACE, ' ')}\n`)
}

/** As setlocale(3) decides: LC_ALL, then LC_CTYPE, then LANG; without any it is plain ASCII. */
function hasUtf8(environment: Environment): boolean {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG']
  if (locale) return /utf-?8/i.test(locale)
  return process.platform === 'win32' || process.platform === 'darwin'
}
