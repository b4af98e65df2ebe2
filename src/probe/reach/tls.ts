/** Certificates and keys: read from PEM files and looked into before anything is sent. */

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf, UsageError } from '../../core/errors.ts'
import { fileReason } from '../../core/file-reason.ts'
import type { Tls } from '../../generator/client.ts'
import { lastOf, type ReachSource } from './source.ts'

const MOST_BYTES = 1_000_000

interface Pem {
  readonly text: string
  readonly file: string
  /** The key or flag that names the file. */
  readonly name: string
}

/** @throws UsageError with code `bad-tls` that names key or flag, and the file */
export async function readTls(sources: readonly ReachSource[]): Promise<Tls | undefined> {
  const serverName = lastOf(sources, ({ tls }) => tls?.server_name)?.value
  const insecure = lastOf(sources, ({ tls }) => tls?.insecure)?.value
  const ca = await readPem(sources, 'ca')
  const cert = await readPem(sources, 'cert')
  const key = await readPem(sources, 'key')
  for (const pem of [ca, cert]) if (pem !== undefined) certificatesOf(pem)
  checkPair(cert, key)
  const tls = {
    ...(ca === undefined ? {} : { ca: ca.text }),
    ...(cert === undefined ? {} : { cert: cert.text }),
    ...(key === undefined ? {} : { key: key.text }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(insecure === undefined ? {} : { insecure }),
  }
  return Object.keys(tls).length === 0 ? undefined : tls
}

async function readPem(
  sources: readonly ReachSource[],
  kind: 'ca' | 'cert' | 'key',
): Promise<Pem | undefined> {
  const said = lastOf(sources, ({ tls }) => tls?.[kind])
  if (said === undefined) return undefined
  const file = resolve(said.source.baseFolder, said.value)
  const name = said.source.nameOf(`tls.${kind}`)
  try {
    const { size } = await stat(file)
    if (size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`)
    return { text: await readFile(file, 'utf8'), file, name }
  } catch (thrown) {
    throw wrong({ file, name }, fileReason(thrown), 'name a PEM file that can be read', thrown)
  }
}

function certificatesOf(pem: Pem): X509Certificate[] {
  const found = pem.text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? []
  const mend = 'name a file with -----BEGIN CERTIFICATE-----'
  if (found.length === 0) throw wrong(pem, 'it holds no certificate in PEM', mend)
  return found.map((text) => {
    try {
      return new X509Certificate(text)
    } catch (thrown) {
      throw wrong(pem, 'a certificate in it cannot be read', mend, thrown)
    }
  })
}

function checkPair(cert: Pem | undefined, key: Pem | undefined): void {
  if (cert === undefined && key === undefined) return
  if (cert === undefined || key === undefined) {
    const there = cert ?? key
    if (there === undefined) return
    const other = cert === undefined ? 'certificate' : 'key'
    throw wrong(there, `the ${other} that goes with it is not named`, `name the ${other} as well`)
  }
  const [own] = certificatesOf(cert)
  if (own?.checkPrivateKey(keyOf(key)) === true) return
  const mend = 'name the certificate and the key of one pair; the own certificate comes first'
  throw wrong(key, `it is not the key of the certificate in ${cert.file}`, mend)
}

function keyOf(pem: Pem): KeyObject {
  try {
    return createPrivateKey(pem.text)
  } catch (thrown) {
    const isLocked = pem.text.includes('ENCRYPTED')
    const why = isLocked ? 'it is locked by a passphrase' : 'it holds no private key in PEM'
    const mend = isLocked
      ? 'give a key without one: openssl pkey -in F -out G'
      : 'name a file with -----BEGIN PRIVATE KEY-----'
    throw wrong(pem, why, mend, messageOf(thrown))
  }
}

function wrong(
  { name, file }: Omit<Pem, 'text'>,
  why: string,
  mend: string,
  cause?: unknown,
): UsageError {
  return new UsageError(`Cannot use ${name} "${file}": ${why}`, {
    code: 'bad-tls',
    where: name,
    mend,
    cause,
  })
}
