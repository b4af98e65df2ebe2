/** Starts the servers on the first core: nginx where it is, else our own, and the delay server. */

import { fork, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { findPart } from '../../../test/support/parts.ts'
import { findFreePort } from '../../../test/support/ports.ts'
import { pinned } from '../machine/cores.ts'
import { LOGIN, PRODUCTS, SESSION_COOKIE } from './answers.ts'

export interface Server {
  readonly name: string
  readonly url: string
  readonly pid: number
  stop(): void
}

const readySchema = z.object({ url: z.string() })

export async function startShop(): Promise<Server> {
  const binary = findPart('nginx')
  if (binary === undefined) return await startNode('Node (no nginx here)', 'shop.ts')
  const folder = mkdtempSync(join(tmpdir(), 'outrider-bench-'))
  mkdirSync(join(folder, 'temp'))
  const port = await findFreePort()
  const config = join(folder, 'nginx.conf')
  writeFileSync(config, nginxConfig(port))
  const [file = '', ...args] = pinned('server', [
    binary,
    '-p',
    folder,
    '-e',
    join(folder, 'error.log'),
    '-c',
    config,
  ])
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const url = `http://127.0.0.1:${port}`
  await untilUp(url, child)
  return {
    name: 'nginx, one worker',
    url,
    pid: child.pid ?? -1,
    stop: () => {
      child.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function startDelay(): Promise<Server> {
  return await startNode('delay server', 'delay.ts')
}

async function startNode(name: string, file: string): Promise<Server> {
  const [program = '', ...args] = pinned('server', [process.execPath])
  const child = fork(new URL(file, import.meta.url), {
    execPath: program,
    execArgv: args,
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(readySchema.parse(message).url))
    child.once('exit', (code) => reject(new Error(`${name} ended with code ${code}`)))
  })
  return { name, url, pid: child.pid ?? -1, stop: () => void child.kill() }
}

function nginxConfig(port: number): string {
  return `daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  default_type application/json;
  client_body_temp_path temp/body;
  proxy_temp_path temp/proxy;
  fastcgi_temp_path temp/fastcgi;
  uwsgi_temp_path temp/uwsgi;
  scgi_temp_path temp/scgi;
  keepalive_requests 1000000000;
  # Said in a header too, or clients close idle connections after a few seconds.
  keepalive_timeout 600s 600s;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /private/login { add_header set-cookie '${SESSION_COOKIE}'; ${answer(LOGIN)} }
    location = /open/login { ${answer(LOGIN)} }
    location /private/ { if ($http_cookie = '') { return 401; } ${answer(PRODUCTS)} }
    location / { ${answer(PRODUCTS)} }
  }
}
`
}

function answer(json: string): string {
  return `return 200 '${json}';`
}

async function untilUp(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt += 1) {
    try {
      const response = await fetch(`${url}/plain`)
      await response.text()
      return
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, 50)
      })
    }
  }
  throw new Error('nginx did not start')
}
